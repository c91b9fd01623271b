// Many points on one canvas: tens of thousands of them move smoothly, since each is a picture that is made once a colour.

const EDGE = 1;

/**
 * A layer of points for Leaflet. `set(points, radius)` takes [{latitude, longitude, step}]; `colours(list, edge)` the colour
 * of each step; `nearest(point, reach)` is the index of the point that is drawn next to a place in the map's box, or -1.
 */
export function dotsLayer(L) {
  const Dots = L.Canvas.extend({
    set(points, radius) {
      this._points = points;
      this._radius = radius;
      const world = points.map(({ latitude, longitude }) =>
        L.CRS.EPSG3857.latLngToPoint(L.latLng(latitude, longitude), 0),
      );
      this._xs = Float64Array.from(world, ({ x }) => x);
      this._ys = Float64Array.from(world, ({ y }) => y);
    },
    colours(list, edge) {
      this._sprites = list.map((colour) => sprite(colour, edge, this._radius ?? 4));
      if (this._map) this._redrawAll();
    },
    nearest(at, reach) {
      if (!this._map || !this._xs) return -1;
      const layer = this._map.containerPointToLayerPoint(at);
      const [scale, origin] = [2 ** this._map.getZoom(), this._map.getPixelOrigin()];
      let [found, least] = [-1, reach * reach];
      for (let index = 0; index < this._xs.length; index += 1) {
        const dx = this._xs[index] * scale - origin.x - layer.x;
        const dy = this._ys[index] * scale - origin.y - layer.y;
        const far = dx * dx + dy * dy;
        if (far <= least) [found, least] = [index, far];
      }
      return found;
    },
    // Leaflet's own canvas keeps place, size and transitions; what it draws is ours.
    _draw() {
      if (!this._xs || !this._sprites || !this._bounds) return;
      const [scale, origin, { min, max }] = [2 ** this._map.getZoom(), this._map.getPixelOrigin(), this._bounds];
      const half = this._radius + EDGE;
      for (let index = 0; index < this._xs.length; index += 1) {
        const x = this._xs[index] * scale - origin.x;
        const y = this._ys[index] * scale - origin.y;
        if (x < min.x - half || x > max.x + half || y < min.y - half || y > max.y + half) continue;
        this._ctx.drawImage(this._sprites[this._points[index].step], x - half, y - half, half * 2, half * 2);
      }
    },
    _redrawAll() {
      this._clear();
      this._draw();
    },
  });
  return new Dots({ padding: 0.3 });
}

function sprite(colour, edge, radius) {
  const density = Math.max(window.devicePixelRatio || 1, 1);
  const side = (radius + EDGE) * 2;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(side * density);
  const pen = canvas.getContext("2d");
  pen.scale(density, density);
  pen.beginPath();
  pen.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.globalAlpha = 0.88;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = edge;
  pen.stroke();
  return canvas;
}

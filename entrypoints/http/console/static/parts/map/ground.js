// What lies below the points: configured tiles, or else a light graticule, so that one sees the map move.

import { h } from "../../core/dom.js";
import { tiles } from "./leaflet.js";

const STEPS = [1, 2, 5];
const LINES = 5; // about as many across the map

/** Lays the ground of `map`. */
export function layGround(L, map) {
  const told = tiles();
  if (told) return layTiles(L, map, told);
  const pane = map.createPane("grid");
  pane.style.zIndex = 150; // below tiles (200) and points (400)
  const lines = L.layerGroup([], { pane: "grid" }).addTo(map);
  const renderer = L.svg({ pane: "grid", padding: 0.5 });
  const draw = () => {
    const seen = map.getBounds().pad(0.5);
    const step = roundStep((seen.getEast() - seen.getWest()) / 2 / LINES);
    const options = { renderer, pane: "grid", interactive: false, className: "map-grid" };
    lines.clearLayers();
    for (let at = Math.ceil(seen.getWest() / step); at * step < seen.getEast(); at += 1)
      lines.addLayer(
        L.polyline(
          [
            [seen.getSouth(), at * step],
            [seen.getNorth(), at * step],
          ],
          options,
        ),
      );
    for (let at = Math.ceil(seen.getSouth() / step); at * step < seen.getNorth(); at += 1)
      lines.addLayer(
        L.polyline(
          [
            [at * step, seen.getWest()],
            [at * step, seen.getEast()],
          ],
          options,
        ),
      );
  };
  map.on("moveend", draw);
  map.whenReady(draw);
}

function layTiles(L, map, { url, credit }) {
  L.tileLayer(url, { maxZoom: 19 }).addTo(map);
  if (!credit) return;
  const control = L.control({ position: "bottomright" });
  control.onAdd = () => h("p", { class: "map-credit" }, credit);
  control.addTo(map);
}

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (STEPS.find((each) => each * power >= rough) ?? 10) * power;
}

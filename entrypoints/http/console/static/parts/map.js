// Maps that need no internet: the sales themselves are the geography.

import { fill, h, newId } from "../core/dom.js";
import { t } from "../core/words.js";
import { strongColour } from "./colours.js";
import { dotsLayer } from "./map/dots.js";
import { around, standing } from "./map/extent.js";
import { layGround } from "./map/ground.js";
import { group, ofPoints, ofSales } from "./map/groups.js";
import { leaflet, tiles } from "./map/leaflet.js";
import { homePin, numbered } from "./map/pins.js";
import { pointer } from "./map/pointer.js";
import "./map/words.js";

const NEAREST = 19;
const NEAREST_AT_FIRST = 16;

/**
 * A map within `container`, of which the height is the style sheet's. `onPick(latitude, longitude)`: a place was chosen with
 * a click, with Enter, or by moving the home; `onPoint(index)`: a point of `points` was clicked. Promises {sales, points,
 * comparables, home, fit, highlight, remove}; where the map cannot be loaded, the same without effect.
 */
export async function makeMap(container, { label, onPick, onPoint }) {
  const note = h(
    "p",
    { class: "visually-hidden", id: newId("map-note") },
    t("map.note"),
    onPick && ` ${t("map.note-pick")}`,
  );
  const box = h("div", { class: "map-box", role: "application", "aria-label": label, "aria-describedby": note.id });
  const legend = h("ul", { class: "map-legend" });
  container.classList.add("map");
  container.classList.toggle("map-picks", Boolean(onPick));
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", label);
  fill(container, note, box, legend);
  const L = await leaflet().catch(() => null);
  if (!L) fill(box, h("p", { class: "m-3" }, t("map.failed")));
  if (!L || !container.contains(box)) return without;

  const map = L.map(box, {
    zoomControl: false,
    attributionControl: false,
    scrollWheelZoom: false,
    minZoom: 1,
    maxZoom: NEAREST,
    center: [0, 0],
    zoom: 2,
    zoomSnap: tiles() ? 1 : 0.25,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  L.control.zoom({ zoomInTitle: t("map.zoom-in"), zoomOutTitle: t("map.zoom-out") }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  layGround(L, map);
  const sales = group(dotsLayer(L).addTo(map), 4);
  const results = group(dotsLayer(L).addTo(map), 6);
  const home = homePin(L, map, onPick);
  const signs = L.layerGroup().addTo(map);
  const lit = L.circleMarker([0, 0], { radius: 11, weight: 3, fill: false, interactive: false });
  let near = [];

  const paint = () => {
    sales.paint(results.places.length > 0); // the ground of results is grey: two meanings of colour are one too many
    results.paint();
    lit.setStyle({ color: strongColour() });
  };
  const unlisten = pointer(L, map, { container, layers: { sales, points: results }, onPick, onPoint });
  const resized = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  resized.observe(box);
  document.addEventListener("tasador:theme", paint);
  paint();

  const draw = (which, drawn) => {
    which.show(drawn);
    paint();
    fill(legend, (results.places.length ? results : sales).legend);
  };
  return {
    sales: (columns, { currency }) => draw(sales, ofSales(columns, currency)),
    points: (points, { legend: told } = {}) => draw(results, ofPoints(points, told)),
    comparables(list) {
      signs.clearLayers();
      near = standing(list).map((each) => ({ ...each, marker: numbered(L, map, each).addTo(signs) }));
    },
    home: (latitude, longitude) => home.at(latitude, longitude),
    fit(bounds) {
      const shown = bounds ?? around(sales.places, [...results.places, ...near], home.where());
      if (shown) map.fitBounds(shown, { padding: [32, 32], maxZoom: NEAREST_AT_FIRST, animate: false });
    },
    highlight(index) {
      near.forEach(({ marker }, at) => marker.getElement()?.classList.toggle("map-lit", at === index));
      const point = near.length ? null : results.places.find((each) => each.index === index);
      if (point) lit.setLatLng([point.latitude, point.longitude]).addTo(map);
      else lit.remove();
    },
    remove() {
      resized.disconnect();
      document.removeEventListener("tasador:theme", paint);
      unlisten();
      map.remove();
      container.replaceChildren();
    },
  };
}

const ignore = () => {};
const without = {
  sales: ignore,
  points: ignore,
  comparables: ignore,
  home: ignore,
  fit: ignore,
  highlight: ignore,
  remove: ignore,
};

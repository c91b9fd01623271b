// The markers that can be reached by keyboard: the home, and the numbered comparables.

import { h, s } from "../../core/dom.js";
import { place } from "../../core/format.js";
import { t } from "../../core/words.js";
import { beside } from "./pointer.js";

const STEP = 8; // pixels that an arrow key moves the home
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The home: a pin; where `onMove(latitude, longitude)` is given it is dragged, or moved with the arrow keys. */
export function homePin(L, map, onMove) {
  const picture = s(
    "svg",
    { width: 30, height: 40, viewBox: "0 0 30 40", "aria-hidden": "true" },
    s("path", { d: "M15 39C11 30 2 24 2 14a13 13 0 0 1 26 0c0 10-9 16-13 25z" }),
    s("circle", { cx: 15, cy: 14, r: 5 }),
  );
  const icon = L.divIcon({ className: "map-home", html: picture, iconSize: [30, 40], iconAnchor: [15, 39] });
  const pin = L.marker([0, 0], {
    icon,
    draggable: Boolean(onMove),
    keyboard: Boolean(onMove),
    autoPanOnFocus: true,
    zIndexOffset: 1000,
  });
  const name = () => {
    const { lat, lng } = pin.getLatLng();
    const element = pin.getElement();
    element?.setAttribute("aria-label", t(onMove ? "map.home-move" : "map.home", { place: place(lat, lng) }));
    if (!onMove) element?.setAttribute("role", "img");
  };
  const told = () => {
    const { lat, lng } = pin.getLatLng().wrap();
    name();
    onMove(lat, lng);
  };
  pin.on("add", () => {
    name();
    if (!onMove) return;
    pin.getElement().addEventListener("keydown", (event) => {
      const way = WAYS[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const far = event.shiftKey ? STEP * 5 : STEP;
      pin.setLatLng(
        map.containerPointToLatLng(map.latLngToContainerPoint(pin.getLatLng()).add([way[0] * far, way[1] * far])),
      );
      map.panInside(pin.getLatLng(), { padding: [40, 50] });
      told();
    });
  });
  if (onMove) pin.on("dragend", told);
  return {
    at(latitude, longitude) {
      pin.setLatLng([latitude, longitude]);
      if (!map.hasLayer(pin)) pin.addTo(map);
      name();
    },
    where: () => (map.hasLayer(pin) ? pin.getLatLng() : null),
  };
}

/** A comparable: its number in a disc. */
export function numbered(L, map, { latitude, longitude, label, number }) {
  const icon = L.divIcon({ className: "map-number", html: h("span", {}, String(number)), iconSize: [26, 26] });
  const marker = L.marker([latitude, longitude], { icon, zIndexOffset: 500 });
  const tip = L.tooltip({ opacity: 1 }).setContent(
    h(
      "div",
      {},
      `${number}. ${label ?? ""}`
        .trim()
        .split("\n")
        .map((line) => h("span", {}, line)),
    ),
  );
  marker.bindTooltip(tip);
  marker.on("mouseover focus tooltipopen", () =>
    Object.assign(tip.options, beside(map.latLngToContainerPoint(marker.getLatLng()), map.getSize(), 16)),
  );
  marker.on("add", () => {
    marker.getElement().setAttribute("aria-label", `${number}. ${label ?? ""}`.trim());
    marker.getElement().setAttribute("role", "img");
  });
  return marker;
}

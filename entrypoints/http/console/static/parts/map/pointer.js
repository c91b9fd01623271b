// What happens when a map is pointed at, tapped, or asked by keyboard.

import { h } from "../../core/dom.js";

const REACH = { mouse: 4, pen: 8, touch: 16 }; // pixels beyond a point's own radius

/** Listens to `map`; `layers`: {sales, points}, each {layer, radius, places, lines}. Returns what ends it. */
export function pointer(L, map, { container, layers, onPick, onPoint }) {
  const box = map.getContainer();
  const tip = L.tooltip({ offset: [0, 0], opacity: 1 });
  let kind = "mouse";
  let shown = null;

  function found(event) {
    if (event.originalEvent.target.closest?.(".leaflet-marker-icon, .leaflet-control")) return null;
    for (const which of ["points", "sales"]) {
      const group = layers[which];
      const index = group.layer.nearest(event.containerPoint, group.radius + REACH[kind]);
      if (index >= 0) return { group, which, place: group.places[index] };
    }
    return null;
  }
  function show(hit) {
    if (hit?.place === shown) return;
    shown = hit?.place ?? null;
    container.classList.toggle("map-over", Boolean(hit) && (!onPick || hit.which === "points"));
    if (!hit) return map.closeTooltip(tip);
    const at = L.latLng(hit.place.latitude, hit.place.longitude);
    Object.assign(tip.options, beside(map.latLngToContainerPoint(at), map.getSize(), hit.group.radius + 3));
    const lines = hit.group.lines(hit.place).filter(Boolean);
    tip.setLatLng(at).setContent(
      h(
        "div",
        {},
        lines.map((line) => h("span", {}, line)),
      ),
    );
    map.openTooltip(tip);
  }
  const pointed = (event) => (kind = event.pointerType in REACH ? event.pointerType : "mouse");
  const chosen = (event) => {
    if (event.key !== "Enter" || event.target !== box || !onPick) return;
    event.preventDefault();
    const { lat, lng } = map.getCenter().wrap();
    onPick(lat, lng);
  };

  map.on("mousemove", (event) => show(found(event)));
  map.on("mouseout movestart zoomstart", () => show(null));
  map.on("click", (event) => {
    const hit = found(event);
    if (kind !== "mouse") show(hit);
    if (hit?.which === "points") onPoint?.(hit.place.index);
    const { lat, lng } = event.latlng.wrap();
    onPick?.(lat, lng);
  });
  // The wheel scrolls the page until the map is meant.
  map.on("focus", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  box.addEventListener("pointermove", pointed, true);
  box.addEventListener("pointerdown", pointed, true);
  box.addEventListener("keydown", chosen);
  return () => box.removeEventListener("keydown", chosen);
}

/** On which side of a point its tip has room. */
export function beside({ x, y }, { x: width }, gap) {
  if (x < width * 0.3) return { direction: "right", offset: [gap, 0] };
  if (x > width * 0.7) return { direction: "left", offset: [-gap, 0] };
  return y < 110 ? { direction: "bottom", offset: [0, gap] } : { direction: "top", offset: [0, -gap] };
}

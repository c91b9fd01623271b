// A small map for paper: sales as dots, comparables by number, the home in the middle of it all.

import { s } from "../../core/dom.js";

const [WIDE, HIGH, EDGE] = [260, 170, 14];

/** A picture of {latitude, longitude} places around `home`. `sold`: the sales in columns, or null. */
export function sheetMap({ home, comparables, sold, label }) {
  const meant = [home, ...comparables];
  const narrow = Math.cos((home.latitude * Math.PI) / 180);
  const xs = meant.map(({ longitude }) => longitude * narrow);
  const ys = meant.map(({ latitude }) => -latitude);
  const [middleX, middleY] = [xs, ys].map((all) => (Math.min(...all) + Math.max(...all)) / 2);
  const [spanX, spanY] = [xs, ys].map((all) => Math.max(Math.max(...all) - Math.min(...all), 0.0005));
  const scale = Math.min((WIDE - 2 * EDGE) / spanX, (HIGH - 2 * EDGE) / spanY);
  const at = (latitude, longitude) =>
    [WIDE / 2 + (longitude * narrow - middleX) * scale, HIGH / 2 + (-latitude - middleY) * scale].map(
      (each) => Math.round(each * 10) / 10,
    );
  const inside = ([x, y]) => x > 1 && y > 1 && x < WIDE - 1 && y < HIGH - 1;
  const dots = (sold?.latitude ?? []).map((latitude, index) => at(latitude, sold.longitude[index])).filter(inside);
  const [x, y] = at(home.latitude, home.longitude);
  return s(
    "svg",
    { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "sheet-map", role: "img", "aria-label": label },
    s("rect", { class: "ground", x: 0.5, y: 0.5, width: WIDE - 1, height: HIGH - 1, rx: 4 }),
    s("path", { class: "sold", d: dots.map(([dx, dy]) => `M${dx} ${dy}h0`).join("") }),
    comparables.map((each, index) => disc(at(each.latitude, each.longitude), index + 1)).reverse(),
    s("path", { class: "pin", d: `M${x} ${y}c-3-6-8-9-8-15a8 8 0 0 1 16 0c0 6-5 9-8 15z` }),
    s("circle", { class: "hole", cx: x, cy: y - 15, r: 3 }),
  );
}

const disc = ([x, y], number) => [
  s("circle", { class: "disc", cx: x, cy: y, r: 6 }),
  s("text", { class: "digit", x, y: y + 2.8, "text-anchor": "middle" }, number),
];

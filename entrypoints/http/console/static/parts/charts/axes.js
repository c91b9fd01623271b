// The axes of a chart: as many round figures as there is room for.

import { s } from "../../core/dom.js";
import { letters, round, size, widest, widthOf, within } from "./letters.js";

const GAP = 14;

/**
 * The axis along the bottom, at height `y`. Its letters stay within `room`, [from, to] in pixels. `top`: lines are drawn
 * from there through the plot; `label` stands below. Returns {nodes, height}, the height being what it takes below `y`.
 */
export function bottomAxis({ scale, format, y, top, room, label }) {
  const [from, to] = [Math.min(...scale.range), Math.max(...scale.range)];
  const line = size() * 1.4;
  const placed = fitting(scale, format, to - from).map((at) => ({ at, x: scale(at), text: format(at) }));
  const nodes = [
    top !== undefined &&
      s("path", { class: "chart-grid", d: placed.map(({ x }) => `M${round(x)} ${top}V${y}`).join("") }),
    s("path", { class: "chart-axis", d: `M${from} ${y}H${to}` }),
    placed.map(({ x, text }) => within(x, y + line, text, room, { kind: "chart-tick" })),
    label && within((from + to) / 2, y + line * 2.1, label, room, { kind: "chart-title" }),
  ];
  return { nodes, height: line * (label ? 2.5 : 1.4) };
}

/** The axis below rows that were laid out in `width` pixels; its letters may stand a little to the left of it. */
export const axisBelow = (place, scale, format, width) =>
  bottomAxis({ scale, format, y: place.bottom + 2, top: place.top, room: [Math.max(place.left - 30, 0), width] });

/** The ticks of `scale` that stand side by side within `width` pixels, none of them said twice. */
function fitting(scale, format, width) {
  let found = [];
  for (let count = Math.max(2, Math.floor(width / 60)); count >= 1; count -= 1) {
    found = scale.ticks(count);
    const texts = found.map((at) => format(at));
    const clear = found.every(
      (at, index) =>
        !index ||
        Math.abs(scale(at) - scale(found[index - 1])) >= (widthOf(texts[index]) + widthOf(texts[index - 1])) / 2 + GAP,
    );
    if (clear && new Set(texts).size === texts.length) return found;
  }
  return found.slice(0, 1);
}

/** The ticks of an axis on the left that is `height` pixels high, and the width that their letters take. */
export function leftTicks(scale, format, height) {
  for (let count = Math.max(2, Math.floor(height / 42)); ; count -= 1) {
    const found = scale.ticks(count);
    const texts = found.map((at) => format(at));
    if (count <= 1 || new Set(texts).size === texts.length)
      return { found, texts, width: Math.ceil(widest(texts)) + 8 };
  }
}

/** The axis on the left: lines from `left` to `right`, and what they stand for. `label` stands above, at `top`. */
export function leftAxis({ scale, ticks, left, right, top, label }) {
  return [
    s("path", { class: "chart-grid", d: ticks.found.map((at) => `M${left} ${round(scale(at))}H${right}`).join("") }),
    ticks.found.map((at, index) =>
      letters(left - 8, scale(at) + size() * 0.35, ticks.texts[index], { kind: "chart-tick", anchor: "end" }),
    ),
    label && letters(0, top, label, { kind: "chart-title" }),
  ];
}

/** A line across the plot at a figure that others are compared with: a number, or {at, label}. */
export const asReference = (reference) =>
  reference === undefined || reference === null
    ? null
    : typeof reference === "object"
      ? reference
      : { at: reference, label: "" };

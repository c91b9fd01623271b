// Charts of rows: names on the left, figures on the right, what is drawn between; on a phone names stand above.

import { s } from "../../core/dom.js";
import { cut, letters, round, size, widest, wrapped } from "./letters.js";

const NARROW = 480;

/**
 * Lays out rows of {label, note, figure} below `top`, in `width` pixels. Returns {left, right, top, bottom, nodes, y(index),
 * box(index), line(x)}: what lies between `left` and `right` is the chart's, `y` is the middle of a row's bar, `box` the whole row.
 */
export function rows(items, width, top = 0) {
  return width < NARROW ? above(items, width, top) : beside(items, width, top);
}

function beside(items, width, top) {
  const figures = widest(items.map(({ figure }) => figure));
  const most = Math.ceil(Math.min(width * 0.36, widest(items.flatMap(({ label, note }) => [label, note ?? ""])) + 1));
  const line = size() * 1.25;
  const texts = items.map(({ label, note }) => ({
    lines: wrapped(label, most, note ? 1 : 2),
    note: note && cut(note, most),
  }));
  const each =
    Math.max(...texts.map(({ lines, note }) => lines.length + (note ? 1 : 0))) > 1 ? line * 2 + 8 : line + 12;
  const y = (index) => top + each * (index + 0.5);
  const nodes = items.map(({ label, figure }, index) => {
    const { lines, note } = texts[index];
    const count = lines.length + (note ? 1 : 0);
    const first = y(index) - ((count - 1) * line) / 2 + size() * 0.35;
    return [
      lines.map((text, at) => letters(0, first + at * line, text, { title: label })),
      note && letters(0, first + lines.length * line, note, { kind: "chart-tick", title: items[index].note }),
      letters(width, y(index) + size() * 0.35, figure, { kind: "chart-figure", anchor: "end" }),
    ];
  });
  return placed({ left: most + 12, right: width - figures - 12, top, each, count: items.length, width, nodes, y });
}

function above(items, width, top) {
  const line = size() * 1.5;
  const each = line + 30;
  const nodes = items.map(({ label, note, figure }, index) => {
    const room = width - widest([figure]) - 12;
    const y = top + each * index + line * 0.8;
    const name = cut(label, room);
    const rest = room - widest([name]) - 10;
    return [
      letters(0, y, name, { title: label }),
      note && rest > 30 && letters(widest([name]) + 10, y, cut(note, rest), { kind: "chart-tick", title: note }),
      letters(width, y, figure, { kind: "chart-figure", anchor: "end" }),
    ];
  });
  return placed({
    left: 1,
    right: width - 1,
    top,
    each,
    count: items.length,
    width,
    nodes,
    y: (index) => top + each * index + line + 11,
    apart: true,
  });
}

const placed = ({ left, right, top, each, count, width, nodes, y, apart = false }) => ({
  left,
  right,
  top,
  bottom: top + each * count,
  nodes,
  y,
  // A line through all rows; where names stand above the bars it passes behind the bars alone.
  line: (x) =>
    apart
      ? Array.from({ length: count }, (_, index) => `M${round(x)} ${y(index) - 11}v22`).join("")
      : `M${round(x)} ${top}V${top + each * count + 2}`,
  box: (index) => [0, top + each * index, width, each],
});

/** A bar from one figure to another. `kind`: classes. */
export function bar(scale, from, to, y, kind, thickness = 14) {
  const [left, right] = [scale(from), scale(to)].sort((a, b) => a - b);
  return s("rect", {
    x: left,
    y: y - thickness / 2,
    width: Math.max(right - left, 1),
    height: thickness,
    rx: 2,
    class: kind,
  });
}

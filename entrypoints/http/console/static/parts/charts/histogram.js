// How often figures fall into each of some bins.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { bottomAxis, leftAxis, leftTicks } from "./axes.js";
import { charted, column } from "./frame.js";
import { apart, letters, round, size } from "./letters.js";
import { linear, rounded } from "./scale.js";

const HEIGHT = 170;

/** {edges, counts, label, format, marks: [{at, label}], countLabel}: one edge more than counts; outer edges may be open (null, infinite). */
export const histogram = charted("histogram", ({ edges, counts, label, format = number, marks = [], countLabel }) => {
  const sides = closed(edges);
  const total = counts.reduce((sum, each) => sum + each, 0);
  const between = (index) => ({ low: format(sides[index]), high: format(sides[index + 1]) });
  const peak = counts.indexOf(Math.max(...counts));

  function draw(width) {
    const line = size() * 1.4;
    const top = line * (countLabel ? 1.7 : 0.6) + (marks.length ? line * 0.8 : 0);
    const upright = linear(rounded([0, Math.max(...counts, 1)], 4), [top + HEIGHT, top]);
    const left = leftTicks(upright, (each) => number(each), HEIGHT);
    const scale = linear([sides[0], sides.at(-1)], [left.width, width - 4]);
    const base = top + HEIGHT;
    const axis = bottomAxis({ scale, format, y: base, room: [0, width], label });
    const bins = counts.map((count, index) => ({
      count,
      from: scale(sides[index]),
      to: scale(sides[index + 1]),
      y: upright(count),
    }));
    const inside = marks
      .filter(({ at }) => at >= sides[0] && at <= sides.at(-1))
      .map((each) => ({ x: scale(each.at), at: scale(each.at), text: each.label }));
    const nodes = [
      leftAxis({ scale: upright, ticks: left, left: left.width, right: width - 4, top: line * 0.8, label: countLabel }),
      bins.map(
        ({ count, from, to, y }) =>
          count > 0 &&
          s("rect", {
            class: "chart-bar",
            x: round(from + 0.5),
            y: round(y),
            width: round(Math.max(to - from - 1, 0.6)),
            height: round(base - y),
          }),
      ),
      axis.nodes,
      inside.map(({ at }) => s("path", { class: "chart-reference", d: `M${round(at)} ${top - 4}V${base}` })),
      apart(inside, [0, width], { strong: true }).map(({ x, text }) =>
        letters(x, top - 8, text, { kind: "chart-strong", anchor: "middle" }),
      ),
    ];
    const said = bins.map(({ count, from, to, y }, index) =>
      column([(from + to) / 2, y], [from, to], [top, base], () => [
        t("chart.between", between(index)),
        `${countLabel ?? t("chart.count")}: ${number(count)}`,
        total > 0 && `${number((count / total) * 100, 1)} %`,
      ]),
    );
    return { height: base + axis.height + 4, nodes, marks: said };
  }

  return {
    label: total
      ? t("histogram.label", { label, count: number(total), ...between(peak) })
      : t("chart.empty", { label }),
    draw,
    head: [t("chart.from"), t("chart.to"), countLabel ?? t("chart.count")],
    rows: () => [
      ...counts.map((count, index) => [format(sides[index]), format(sides[index + 1]), number(count)]),
      ...marks.map((each) => [each.label, format(each.at), ""]),
    ],
  };
});

/** Edges that are all figures: an open end is as wide as its neighbour. */
function closed(edges) {
  const sides = [...edges];
  const last = sides.length - 1;
  const open = (each) => each === null || !Number.isFinite(each);
  if (open(sides[0])) sides[0] = sides[1] - (sides[2] - sides[1] || 1);
  if (open(sides[last])) sides[last] = sides[last - 1] + (sides[last - 1] - sides[last - 2] || 1);
  return sides;
}

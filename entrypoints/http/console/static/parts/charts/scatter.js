// Points by two figures; there may be thousands.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { bottomAxis, leftAxis, leftTicks } from "./axes.js";
import { charted } from "./frame.js";
import { round, size as letterSize } from "./letters.js";
import { extent, linear, logarithmic, rounded } from "./scale.js";

const LAYERS = 24; // paths per kind: where their half-clear points lie on each other, the picture is darker

/**
 * {points: [{x, y, label, kind?}], xLabel, yLabel, format, log, diagonal, size, kinds?, xFormat?, yFormat?}
 * `size`: the diameter of a point in pixels; `kinds`: the legend's words by kind (ok, warn, bad, high, medium, low, refused, other).
 * `also`: figures that both axes hold too where there is a diagonal, so that two charts have the same axes.
 */
export const scatter = charted(
  "scatter",
  ({
    points,
    xLabel,
    yLabel,
    format = number,
    xFormat = format,
    yFormat = format,
    log = false,
    diagonal = false,
    size,
    kinds,
    label,
    also = [],
  }) => {
    const drawn = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && (!log || (x > 0 && y > 0)));
    const dot = size ?? (drawn.length > 2000 ? 4 : drawn.length > 300 ? 5 : 7);
    const [xs, ys] = [drawn.map(({ x }) => x), drawn.map(({ y }) => y)];
    const spread = (...lists) => (log ? widened(extent(...lists)) : rounded(extent(...lists), 6));
    const domains = diagonal ? [spread(xs, ys, also), spread(xs, ys, also)] : [spread(xs), spread(ys)];

    function draw(width) {
      const tall = Math.round(Math.min(Math.max(width * (diagonal ? 0.85 : 0.6), 220), 400));
      const make = log ? logarithmic : linear;
      const top = letterSize() * 2.5;
      const base = top + tall;
      const upright = make(domains[1], [base, top]);
      const left = leftTicks(upright, yFormat, tall);
      const scale = make(domains[0], [left.width, width - 6]);
      const axis = bottomAxis({ scale, format: xFormat, y: base, top, room: [0, width], label: xLabel });
      const places = drawn.map(({ x, y }) => [round(scale(x)), round(upright(y))]);
      const nodes = [
        leftAxis({
          scale: upright,
          ticks: left,
          left: left.width,
          right: width - 6,
          top: letterSize() * 1.1,
          label: yLabel,
        }),
        axis.nodes,
        layers(drawn, places).map(({ kind, d }) =>
          s("path", { class: `chart-dots chart-kind-${kind}`, "stroke-width": dot, d }),
        ),
        diagonal &&
          s("path", {
            class: "chart-diagonal",
            d: `M${scale(domains[0][0])} ${upright(domains[1][0])}L${scale(domains[0][1])} ${upright(domains[1][1])}`,
          }),
      ];
      const marks = drawn.map((each, index) => ({
        at: [places[index][0], places[index][1] - dot / 2],
        box: [places[index][0] - dot / 2, places[index][1] - dot / 2, dot, dot],
        lines: () => [each.label, `${xLabel}: ${xFormat(each.x)}`, `${yLabel}: ${yFormat(each.y)}`, kinds?.[each.kind]],
      }));
      return { height: base + axis.height + 4, nodes, marks };
    }

    return {
      label: [label, t("scatter.label", { x: xLabel, y: yLabel, count: number(drawn.length) })]
        .filter(Boolean)
        .join(". "),
      legend: [
        ...Object.entries(kinds ?? {}).map(([kind, words]) => ({ kind: `chart-kind-${kind}`, label: words })),
        ...(diagonal ? [{ kind: "chart-key-line chart-key-diagonal", label: t("scatter.diagonal") }] : []),
      ],
      draw,
      head: [t("chart.name"), xLabel, yLabel, ...(kinds ? [t("chart.kind")] : [])],
      rows: () =>
        drawn.map((each) => [
          each.label ?? "",
          xFormat(each.x),
          yFormat(each.y),
          ...(kinds ? [kinds[each.kind] ?? ""] : []),
        ]),
    };
  },
);

const widened = ([low, high]) => [low / (high / low) ** 0.03 / 1.02, high * (high / low) ** 0.03 * 1.02];

/** One path holds many points, each a line of no length with a round end: thousands of elements would be slow. */
function layers(drawn, places) {
  const byLayer = new Map();
  drawn.forEach(({ kind = "main" }, index) => {
    const layer = `${kind} ${index % LAYERS}`;
    byLayer.set(layer, `${byLayer.get(layer) ?? ""}M${places[index][0]} ${places[index][1]}h0`);
  });
  return [...byLayer].map(([layer, d]) => ({ kind: layer.split(" ")[0], d }));
}

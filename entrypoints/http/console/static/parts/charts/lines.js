// Series over the same axis: figures by time, or shares by shares.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { asReference, bottomAxis, leftAxis, leftTicks } from "./axes.js";
import { charted, column } from "./frame.js";
import { apart, letters, round, size } from "./letters.js";
import { extent, linear, rounded, temporal } from "./scale.js";

const HEIGHT = 190;
const MOMENT = 1e11; // figures beyond are moments, in milliseconds

/**
 * {series: [{name, points: [[x, y], ...]}], xLabel, yLabel, xFormat, yFormat, reference, markers, zero?}
 * `reference`: a number, {at, label} or "diagonal"; `markers`: true for a dot at each point, or [{x, label}] for moments
 * to be marked; y may be null, where the line is broken; `zero`: whether the axis begins at zero.
 */
export const lines = charted(
  "lines",
  ({ series, xLabel, yLabel, xFormat = number, yFormat = number, reference, markers, zero = false, label }) => {
    const all = series.flatMap(({ points }) => points);
    const diagonal = reference === "diagonal";
    const level = diagonal ? null : asReference(reference);
    const wide = extent(all.map(([x]) => x));
    const high = rounded(
      extent(
        all.map(([, y]) => y),
        level ? [level.at] : [],
        zero ? [0] : [],
        diagonal ? wide : [],
      ),
      4,
    );
    const moments = Array.isArray(markers) ? markers : [];
    const stops = [...new Set(all.map(([x]) => x))].sort((a, b) => a - b);

    function draw(width) {
      const line = size() * 1.4;
      const top = line * (yLabel ? 1.7 : 0.6) + (moments.length ? line * 0.8 : 0);
      const base = top + HEIGHT;
      const upright = linear(high, [base, top]);
      const left = leftTicks(upright, yFormat, HEIGHT);
      const domain = wide[0] === wide[1] ? [wide[0] - 1, wide[1] + 1] : wide;
      const scale = (wide[1] > MOMENT ? temporal : linear)(domain, [left.width + 6, width - 8]);
      if (stops.length === 1) scale.ticks = () => stops;
      const axis = bottomAxis({ scale, format: xFormat, y: base, room: [0, width], label: xLabel });
      const marked = moments
        .filter(({ x }) => x >= domain[0] && x <= domain[1])
        .map((each) => ({ x: scale(each.x), at: scale(each.x), text: each.label }));
      const dotted = (points) => markers === true || points.filter(([, y]) => y !== null).length < 2;
      const nodes = [
        leftAxis({ scale: upright, ticks: left, left: left.width, right: width - 4, top: line * 0.8, label: yLabel }),
        axis.nodes,
        marked.map(({ at }) => s("path", { class: "chart-moment", d: `M${round(at)} ${top - 4}V${base}` })),
        apart(marked, [left.width, width]).map(({ x, text }) =>
          letters(x, top - 8, text, { kind: "chart-tick", anchor: "middle" }),
        ),
        level && s("path", { class: "chart-reference", d: `M${left.width} ${round(upright(level.at))}H${width - 4}` }),
        diagonal &&
          s("path", {
            class: "chart-diagonal",
            d: `M${scale(wide[0])} ${upright(wide[0])}L${scale(wide[1])} ${upright(wide[1])}`,
          }),
        series.map(({ points }, index) => [
          s("path", { class: `chart-line chart-series-${index % 6}`, d: path(points, scale, upright) }),
          dotted(points) &&
            points
              .filter(([, y]) => y !== null)
              .map(([x, y]) =>
                s("circle", {
                  class: `chart-point chart-series-${index % 6}`,
                  cx: round(scale(x)),
                  cy: round(upright(y)),
                  r: 3.5,
                }),
              ),
        ]),
      ];
      const marks = stops.map((stop, index) => {
        const x = scale(stop);
        const reach = [
          index ? (scale(stops[index - 1]) + x) / 2 : x - 8,
          index < stops.length - 1 ? (scale(stops[index + 1]) + x) / 2 : x + 8,
        ];
        const here = series
          .map(({ name, points }) => ({ name, y: points.find((each) => each[0] === stop)?.[1] }))
          .filter(({ y }) => y !== undefined && y !== null);
        const y = Math.min(...here.map((each) => upright(each.y)), base);
        return column([x, y - 4], reach, [top, base], () => [
          xFormat(stop),
          ...here.map((each) => `${each.name}: ${yFormat(each.y)}`),
        ]);
      });
      return { height: base + axis.height + 4, nodes, marks };
    }

    const gist = series
      .map(({ name, points }) => ({ name, known: points.filter(([, y]) => y !== null) }))
      .filter(({ known }) => known.length)
      .map(({ name, known }) =>
        t("lines.series", { name, first: yFormat(known[0][1]), last: yFormat(known.at(-1)[1]) }),
      )
      .join("; ");
    return {
      label: [label, t("lines.label", { x: xLabel ?? "", y: yLabel ?? "", series: gist })].filter(Boolean).join(". "),
      legend: [
        ...(series.length > 1
          ? series.map(({ name }, index) => ({ kind: `chart-key-line chart-series-${index % 6}`, label: name }))
          : []),
        ...(level?.label
          ? [{ kind: "chart-key-line chart-key-reference", label: `${level.label} (${yFormat(level.at)})` }]
          : []),
        ...(diagonal ? [{ kind: "chart-key-line chart-key-diagonal", label: t("scatter.diagonal") }] : []),
      ],
      draw,
      head: [xLabel ?? "", ...series.map(({ name }) => name)],
      rows: () =>
        stops.map((stop) => [
          xFormat(stop),
          ...series.map(({ points }) => yFormat(points.find(([x]) => x === stop)?.[1] ?? NaN)),
        ]),
    };
  },
);

function path(points, scale, upright) {
  let pen = "M";
  let d = "";
  for (const [x, y] of points) {
    if (y === null) pen = "M";
    else [d, pen] = [`${d}${pen}${round(scale(x))} ${round(upright(y))}`, "L"];
  }
  return d;
}

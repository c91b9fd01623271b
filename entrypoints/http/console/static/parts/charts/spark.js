// A tiny line, for a tile: how a figure went of late.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { charted, column } from "./frame.js";
import { round } from "./letters.js";
import { extent, linear } from "./scale.js";

const HEIGHT = 34;

/** {points: [[x, y], ...] or [y, ...], format, label, xFormat?} */
export const spark = charted("spark", ({ points, format = number, xFormat = String, label }) => {
  const pairs = points
    .map((each, index) => (Array.isArray(each) ? each : [index, each]))
    .filter(([, y]) => y !== null && Number.isFinite(y));
  const [wide, high] = [extent(pairs.map(([x]) => x)), extent(pairs.map(([, y]) => y))];
  const dated = points.some((each) => Array.isArray(each));

  function draw(width) {
    const scale = linear(wide, [4, width - 4]);
    const flat = high[0] === high[1];
    const upright = linear(flat ? [high[0] - 1, high[0] + 1] : high, [HEIGHT - 4, 4]);
    const places = pairs.map(([x, y]) => [round(scale(x)), round(upright(y))]);
    const last = places.at(-1);
    const nodes = last
      ? [
          s("path", {
            class: "chart-spark-area",
            d: `M${places[0][0]} ${HEIGHT}L${places.map((each) => each.join(" ")).join("L")}V${HEIGHT}Z`,
          }),
          s("path", { class: "chart-line chart-series-0", d: `M${places.map((each) => each.join(" ")).join("L")}` }),
          s("circle", { class: "chart-point chart-series-0", cx: last[0], cy: last[1], r: 3 }),
        ]
      : [s("path", { class: "chart-axis", d: `M4 ${HEIGHT - 4}H${width - 4}` })];
    const half = pairs.length > 1 ? (width - 8) / (pairs.length - 1) / 2 : 8;
    const marks = places.map(([x, y], index) =>
      column([x, y], [x - half, x + half], [0, HEIGHT], () => [
        format(pairs[index][1]),
        dated && xFormat(pairs[index][0]),
      ]),
    );
    return { height: HEIGHT, nodes, marks };
  }

  return {
    label: pairs.length
      ? t("spark.label", { label, last: format(pairs.at(-1)[1]), low: format(high[0]), high: format(high[1]) })
      : t("chart.empty", { label }),
    draw,
    table: false,
    head: [],
    rows: () => [],
  };
});

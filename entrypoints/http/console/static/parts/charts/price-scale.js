// A value with its interval on a scale of prices, the sector's own sales behind it.

import { s } from "../../core/dom.js";
import { money, number, percent, shortMoney } from "../../core/format.js";
import { t } from "../../core/words.js";
import { bottomAxis } from "./axes.js";
import { charted } from "./frame.js";
import { apart, letters, round, size, within } from "./letters.js";
import { ascending, extent, linear, logarithmic, quantile, rounded } from "./scale.js";

const FEW = 60; // prices that are drawn one by one
const BAR = 14;
const BACKGROUND = 56;
const APART = 40; // a scale whose ends are so many times apart is one of ratios

/** {value, low, high, level, currency, prices, pricesLabel} */
export const priceScale = charted(
  "price-scale",
  ({ value, low, high, level, currency, prices = [], pricesLabel, label }) => {
    const sorted = ascending(prices);
    const told = {
      value: money(value, currency),
      low: money(low, currency),
      high: money(high, currency),
      level: percent(level),
    };
    const quartiles = sorted.length ? [0.25, 0.75].map((share) => money(quantile(sorted, share), currency)) : [];
    const name = pricesLabel ?? t("price-scale.prices");
    const summary = sorted.length
      ? `${name}: ${t("price-scale.sales", { count: number(sorted.length), low: quartiles[0], high: quartiles[1] })}`
      : "";
    // A handful of odd sales must not squeeze the rest: the scale has 98 of 100 of them, and the interval always.
    const shown = sorted.length > FEW ? [quantile(sorted, 0.01), quantile(sorted, 0.99)] : [...sorted];
    const beyond = sorted.filter((each) => each < shown[0] || each > shown.at(-1)).length;
    const [least, most] = extent(shown, [value, low, high]);
    const ratios = least > 0 && most / least > APART;
    const margin = (most - least) * 0.04 || Math.abs(most) * 0.1 || 1;
    const domain = ratios
      ? [least / 1.2, most * 1.2]
      : [least >= 0 ? Math.max(0, least - margin) : least - margin, most + margin];

    function draw(width) {
      const line = size() * 1.5;
      const scale = (ratios ? logarithmic : linear)(domain, [6, width - 6]);
      const room = [0, width];
      const bar = line + 4 + BAR / 2;
      const ends = bar + BAR / 2 + line;
      const top = ends + 10;
      const base = top + (sorted.length ? BACKGROUND : 0);
      const axis = bottomAxis({
        scale,
        format: (each) => shortMoney(each, currency),
        y: base,
        room,
        label: sorted.length ? name : undefined,
      });
      const [left, right, at] = [scale(low), scale(high), scale(value)];
      const background =
        sorted.length > FEW ? heap(sorted, scale, top, base, currency) : crowd(sorted, scale, base, currency);
      const nodes = [
        background.nodes,
        s("rect", {
          class: "chart-interval-shade",
          x: left,
          y: bar + BAR / 2,
          width: Math.max(right - left, 2),
          height: base - bar - BAR / 2,
        }),
        axis.nodes,
        s("rect", {
          class: "chart-interval",
          x: left,
          y: bar - BAR / 2,
          width: Math.max(right - left, 2),
          height: BAR,
          rx: BAR / 2,
        }),
        s("path", {
          class: "chart-value-line",
          d: `M${round(at)} ${bar - BAR / 2}V${bar + BAR / 2}${sorted.length ? `M${round(at)} ${ends + 4}V${base}` : ""}`,
        }),
        s("circle", { class: "chart-value", cx: at, cy: bar, r: BAR / 2 + 1 }),
        within(at, line - 4, told.value, room, { kind: "chart-strong", strong: true }),
        apart(
          [
            { x: left, text: told.low },
            { x: right, text: told.high },
          ],
          room,
        ).map(({ x, text }) => letters(x, ends - 2, text, { anchor: "middle" })),
      ];
      const interval = {
        at: [at, bar - BAR],
        box: [left, bar - BAR / 2, Math.max(right - left, 2), BAR],
        lines: () => [told.value, `${t("price-scale.interval", { level: told.level })}: ${t("chart.between", told)}`],
      };
      return { height: base + axis.height + 4, nodes, marks: [interval, ...background.marks] };
    }

    return {
      label: [label, t("price-scale.label", told), summary].filter(Boolean).join(". "),
      draw,
      head: [t("chart.label"), t("chart.value")],
      rows: () => [
        [t("waterfall.total"), told.value],
        [t("price-scale.interval", { level: told.level }), t("chart.between", told)],
        ...(sorted.length
          ? [[name, t("price-scale.sales", { count: number(sorted.length), low: quartiles[0], high: quartiles[1] })]]
          : []),
        ...(beyond ? [[name, t("price-scale.beyond", { count: number(beyond) })]] : []),
      ],
    };
  },
);

/** Many prices: a histogram of about forty bins. */
function heap(sorted, scale, top, base, currency) {
  const [low, high] = rounded([quantile(sorted, 0.01), quantile(sorted, 0.99)], 20);
  const bins = Math.max(6, Math.min(40, Math.round((scale(high) - scale(low)) / 9)));
  const counts = new Array(bins).fill(0);
  for (const price of sorted)
    if (price >= low && price <= high)
      counts[Math.min(bins - 1, Math.floor(((price - low) / (high - low)) * bins))] += 1;
  const edge = (index) => Math.min(Math.max(low + ((high - low) * index) / bins, scale.domain[0]), scale.domain[1]);
  const tallest = Math.max(...counts);
  const parts = counts.map((count, index) => {
    const [left, right] = [scale(edge(index)), scale(edge(index + 1))];
    const height = (count / tallest) * (base - top);
    return { count, left, right, height, index };
  });
  return {
    nodes: parts.map(({ left, right, height }) =>
      s("rect", {
        class: "chart-background",
        x: round(left),
        y: round(base - height),
        width: round(Math.max(right - left - 1, 0.6)),
        height: round(height),
      }),
    ),
    marks: parts
      .filter(({ count }) => count)
      .map(({ count, left, right, height, index }) => ({
        at: [(left + right) / 2, base - height],
        box: [left, base - height, right - left, height],
        lines: () => [
          t("chart.between", { low: money(edge(index), currency), high: money(edge(index + 1), currency) }),
          number(count),
        ],
      })),
  };
}

/** Few prices: a dot each, on top of each other where they would touch. */
function crowd(sorted, scale, base, currency) {
  const radius = 3.5;
  const columns = new Map();
  const dots = [...sorted].map((price) => {
    const place = Math.round(scale(price) / (radius * 2));
    columns.set(place, (columns.get(place) ?? 0) + 1);
    return { price, x: place * radius * 2, y: base - radius - 2 - Math.min(columns.get(place) - 1, 6) * radius * 2 };
  });
  return {
    nodes: dots.map(({ x, y }) =>
      s("circle", { class: "chart-background", cx: round(x), cy: round(y), r: radius - 0.5 }),
    ),
    marks: dots.map(({ price, x, y }) => ({
      at: [x, y - 4],
      box: [x - 3, y - 3, 6, 6],
      lines: () => [money(price, currency)],
    })),
  };
}

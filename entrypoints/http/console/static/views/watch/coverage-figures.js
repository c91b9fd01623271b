// What became of all the values that later sales test.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { bars, lines } from "../../parts/charts/index.js";
import { table } from "../../parts/table.js";

const RATIOS = [
  ["median", 3],
  ["weighted_mean", 3],
  ["cod", 1],
  ["prd", 3],
  ["prb", 3],
  ["vei", 1],
];

/** A share in per cent, with a decimal where it has one. */
export const share = (value) => percent(value, Math.abs(100 * value - Math.round(100 * value)) < 1e-9 ? 0 : 1);

const between = ({ low, high }) =>
  low === null ? "" : t("coverage.between", { low: percent(low, 1), high: percent(high, 1) });

/** The figures that matter most. `overall`: the group of all sales, which has figures. */
export function tilesOf({ valued, refused, figures }) {
  const widest = figures.intervals.at(-1);
  const tile = (name, amount, note) =>
    h(
      "div",
      { class: "tile" },
      h("div", { class: "name" }, name),
      h("div", { class: "amount" }, amount),
      h("div", { class: "note" }, note),
    );
  return h(
    "div",
    { class: "tiles" },
    tile(t("coverage.tested"), number(valued), t("coverage.tested_note", { refused: number(refused) })),
    tile(t("coverage.mdape"), percent(figures.mdape.value, 1), between(figures.mdape)),
    widest &&
      tile(
        t("coverage.held", { level: percent(widest.promised) }),
        percent(widest.held.share, 1),
        between(widest.held),
      ),
    tile(t("coverage.pe10"), percent(figures.pe10.share, 1), between(figures.pe10)),
    tile(t("coverage.pe20"), percent(figures.pe20.share, 1), between(figures.pe20)),
  );
}

/** Every promise, and what was held of it. */
export function promises(figures) {
  const items = figures.intervals.map(({ promised, held }) =>
    item(t("coverage.interval", { level: percent(promised) }), promised, held),
  );
  items.push(
    item(t("coverage.fsd", { promised: percent(figures.fsd.promised) }), figures.fsd.promised, figures.fsd.held),
  );
  const curve =
    figures.intervals.length > 1 &&
    lines({
      series: [
        { name: t("coverage.kept"), points: figures.intervals.map(({ promised, held }) => [promised, held.share]) },
      ],
      xLabel: t("coverage.promised"),
      yLabel: t("coverage.kept"),
      xFormat: percent,
      yFormat: percent,
      reference: "diagonal",
      markers: true,
      label: t("coverage.promises"),
    });
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, t("coverage.promises")),
    bars({ items, format: share, label: t("coverage.promises") }),
    curve,
  );
}

const item = (label, promised, { share: value, low, high }) => ({
  label,
  value,
  low,
  high,
  note: `${t("coverage.promised")}: ${percent(promised)}`,
  kind: high < promised ? "bad" : "ok",
});

/** What is left, and how well valued, where only values up to an FSD are taken. */
export function hitRates(figures) {
  const rows = figures.hit_rates.filter(({ hits }) => hits.hits);
  const { element } = table({
    caption: t("coverage.hit_rates"),
    pageSize: 0,
    rows,
    columns: [
      { name: "fsd", label: t("coverage.fsd_at_most"), cell: (row) => number(row.fsd_at_most, 3), head: true },
      {
        name: "left",
        label: t("coverage.left"),
        cell: ({ hits }) => `${percent(hits.share)} (${number(hits.hits)})`,
        number: true,
      },
      { name: "mdape", label: t("coverage.mdape"), cell: ({ mdape }) => percent(mdape?.value, 1), number: true },
      {
        name: "range",
        label: t("coverage.range"),
        cell: ({ mdape }) =>
          mdape && mdape.low !== null ? `${percent(mdape.low, 1)} – ${percent(mdape.high, 1)}` : "–",
        number: true,
      },
    ],
  });
  return h("div", { class: "panel" }, h("h2", {}, t("coverage.hit_rates")), element);
}

/** The ratio study, each figure with what it tells. */
export function ratioStudy(told) {
  const ranges = { ...told.intervals, prb: [told.prb_low, told.prb_high] };
  const range = (name, digits) =>
    Number.isFinite(ranges[name]?.[0]) ? ranges[name].map((each) => number(each, digits)).join(" – ") : "–";
  const { element } = table({
    caption: t("coverage.study"),
    pageSize: 0,
    rows: RATIOS.map(([name, digits]) => ({ name, digits })),
    columns: [
      {
        name: "figure",
        label: t("coverage.figure"),
        cell: ({ name }) => [
          t(`ratio.${name}`),
          h("div", { class: "small fw-normal text-body-secondary" }, t(`ratio.${name}_means`)),
        ],
        head: true,
      },
      {
        name: "value",
        label: t("coverage.value"),
        cell: ({ name, digits }) => number(told[name], digits),
        number: true,
      },
      { name: "range", label: t("coverage.range"), cell: ({ name, digits }) => range(name, digits), number: true },
    ],
  });
  return h("div", { class: "panel" }, h("h2", {}, t("coverage.study")), element);
}

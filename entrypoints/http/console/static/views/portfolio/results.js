// What came of it: figures, distribution, map, and a table to search.

import { h } from "../../core/dom.js";
import { money, number, shortMoney } from "../../core/format.js";
import { confidenceName, reasonName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { histogram, mix } from "../../parts/charts/index.js";
import { download } from "../../parts/copy.js";
import { makeMap } from "../../parts/map.js";
import { output } from "./output.js";
import { tile } from "./problems.js";
import { details } from "./row-details.js";
import { resultsTable } from "./results-table.js";

const BINS = 24;
const LEVELS = ["high", "medium", "low"];

export function resultsPanel(state, market, context) {
  const valued = state.rows.filter((row) => row.answer?.status === "valued");
  const refused = state.rows.length - valued.length;
  const values = valued.map((row) => row.answer.value).sort((one, other) => one - other);
  const { currency } = market;
  const take = () => {
    download(`${state.file.name.replace(/\.\w+$/, "")}-valued.csv`, output(state.file, state.rows, state.mark));
    state.unsaved = false;
  };
  return h(
    "section",
    { class: "panel results" },
    h(
      "div",
      { class: "results-head" },
      h("h2", {}, t("portfolio.results")),
      h("button", { type: "button", class: "btn btn-primary", on: { click: take } }, t("portfolio.download")),
    ),
    h(
      "div",
      { class: "tiles" },
      tile(t("portfolio.valued"), valued.length),
      tile(t("portfolio.refused"), refused, refused ? "level-low" : ""),
      values.length > 0 &&
        tile(
          t("portfolio.total"),
          money(
            values.reduce((sum, each) => sum + each, 0),
            currency,
          ),
        ),
      values.length > 0 && tile(t("portfolio.median"), money(quantile(values, 0.5), currency)),
    ),
    h(
      "div",
      { class: "results-pictures" },
      values.length > 1 && distribution(values, currency),
      confidence(state.rows),
      values.length > 0 && map(valued, state, currency, context),
    ),
    resultsTable(state, market, context),
  );
}

function distribution(values, currency) {
  const [low, high] = [quantile(values, 0.01), quantile(values, 0.99)];
  const width = (high - low) / BINS || 1;
  const edges = Array.from({ length: BINS + 1 }, (_, place) => low + place * width);
  const counts = new Array(BINS).fill(0);
  for (const value of values) counts[Math.min(Math.max(Math.floor((value - low) / width), 0), BINS - 1)] += 1;
  const marks = [{ at: quantile(values, 0.5), label: t("portfolio.median") }];
  return h(
    "div",
    {},
    h("h3", { class: "h6" }, t("portfolio.distribution")),
    histogram({
      edges,
      counts,
      label: t("field.value"),
      format: (value) => shortMoney(value, currency),
      marks,
      countLabel: t("portfolio.homes"),
    }),
  );
}

function confidence(rows) {
  const count = (level) => rows.filter((row) => row.answer?.confidence_level === level).length;
  const refused = rows.filter((row) => row.problems.length || row.answer?.status === "refused");
  const reasons = new Map();
  for (const row of refused) {
    const reason = row.answer?.reason ?? "invalid_property";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const parts = [
    ...LEVELS.map((level) => ({ label: confidenceName(level), count: count(level), kind: level })),
    { label: t("status.refused"), count: refused.length, kind: "refused" },
  ];
  return h(
    "div",
    {},
    h("h3", { class: "h6" }, t("portfolio.confidence")),
    mix({ parts, label: t("portfolio.confidence") }),
    reasons.size > 0 &&
      h(
        "ul",
        { class: "small mt-2" },
        [...reasons].map(([reason, each]) => h("li", {}, `${reasonName(reason)}: ${number(each)}`)),
      ),
  );
}

function map(valued, state, currency, context) {
  const { signal } = context;
  const place = h("div", { class: "results-map" });
  const perM2 = valued.map((row) => row.answer.value / row.home.net_usable_area);
  const points = valued.map((row, index) => ({
    latitude: row.home.latitude,
    longitude: row.home.longitude,
    value: perM2[index],
    label: `${row.home.client_ref ?? t("portfolio.detail", { line: row.line })} · ${row.home.sector} · ${money(row.answer.value, currency)}`,
  }));
  const onPoint = (index) => details(valued[index], state, currency, context);
  makeMap(place, { label: t("portfolio.map"), onPoint }).then((made) => {
    if (signal.aborted) return made.remove();
    made.points(points, { legend: { title: t("portfolio.per_m2"), format: (value) => money(value, currency) } });
    made.fit();
    signal.addEventListener("abort", () => made.remove());
    return undefined;
  });
  return h("div", { class: "wide" }, h("h3", { class: "h6" }, t("portfolio.map")), place);
}

const quantile = (sorted, share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];

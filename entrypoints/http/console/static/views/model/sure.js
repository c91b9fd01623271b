// Whether intervals hold what they promise, and how wide they are for it.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { confidenceName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { bars, lines } from "../../parts/charts/index.js";
import { HOW_SURE, written } from "./figures.js";
import { pair, panel, plainTable, section } from "./layout.js";
import { figureName } from "./names.js";

/** The section. */
export function sureSection({ card, kept }) {
  const { interval } = card;
  const level = percent(interval.level);
  return section(
    t("model.sure"),
    pair(
      panel(t("model.intervals"), t("model.intervals.text", { level }), intervals(card)),
      kept((evaluation) =>
        panel(t("model.calibration"), t("model.calibration.text"), calibration([["", evaluation]]), widths(evaluation)),
      ),
    ),
    pair(
      interval.coverage_by_decile?.length > 0 && panel(t("model.deciles"), t("model.deciles.text"), deciles(interval)),
      interval.by_confidence?.length > 0 &&
        panel(t("model.confidence"), t("model.confidence.text"), byConfidence(interval)),
    ),
    interval.hit_rates?.length > 0 &&
      pair(
        panel(t("model.hits"), t("model.hits.text"), hits([["", interval]], "share")),
        panel(t("model.hit-errors"), t("model.hit-errors.text"), hits([["", interval]], "mdape")),
      ),
  );
}

/** What was held at each level promised; `evaluations`: [[name, evaluation], ...]. */
export const calibration = (evaluations) =>
  lines({
    series: evaluations.map(([name, { levels }]) => ({
      name: name || t("model.held"),
      points: levels.map(({ level, coverage }) => [level, coverage]),
    })),
    reference: "diagonal",
    markers: true,
    xLabel: t("model.promised"),
    yLabel: t("model.held"),
    xFormat: (value) => percent(value),
    yFormat: (value) => percent(value),
    label: t("model.calibration"),
  });

/** How many homes have an FSD of at most so much (`share`), or how far off they are (`mdape`). */
export function hits(intervals, what) {
  const series = intervals.map(([name, { hit_rates: rates }]) => ({
    name: name || t(`model.hits.${what}`),
    points: rates.map((rate) => [rate.fsd_at_most, rate[what]]),
  }));
  const exact = (value) => percent(value, what === "mdape" ? 1 : 0);
  return lines({
    series,
    markers: true,
    zero: true,
    xLabel: t("model.fsd-at-most"),
    yLabel: t(`model.hits.${what}`),
    xFormat: (value) => percent(value, value * 100 === Math.round(value * 100) ? 0 : 1),
    yFormat: exact,
    label: t("model.hits"),
  });
}

function intervals(card) {
  return plainTable({
    caption: t("model.intervals"),
    head: [{ label: t("model.figure") }, { label: t("model.here"), number: true }],
    rows: HOW_SURE.map((name) => [figureName(name), written(name, card)]),
  });
}

const widths = ({ levels }) =>
  plainTable({
    caption: t("model.widths"),
    head: [
      { label: t("model.promised") },
      { label: t("model.held"), number: true },
      { label: t("model.mean-width"), number: true },
      { label: t("model.median-width"), number: true },
    ],
    rows: levels.map((each) => [
      percent(each.level),
      percent(each.coverage, 1),
      percent(each.mean_width),
      percent(each.median_width),
    ]),
  });

function deciles({ level, coverage_by_decile: shares }) {
  const name = (place) =>
    place === 0 ? t("model.cheapest") : place === shares.length - 1 ? t("model.dearest") : number(place + 1);
  const items = shares.map((value, place) => ({
    label: name(place),
    value,
    kind: value < level - 0.05 ? "warn" : "main",
  }));
  return [
    bars({
      items,
      format: (value) => percent(value),
      label: t("model.deciles"),
      reference: { at: level, label: t("model.promised-at", { level: percent(level) }) },
    }),
    h("p", { class: "explained mb-0" }, t("model.deciles.note")),
  ];
}

const byConfidence = ({ by_confidence: levels, level }) =>
  plainTable({
    caption: t("model.confidence"),
    head: [
      { label: t("model.confidence.level") },
      { label: t("model.column.sales"), number: true },
      { label: t("model.share"), number: true },
      { label: "MdAPE", number: true },
      { label: t("model.held-at", { level: percent(level) }), number: true },
      { label: t("model.one-fsd"), number: true },
    ],
    rows: levels.map((each) => [
      h("span", { class: `level-${each.level}` }, confidenceName(each.level)),
      number(each.sales),
      percent(each.share, 1),
      percent(each.mdape, 1),
      percent(each.coverage, 1),
      percent(each.fsd_coverage, 1),
    ]),
  });

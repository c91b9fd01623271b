// The figures of a model card: where they stand, how they are written, and which of two is the better.

import { money, percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { fixed } from "./digits.js";
import { ACCEPTED } from "./ranges.js";

const share = (value) => percent(value, 1);
const ratio = (value) => fixed(value, 3);
const hundredths = (value) => percent(typeof value === "number" ? value / 100 : value, 1);
const points = (value) => t("model.points", { points: fixed(value * 100, 1) });
const hundredthPoints = (value) => t("model.points", { points: fixed(value, 1) });

// How far a figure is from the best that it can be: the less the better.
const less = (value) => value;
const more = (value) => -value;
const near = (target) => (value) => Math.abs(value - target);
const nearPromise = (value, card) => Math.abs(value - card.interval.level);
// The standard mistrusts a COD below its range: values that close to prices are seldom made without sight of them.
const dispersion = (value) => (value < ACCEPTED.cod.low ? 2 * ACCEPTED.cod.low - value : value);
const ofError = (name) => (card) => card.metrics[name];
const ofStudy = (name) => (card) => card.ratio_study[name] ?? null;
const ofInterval = (name) => (card) => card.interval[name] ?? null;

/** By name: {of(card), format(value, card), gap: how a difference is written, off(value, card): the less the better}. */
export const FIGURES = {
  mdape: { of: ofError("mdape"), format: share, gap: points, off: less },
  mape: { of: ofError("mape"), format: share, gap: points, off: less },
  pe10: { of: ofError("pe10"), format: share, gap: points, off: more },
  pe20: { of: ofError("pe20"), format: share, gap: points, off: more },
  mae: { of: ofError("mae"), format: (value, card) => money(value, card.currency), off: less },
  rmse: { of: ofError("rmse"), format: (value, card) => money(value, card.currency), off: less },
  r2: { of: ofError("r2"), format: ratio, off: more },
  median: { of: ofStudy("median"), format: ratio, off: near(1) },
  cod: { of: ofStudy("cod"), format: hundredths, gap: hundredthPoints, off: dispersion },
  prd: { of: ofStudy("prd"), format: ratio, off: near(1) },
  prb: { of: ofStudy("prb"), format: ratio, off: near(0) },
  mki: { of: ofStudy("mki"), format: ratio, off: near(1) },
  vei: { of: ofStudy("vei"), format: hundredths, gap: hundredthPoints, off: near(0) },
  vei_significance: { of: ofStudy("vei_significance"), format: hundredths, gap: hundredthPoints, off: less },
  coverage: { of: ofInterval("coverage"), format: share, gap: points, off: nearPromise },
  worst_decile: { of: ofInterval("worst_decile"), format: share, gap: points, off: nearPromise },
  cheapest_fifth: { of: ofInterval("cheapest_fifth"), format: share, gap: points, off: nearPromise },
  mean_width: { of: ofInterval("mean_width"), format: share, gap: points, off: less },
  fsd_coverage: { of: ofInterval("fsd_coverage"), format: share, gap: points, off: near(0.6827) },
};

/** Figures by what they tell. */
export const HOW_GOOD = ["mdape", "mape", "pe10", "pe20", "mae", "rmse", "r2"];
export const HOW_FAIR = ["median", "cod", "prd", "prb", "mki", "vei", "vei_significance"];
export const HOW_SURE = ["coverage", "worst_decile", "cheapest_fifth", "mean_width", "fsd_coverage"];

/** A figure of a card as it is written; a dash where the card has none. */
export const written = (name, card) => FIGURES[name].format(FIGURES[name].of(card), card);

/** The 95 % interval of a figure as it is written, or null. */
export function interval(name, card) {
  const ends = card.ratio_study.intervals?.[name];
  return ends
    ? t("model.between", { low: FIGURES[name].format(ends[0], card), high: FIGURES[name].format(ends[1], card) })
    : null;
}

/** How much the second card's figure differs, as it is written with its sign; null where one has none. */
export function difference(name, one, other) {
  const { of, format, gap = format } = FIGURES[name];
  if (of(one) === null || of(other) === null) return null;
  const step = of(other) - of(one);
  const size = gap(Math.abs(step), one);
  if (size === gap(0, one)) return size;
  return `${step > 0 ? "+" : "-"}${size}`;
}

/** Which card's figure is the better: 0, 1, or -1 where they are alike as written; null where one has none. */
export function better(name, one, other) {
  const { of, off } = FIGURES[name];
  const [first, second] = [of(one), of(other)];
  if (first === null || second === null) return null;
  const [a, b] = [off(first, one), off(second, other)];
  if (written(name, one) === written(name, other) || Math.abs(a - b) < 1e-9) return -1;
  return a < b ? 0 : 1;
}

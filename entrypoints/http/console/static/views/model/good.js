// How near values come to prices.

import { shortMoney } from "../../core/format.js";
import { t } from "../../core/words.js";
import { histogram, scatter } from "../../parts/charts/index.js";
import { fixed } from "./digits.js";
import { FIGURES, HOW_GOOD, interval, written } from "./figures.js";
import { pair, panel, plainTable, section } from "./layout.js";
import { figureName } from "./names.js";
import { homeWords, pointsOf } from "./points.js";

/** The section. */
export function goodSection({ card, kept }) {
  return section(
    t("model.good"),
    kept(
      (evaluation) =>
        pair(
          panel(t("model.scatter"), t("model.scatter.text"), valuesAgainstPrices(evaluation)),
          panel(t("model.ratios"), t("model.ratios.text"), ratios(evaluation)),
        ),
      { telling: true },
    ),
    panel(t("model.errors"), t("model.errors.text"), figures(card)),
  );
}

/** Values over prices; `also`: figures that the axes are to hold, too. */
export function valuesAgainstPrices(evaluation, also) {
  const points = pointsOf(evaluation).map((each) => ({
    x: each.price,
    y: each.value,
    label: homeWords(each),
    kind: each.low <= each.price && each.price <= each.high ? "main" : "warn",
  }));
  const format = (value) => (value === undefined ? "" : shortMoney(value, evaluation.currency));
  return scatter({
    points,
    also,
    log: true,
    diagonal: true,
    format,
    xLabel: t("model.price"),
    yLabel: t("model.value"),
    label: t("model.scatter"),
    kinds: { main: t("model.held-in"), warn: t("model.held-out") },
  });
}

function ratios({ ratios: { edges, counts }, points }) {
  const sorted = points.value.map((value, index) => value / points.price[index]).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  const marks = sorted.length ? [{ at: middle, label: t("model.median-mark", { ratio: fixed(middle, 2) }) }] : [];
  return histogram({
    edges,
    counts,
    marks,
    label: t("model.ratio"),
    format: (value) => fixed(value, 2),
    countLabel: t("model.of-sales"),
  });
}

function figures(card) {
  const before = { ...card, metrics: card.cross_validation };
  return plainTable({
    caption: t("model.errors"),
    head: [
      { label: t("model.figure") },
      { label: t("model.holdout"), number: true },
      { label: t("model.ends"), number: true },
      { label: t("model.cross"), number: true },
    ],
    rows: HOW_GOOD.map((name) => [
      figureName(name),
      written(name, card),
      interval(name, card) ?? "–",
      FIGURES[name].format(FIGURES[name].of(before), card),
    ]),
  });
}

// Whether values are as fair to dear homes as to cheap ones, and in one place as in another: the ratio study.

import { money } from "../../core/format.js";
import { t, tn } from "../../core/words.js";
import { boxes } from "../../parts/charts/index.js";
import { fixed } from "./digits.js";
import { errorMap } from "./error-map.js";
import { FIGURES, HOW_FAIR, interval, written } from "./figures.js";
import { pair, panel, plainTable, section, verdict } from "./layout.js";
import { figureName } from "./names.js";
import { rangeWords, within } from "./ranges.js";

/** The section. */
export function fairSection({ card, kept, signal }) {
  return section(
    t("model.fair"),
    panel(t("model.study"), t("model.study.text", { sales: tn("model.sales", card.ratio_study.count) }), study(card)),
    kept((evaluation) => [
      pair(
        panel(t("model.by-price"), t("model.boxes.text"), ratioBoxes(byPrice(evaluation), t("model.by-price"))),
        panel(t("model.by-type"), t("model.boxes.text"), ratioBoxes(evaluation.by_type, t("model.by-type"))),
      ),
      pair(
        panel(t("model.by-sector"), t("model.boxes.text"), ratioBoxes(evaluation.by_sector, t("model.by-sector"))),
        panel(t("model.where"), t("model.where.text"), errorMap(evaluation, signal)),
      ),
    ]),
  );
}

/** Tenths by the value given, which is what is known when a home is valued; cheapest first, each named by its ends. */
export function byPrice({ by_price: groups, currency }) {
  return groups.map((group, place) => ({
    ...group,
    group: place,
    label: t("model.between", { low: money(group.low, currency), high: money(group.high, currency) }),
  }));
}

/** The middle half of the ratios of each group. */
export function ratioBoxes(groups, label) {
  const items = groups.map((group) => ({
    label: group.label,
    low: group.low_quartile,
    middle: group.median,
    high: group.high_quartile,
    count: group.sales,
  }));
  return boxes({ items, label, format: (value) => fixed(value, 2), reference: { at: 1, label: t("model.even") } });
}

function study(card) {
  return plainTable({
    caption: t("model.study"),
    head: [
      { label: t("model.figure") },
      { label: t("model.here"), number: true },
      { label: t("model.ends"), number: true },
      { label: t("model.accepted"), number: true },
      { label: t("model.verdict") },
    ],
    rows: HOW_FAIR.map((name) => [
      figureName(name),
      written(name, card),
      interval(name, card) ?? "–",
      rangeWords(name),
      verdict(within(name, FIGURES[name].of(card)), t("model.within"), t("model.outside")),
    ]),
  });
}

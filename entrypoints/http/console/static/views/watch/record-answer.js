// What was answered: the value with its interval, how sure it is, and why.

import { finding } from "../../core/findings.js";
import { h } from "../../core/dom.js";
import { money, number, percent } from "../../core/format.js";
import { limitInShort } from "../../core/limits.js";
import { confidenceName, fieldName, reasonName } from "../../core/names.js";
import { language, t } from "../../core/words.js";
import { priceScale, waterfall } from "../../parts/charts/index.js";

/** The panel of the value, or of why there is none. */
export function answered(told) {
  if (told.status === "refused") {
    return h(
      "div",
      { class: "panel" },
      h("h3", {}, t("record.refused")),
      h("p", {}, h("strong", {}, reasonName(told.reason))),
      h("p", { class: "m-0" }, finding(told.reason_detail)),
    );
  }
  const { value, value_low: low, value_high: high, interval_level: level, currency } = told;
  const prices = (told.comparables ?? []).map((each) => each.adjusted_price);
  return h(
    "div",
    { class: "panel" },
    h("p", { class: "record-value" }, money(value, currency)),
    h("p", {}, t("record.interval", { level: percent(level), low: money(low, currency), high: money(high, currency) })),
    priceScale({ value, low, high, level, currency, prices, pricesLabel: t("record.adjusted") }),
    h(
      "p",
      { class: `level-${told.confidence_level} fw-semibold mt-2 mb-1` },
      t("record.confidence", {
        level: confidenceName(told.confidence_level),
        score: told.confidence_score,
        fsd: number(told.fsd, 3),
      }),
    ),
    told.limiting_factors.length > 0 && [
      h("h3", { class: "h6 mt-2 mb-1" }, t("record.limits")),
      h(
        "ul",
        { class: "mb-0" },
        told.limiting_factors.map((slug) => h("li", {}, limitInShort(slug))),
      ),
    ],
    warnings(told),
  );
}

const warnings = ({ warnings: said }) =>
  said.length > 0 &&
  h(
    "ul",
    { class: "small text-body-secondary mt-2 mb-0", lang: language() === "en" ? undefined : "en" },
    said.map((each) => h("li", {}, each)),
  );

/** The panel of the explanation, where there was one. */
export function why({ explanation, value, currency }) {
  if (!explanation) return null;
  const contributions = explanation.contributions.map(({ feature, effect }) => ({ label: fieldName(feature), effect }));
  return h(
    "div",
    { class: "panel" },
    h("h3", {}, t("record.why")),
    waterfall({ base: explanation.base_value, contributions, total: value, currency }),
  );
}

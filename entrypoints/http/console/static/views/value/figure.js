// The answer at a glance: the value, its interval among the sector's prices, and how sure it is; or that there is none.

import { finding } from "../../core/findings.js";
import { h } from "../../core/dom.js";
import { area, day, money, percent } from "../../core/format.js";
import { fieldName, reasonName, shown } from "../../core/names.js";
import { has, t } from "../../core/words.js";
import { priceScale } from "../../parts/charts/index.js";
import { confidence, limits } from "./confidence.js";

/** What was valued, in one line. */
export const inOneLine = (home) =>
  [`${shown(home.type)}, ${shown(home.sector)}`, area(home.net_usable_area)].join(" · ");

/** The share of the interval as it is said: "90 %". */
export const levelText = (level) => percent(level, Number.isInteger(Math.round(level * 1e6) / 1e4) ? 0 : 1);

/** A value and what it is told with. `prices`: {prices, label} behind the interval. */
export function figure({ answer, home, prices }) {
  const { currency, value, value_low: low, value_high: high } = answer;
  const perM2 = (amount) =>
    money(amount / home.net_usable_area, currency, { decimals: amount / home.net_usable_area < 100 ? 2 : 0 });
  return [
    h(
      "div",
      { class: "figure-head" },
      h(
        "div",
        { class: "figure-value" },
        h("p", { class: "eyebrow" }, `${inOneLine(home)} · ${day(answer.valuation_date)}`),
        h("p", { class: "amount" }, money(value, currency)),
        h(
          "p",
          { class: "between" },
          t("value.between", {
            level: levelText(answer.interval_level),
            low: money(low, currency),
            high: money(high, currency),
          }),
        ),
        h(
          "p",
          { class: "per-m2" },
          h("strong", {}, t("value.per-m2", { price: perM2(value) })),
          " ",
          h(
            "span",
            { class: "text-body-secondary" },
            t("value.per-m2.between", { low: perM2(low), high: perM2(high) }),
          ),
        ),
      ),
      confidence(answer),
    ),
    priceScale({
      value,
      low,
      high,
      level: answer.interval_level,
      currency,
      prices: prices?.prices ?? [],
      pricesLabel: prices?.label,
    }),
    h("div", { class: "figure-notes" }, limits(answer), percentiles(answer)),
  ];
}

const percentiles = ({ percentiles: prices, currency }) =>
  prices &&
  h(
    "details",
    { class: "percentiles" },
    h("summary", {}, t("value.percentiles")),
    h("p", { class: "small text-body-secondary mb-1" }, t("value.percentiles.text")),
    h(
      "table",
      { class: "table table-sm" },
      h("caption", { class: "visually-hidden" }, t("value.percentiles")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("value.percentile")),
          h("th", { scope: "col", class: "text-end" }, fieldName("price")),
        ),
      ),
      h(
        "tbody",
        {},
        Object.entries(prices)
          .sort(([one], [other]) => one - other)
          .map(([share, price]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, percent(Number(share) / 100)),
              h("td", { class: "text-end tabular" }, money(price, currency)),
            ),
          ),
      ),
    ),
  );

/** That no value is given, why, and what can be done. */
export function refused({ answer, home }) {
  const said = has(`value.refused.${answer.reason}`) ? answer.reason : "other";
  const others = answer.warnings.filter((text) => text !== answer.reason_detail);
  return [
    h("p", { class: "eyebrow" }, inOneLine(home)),
    h("h3", { class: "refused-title" }, reasonName(answer.reason)),
    h("p", {}, t(`value.refused.${said}`)),
    h("h4", { class: "h6" }, t("value.check")),
    h(
      "ul",
      {},
      t(`value.check.${said}`)
        .split(" | ")
        .map((text) => h("li", {}, text)),
    ),
    h("h4", { class: "h6" }, t("value.detail")),
    h("p", { class: "mb-1" }, finding(answer.reason_detail)),
    others.map((text) => h("p", { lang: "en", class: "mb-1" }, text)),
    h("p", { class: "text-body-secondary mt-3 mb-0" }, t("value.refused.why")),
  ];
}

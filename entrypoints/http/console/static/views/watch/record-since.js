// What was said of a valuation since: sales, and values that valuers hold instead.

import { h } from "../../core/dom.js";
import { day, money, moment, number } from "../../core/format.js";
import { t } from "../../core/words.js";

/** The sales and overrides of a record, in the order of telling. */
export function since(told) {
  const { currency } = told;
  const sales = told.outcomes.map((each) => [
    each,
    [t("record.outcome", { price: money(each.price, currency), day: day(each.sold_on) }), tested(each, told)]
      .filter(Boolean)
      .join("; "),
  ]);
  const overrides = told.overrides.map((each) => [
    each,
    t("record.override", { valuer: each.valuer, value: money(each.value, currency), reason: each.reason }),
  ]);
  const all = [...sales, ...overrides].toSorted(([one], [other]) => one.recorded_at.localeCompare(other.recorded_at));
  return [
    h("h3", {}, t("record.since")),
    all.length
      ? h(
          "ul",
          { class: "m-0" },
          all.map(([each, said]) =>
            h(
              "li",
              {},
              said,
              h(
                "div",
                { class: "small text-body-secondary" },
                t("record.told_by", { when: moment(each.recorded_at), who: each.key_id || each.by }),
              ),
            ),
          ),
        )
      : h("p", { class: "text-body-secondary m-0" }, t("record.nothing_since")),
  ];
}

function tested(outcome, told) {
  if (outcome.sold_on < told.recorded_at.slice(0, 10)) return t("record.outcome_before");
  return told.value === null ? null : t("record.outcome_ratio", { ratio: number(told.value / outcome.price, 3) });
}

// What valuers hold in the place of the model's values.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { t, tn } from "../../core/words.js";

/** What there is to say of overrides; null where there are none. */
export function overrides({ count, compared, difference }) {
  if (!count) return null;
  const signed = (share) => `${share > 0 ? "+" : ""}${percent(share, 1)}`;
  const told =
    difference &&
    t("coverage.difference", {
      value: signed(difference.value),
      low: signed(difference.low),
      high: signed(difference.high),
      compared: number(compared),
    });
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, t("coverage.overrides")),
    h("p", { class: "m-0" }, [tn("coverage.overridden", count), told].filter(Boolean).join(" ")),
  );
}

// Whether two versions were judged by the same sales: else their figures are not to be held against each other alone.

import { h } from "../../core/dom.js";
import { day, number, percent } from "../../core/format.js";
import { t, tn } from "../../core/words.js";

/** A note that says so, with what differs. */
export function judgedAlike(one, other) {
  const [a, b] = [one, other];
  const given = a.validation.holdout_sha256;
  if (given && given === b.validation.holdout_sha256) return same(a);
  const split = [
    given !== b.validation.holdout_sha256 && t("model.differs.given"),
    a.data.sha256 !== b.data.sha256 && t("model.differs.sales", { one: a.data.source, other: b.data.source }),
    a.data.last_sale !== b.data.last_sale &&
      t("model.differs.last", { one: day(a.data.last_sale), other: day(b.data.last_sale) }),
    a.validation.scheme !== b.validation.scheme &&
      t("model.differs.scheme", {
        one: t(`model.scheme.${a.validation.scheme}`),
        other: t(`model.scheme.${b.validation.scheme}`),
      }),
    a.validation.test_fraction !== b.validation.test_fraction &&
      t("model.differs.share", {
        one: percent(a.validation.test_fraction),
        other: percent(b.validation.test_fraction),
      }),
    a.validation.scheme !== "temporal" && a.seed !== b.seed && t("model.differs.seed", { one: a.seed, other: b.seed }),
    a.validation.test !== b.validation.test &&
      t("model.differs.count", { one: number(a.validation.test), other: number(b.validation.test) }),
  ].filter(Boolean);
  if (!split.length) return same(a);
  return h(
    "div",
    { class: "alert alert-warning", role: "note" },
    h("strong", {}, t("model.differs")),
    h(
      "ul",
      { class: "mb-0 mt-1" },
      split.map((text) => h("li", {}, text)),
    ),
  );
}

const same = ({ validation }) =>
  h(
    "div",
    { class: "alert alert-success", role: "note" },
    t("model.alike", { sales: tn("model.sales", validation.test) }),
  );

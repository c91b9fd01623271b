// What a value goes by, how it follows the market's prices, and what the model does not know.

import { h } from "../../core/dom.js";
import { day, percent } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { bars } from "../../parts/charts/index.js";
import { equityTable } from "./equity.js";
import { indexChart, monthlySales } from "./price-index.js";
import { pair, panel, section } from "./layout.js";

/** The section. */
export function effectsSection({ card }) {
  const dated = card.index.months.length > 0;
  return section(
    t("model.effects"),
    pair(
      panel(
        t("model.importance"),
        t(Object.keys(card.importance).length ? "model.importance.text" : "model.importance.none"),
        Object.keys(card.importance).length > 0 && importance(card),
      ),
      panel(
        t("model.limits"),
        null,
        h(
          "ul",
          { class: "limits" },
          limits(card).map((text) => h("li", {}, text)),
        ),
      ),
    ),
    dated
      ? pair(
          panel(
            t("model.index"),
            t("model.index.text", { day: day(card.index.reference) }),
            indexChart([["", card.index]]),
          ),
          panel(t("model.monthly"), null, monthlySales(card.index)),
        )
      : panel(t("model.index"), t("model.undated")),
    panel(
      t("model.equity"),
      t(card.equity ? (card.equity_applied ? "model.equity.applied" : "model.equity.offered") : "model.equity.none"),
      card.equity && equityTable(card),
    ),
  );
}

/** By how much a field moves a value, a mean effect on its logarithm, as a share of the value. */
export const moved = (effect) => Math.expm1(effect);

const importance = ({ importance: effects }) =>
  bars({
    items: Object.entries(effects).map(([name, effect]) => ({ label: fieldName(name), value: moved(effect) })),
    format: (value) => percent(value, 1),
    label: t("model.importance"),
  });

function limits({ unknown, index }) {
  const grown = Object.entries(unknown)
    .sort(([, one], [, other]) => other - one)
    .map(([name, factor]) => `${fieldName(name)} ${percent(factor - 1)}`);
  const { months, drift, drift_months: ahead, reference } = index;
  const sentences = [
    t("model.limits.fields"),
    grown.length > 0 && t("model.limits.unknown", { grown: grown.join(", ") }),
    t("model.limits.market"),
  ];
  if (!months.length) return [...sentences, t("model.limits.undated")].filter(Boolean);
  const monthly = Math.expm1(drift.all);
  const on =
    ahead && monthly
      ? t("model.limits.drift", { change: percent(monthly, 2), months: tn("model.months", ahead) })
      : t("model.limits.held");
  return [...sentences, t("model.limits.dated", { first: day(`${months[0]}-01`), last: day(reference), on })].filter(
    Boolean,
  );
}

// All that is shown of an answer.

import { curl } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { money, percent } from "../../core/format.js";
import { sales } from "../../core/market.js";
import { fieldName, reasonName, shown } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { copyBlock, copyButton } from "../../parts/copy.js";
import { waterfall } from "../../parts/charts/index.js";
import { comparablesTable, onMap } from "./comparables.js";
import { figure, refused } from "./figure.js";
import { known } from "./names.js";
import { makeSheet } from "./sheet.js";
import { whatIf } from "./what-if.js";

const PATH = "/v1/valuations";

/** A part of the view with a heading. */
const panel = (title, kind, ...content) => {
  const id = newId("part");
  return h("section", { class: `panel ${kind}`, "aria-labelledby": id }, h("h2", { id }, title), content);
};

/**
 * Shows `state.answer` in `parts`: {above, below}, elements before and after the map, and its sheet in `paper`. `place` is
 * told of the comparables; `columns()` promises all sales, or null; `onTake(home)`: a changed home goes to the form.
 */
export async function showResult({ market, state, signal, parts, paper, place, columns, onTake }) {
  const { answer, home, sent } = state;
  const valued = answer.status === "valued";
  const prices = valued ? await pricesBehind(market, home, columns) : null;
  const all = valued ? await columns() : null;
  if (signal.aborted || state.answer !== answer) return;
  const context = { market, state, answer, home, prices, sold: all?.sales ?? null, signal, onTake };
  const sheet = valued ? makeSheet(context) : null;
  fill(paper, sheet?.element);
  const print =
    sheet &&
    h(
      "button",
      { type: "button", class: "btn btn-sm btn-primary", on: { click: () => print_(sheet) } },
      t("value.print"),
    );
  fill(
    parts.above,
    panel(
      t(valued ? "value.result" : "value.result.none"),
      `result-panel${valued ? "" : " is-refused"}`,
      valued ? figure(context) : refused(context),
      h("div", { class: "result-foot" }, record(answer), print),
    ),
    valued &&
      h(
        "div",
        { class: "pair" },
        panel(t("value.why"), "why-panel", why(answer)),
        panel(
          t("value.what-if"),
          "what-if-panel",
          h("p", { class: "small text-body-secondary" }, t("value.what-if.text")),
          whatIf(context),
        ),
      ),
  );
  place.comparables(valued ? onMap(answer.comparables, answer.currency) : []);
  fill(
    parts.below,
    valued &&
      panel(
        t("value.comparables"),
        "comparables-panel",
        h("p", { class: "small text-body-secondary" }, t("value.comparables.text")),
        comparablesTable({ answer, home, market, onPoint: place.highlight }),
      ),
    h(
      "details",
      { class: "panel request" },
      h("summary", {}, t("value.request")),
      h("p", { class: "small text-body-secondary mt-2" }, t("value.request.text")),
      copyBlock(curl("POST", PATH, { body: sent.body, query: sent.query })),
    ),
  );
  if (sheet) {
    const fit = () => sheet.element.isConnected && sheet.fit();
    addEventListener("beforeprint", fit, { signal });
    // Its chart is drawn as wide as the sheet is by then: so it must be fitted before it is printed, too.
    requestAnimationFrame(() => requestAnimationFrame(fit));
  }
}

function print_(sheet) {
  sheet.fit();
  print();
}

/** In a sentence, for those who hear it. */
export const announced = ({
  status,
  reason,
  value,
  value_low: low,
  value_high: high,
  interval_level: level,
  currency,
}) =>
  status === "valued"
    ? `${fieldName("value")}: ${money(value, currency)}. ${t("value.between", { level: percent(level), low: money(low, currency), high: money(high, currency) })}`
    : t("value.refused", { reason: reasonName(reason) });

const why = ({ explanation, value: total, currency }) => [
  h("p", { class: "small text-body-secondary" }, t("value.why.text")),
  waterfall({
    base: explanation.base_value,
    contributions: explanation.contributions.map(({ feature, effect }) => ({ label: fieldName(feature), effect })),
    total,
    currency,
  }),
];

const record = ({ valuation_id: id, client_ref: reference, model }) =>
  h(
    "dl",
    { class: "record" },
    h(
      "div",
      {},
      h("dt", {}, t("value.id")),
      h(
        "dd",
        {},
        h("a", { href: `#/watch/valuation/${encodeURIComponent(id)}`, title: t("value.id.text") }, h("code", {}, id)),
        " ",
        copyButton(id),
      ),
    ),
    reference && h("div", {}, h("dt", {}, fieldName("client_ref")), h("dd", {}, reference)),
    h("div", {}, h("dt", {}, t("value.model")), h("dd", {}, model.version)),
  );

/** The prices behind the interval: those of the sector, or all where it has none. */
async function pricesBehind(market, home, columns) {
  const sector = known(market.sectors, home.sector);
  const own = sector && (await sales({ sector: sector.name }).catch(() => null));
  if (own?.sales.price.length)
    return {
      prices: own.sales.price,
      label: tn("value.prices.sector", own.sales.price.length, { sector: shown(sector.name) }),
    };
  const all = (await columns())?.sales.price ?? [];
  return all.length ? { prices: all, label: tn("value.prices.all", all.length) } : null;
}

// A row with its value, in a dialog.

import { h } from "../../core/dom.js";
import { day, money, number, percent, place } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { open } from "../../parts/dialog.js";
import { told } from "./output.js";

/** The interval of a row's value, or a dash. */
export const interval = ({ answer }, currency) =>
  answer?.value == null ? "–" : `${money(answer.value_low, currency)} – ${money(answer.value_high, currency)}`;

export function details(row, state, currency, { go }) {
  const { answer, home } = row;
  const facts = [
    ...state.file.header.map((name, column) => [name, row.cells[column] ?? ""]),
    answer?.value != null && [fieldName("value"), money(answer.value, currency)],
    answer?.value != null && [
      t("portfolio.interval"),
      `${interval(row, currency)} (${percent(answer.interval_level)})`,
    ],
    answer?.valuation_date && [fieldName("valuation_date"), day(answer.valuation_date)],
    home && [fieldName("location"), place(home.latitude, home.longitude)],
  ].filter(Boolean);
  const said = row.problems.length ? [told(row)] : (answer?.warnings ?? []);
  const body = [
    said.length > 0 &&
      h(
        "ul",
        { class: "alert alert-warning ps-4" },
        said.map((text) => h("li", { lang: row.problems.length ? undefined : "en" }, text)),
      ),
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
  ];
  const record =
    answer?.valuation_id && h("button", { type: "button", class: "btn btn-primary" }, t("portfolio.record"));
  const dialog = open(t("portfolio.detail", { line: number(row.line) }), body, record);
  record?.addEventListener("click", () => {
    dialog.close();
    go("watch", "valuation", answer.valuation_id);
  });
}

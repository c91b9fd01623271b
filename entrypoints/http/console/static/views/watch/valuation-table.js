// Valuations as rows; on a phone as cards.

import { h } from "../../core/dom.js";
import { area, money, moment } from "../../core/format.js";
import { confidenceName, reasonName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { table } from "../../parts/table.js";

/** Gives {element, show(rows, empty)}; `open(row)` opens a record. */
export function valuationTable(open) {
  const holder = h("div", { class: "valuation-rows" });
  const columns = [
    {
      name: "when",
      label: t("list.when"),
      cell: (row) =>
        h(
          "a",
          { href: `#/watch/valuation/${encodeURIComponent(row.valuation_id)}` },
          h("time", { datetime: row.recorded_at }, moment(row.recorded_at)),
        ),
    },
    {
      name: "reference",
      label: t("list.reference"),
      cell: ({ client_ref: reference }) => h("span", { class: "reference" }, reference ?? ""),
    },
    {
      name: "home",
      label: t("list.home"),
      cell: (row) => [row.type, row.sector, area(row.net_usable_area)].filter(Boolean).join(" · "),
    },
    { name: "value", label: t("list.value"), cell: value, number: true },
    { name: "confidence", label: t("list.confidence"), cell: confidence },
    { name: "model", label: t("list.model"), cell: ({ model_version: version }) => version },
    {
      name: "key",
      label: t("list.key"),
      cell: ({ key_id: id }) => id && h("code", { class: "text-body-secondary" }, id),
    },
  ];
  const show = (rows, empty) =>
    holder.replaceChildren(
      table({ caption: t("list.caption"), columns, rows, pageSize: 0, onRow: open, empty }).element,
    );
  return { element: holder, show };
}

const value = (row) =>
  row.status === "refused"
    ? h("span", { class: "text-body-secondary" }, t("status.refused"))
    : [
        h("strong", {}, money(row.value, row.currency)),
        h(
          "span",
          { class: "between" },
          `${money(row.value_low, row.currency)} – ${money(row.value_high, row.currency)}`,
        ),
      ];

const confidence = (row) =>
  row.status === "refused"
    ? h("span", { class: "small" }, reasonName(row.reason))
    : h(
        "span",
        { class: `level-${row.confidence_level}` },
        `${confidenceName(row.confidence_level)} (${row.confidence_score})`,
      );

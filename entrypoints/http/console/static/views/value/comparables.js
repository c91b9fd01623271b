// The sales most like the home, adjusted to it: a table, and all adjustments of one of them in a dialog.

import { fill, h } from "../../core/dom.js";
import { area, day, distance, money, number, percent } from "../../core/format.js";
import { fieldName, shown } from "../../core/names.js";
import { t } from "../../core/words.js";
import { open } from "../../parts/dialog.js";
import { waterfall } from "../../parts/charts/index.js";
import { table } from "../../parts/table.js";
import { numberFields, withUnit } from "./units.js";

/** As the map takes them. */
export const onMap = (list, currency) =>
  list.map((each, index) => ({
    ...each,
    number: index + 1,
    label: `${money(each.price, currency)}, ${shown(each.sector)}, ${distance(each.distance_m)}`,
  }));

/** The adjustments, the largest first; those that come to nothing are left out. */
export const adjustmentsOf = ({ adjustments }) =>
  Object.entries(adjustments)
    .filter(([, amount]) => Math.abs(amount) >= 0.5)
    .sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));

/** A likeness as a bar and a figure. */
const likeness = (similarity) =>
  h(
    "span",
    { class: "likeness" },
    h("span", {
      class: "likeness-bar",
      "aria-hidden": "true",
      vars: { "--share": `${Math.min(similarity, 1) * 100}%` },
    }),
    percent(similarity),
  );

/** The table. `onPoint(index or null)` is told which row is pointed at. */
export function comparablesTable({ answer, home, market, onPoint }) {
  const { currency } = answer;
  const rows = answer.comparables.map((sale, index) => ({ sale, index, net: sale.adjusted_price - sale.price }));
  const number_ = ({ index }) => h("span", { class: "map-number" }, String(index + 1));
  const about = ({ sale }) =>
    h(
      "span",
      { class: "about" },
      h("span", {}, shown(sale.sector)),
      h("span", { class: "small text-body-secondary" }, [shown(sale.type), area(sale.net_usable_area)].join(" · ")),
    );
  const each = ({ sale }) =>
    adjustmentsOf(sale).map(([name, amount]) =>
      h(
        "span",
        { class: "adjustment" },
        fieldName(name),
        " ",
        h("span", { class: "figure" }, money(amount, currency, { sign: true })),
      ),
    );
  const columns = [
    { name: "number", label: "#", head: true, cell: number_, value: ({ index }) => index },
    { name: "home", label: t("value.sale"), cell: about },
    {
      name: "sold_on",
      label: fieldName("sold_on"),
      cell: ({ sale }) => h("span", { class: "figure" }, day(sale.sold_on)),
      value: ({ sale }) => sale.sold_on,
    },
    {
      name: "distance",
      label: t("value.distance"),
      number: true,
      cell: ({ sale }) => distance(sale.distance_m),
      value: ({ sale }) => sale.distance_m,
    },
    {
      name: "similarity",
      label: t("value.similarity"),
      cell: ({ sale }) => likeness(sale.similarity),
      value: ({ sale }) => sale.similarity,
    },
    {
      name: "price",
      label: fieldName("price"),
      number: true,
      cell: ({ sale }) => money(sale.price, currency),
      value: ({ sale }) => sale.price,
    },
    {
      name: "net",
      label: t("value.adjustments"),
      cell: (row) =>
        h(
          "span",
          { class: "adjustments" },
          h("span", { class: "figure net" }, money(row.net, currency, { sign: true })),
          h("span", { class: "each" }, each(row)),
        ),
      value: ({ net }) => net,
    },
    {
      name: "adjusted",
      label: t("value.adjusted"),
      number: true,
      cell: ({ sale }) => h("strong", {}, money(sale.adjusted_price, currency)),
      value: ({ sale }) => sale.adjusted_price,
    },
  ];
  const { element } = table({
    columns,
    rows,
    caption: t("value.comparables.table"),
    pageSize: 0,
    sort: { name: "number", up: true },
    onRow: (row) => details({ ...row, answer, home, market }),
  });
  const pointed = (event) => {
    const disc = event.target.closest("tbody tr")?.querySelector(".map-number");
    onPoint(disc ? Number(disc.textContent) - 1 : null);
  };
  for (const event of ["pointerover", "focusin"]) element.addEventListener(event, pointed);
  for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, () => onPoint(null));
  return element;
}

/** One sale beside the home: what differs, and what each difference comes to. */
function details({ sale, index, answer, home, market }) {
  const { currency } = answer;
  const chart = h("div");
  const fields = [
    ...["type", "sector"].map((name) => ({ name })),
    ...numberFields(market),
    ...market.features.categorical,
  ];
  const said = (field, value) =>
    typeof value === "number" ? withUnit(field, value) : value ? shown(String(value)) : "–";
  const amount = (name) =>
    Math.abs(sale.adjustments[name] ?? 0) >= 0.5 ? money(sale.adjustments[name], currency, { sign: true }) : "–";
  const line = (name, own, other) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, fieldName(name)),
      h("td", {}, own),
      h("td", {}, other),
      h("td", { class: "text-end text-nowrap" }, amount(name)),
    );
  const head = [
    t("value.feature"),
    t("value.this"),
    t("value.sale.number", { number: number(index + 1) }),
    t("value.adjustment"),
  ];
  const known = new Set([...fields.map(({ name }) => name), "location"]);
  const grid = h(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": t("value.adjustments") },
    h(
      "table",
      { class: "table table-sm beside" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((text, place) => h("th", { scope: "col", class: place === 3 ? "text-end" : undefined }, text)),
        ),
      ),
      h(
        "tbody",
        {},
        fields.map((field) =>
          line(field.name, said(field, home[field.name]), said(field, sale[field.name] ?? sale.extras[field.name])),
        ),
        line("location", "–", distance(sale.distance_m)),
        adjustmentsOf(sale)
          .filter(([name]) => !known.has(name))
          .map(([name]) =>
            line(
              name,
              name === "valuation_date" ? day(answer.valuation_date) : "–",
              name === "valuation_date" ? day(sale.sold_on) : "–",
            ),
          ),
      ),
    ),
  );
  const text = t("value.sale.text", {
    price: money(sale.price, currency),
    day: sale.sold_on ? day(sale.sold_on) : t("value.day.unknown"),
    own: money(sale.predicted_value, currency),
    adjusted: money(sale.adjusted_price, currency),
  });
  open(t("value.sale.title", { number: number(index + 1), id: sale.id }), [h("p", {}, text), grid, chart], null, {
    wide: true,
  });
  fill(
    chart,
    waterfall({
      base: sale.price,
      contributions: adjustmentsOf(sale).map(([name, effect]) => ({ label: fieldName(name), effect })),
      total: sale.adjusted_price,
      currency,
      baseLabel: fieldName("price"),
      totalLabel: t("value.adjusted"),
    }),
  );
}

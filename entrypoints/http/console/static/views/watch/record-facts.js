// What is on record beside the value: the home, the request, the model, the comparables.

import { h, withCode } from "../../core/dom.js";
import { area, day, distance, duration, money, moment, number, percent, place } from "../../core/format.js";
import { fieldName, shown } from "../../core/names.js";
import { t } from "../../core/words.js";
import { copyButton } from "../../parts/copy.js";
import { table } from "../../parts/table.js";

const pairs = (rows) =>
  h(
    "dl",
    { class: "pairs" },
    rows.filter(Boolean).map(([name, said]) => [h("dt", {}, name), h("dd", {}, said)]),
  );

/** When, by which key and by which model it was made. */
export function facts(told) {
  const { asked, model } = told;
  return h(
    "div",
    { class: "panel" },
    h("h3", {}, t("record.facts")),
    pairs([
      [t("record.at"), h("time", { datetime: told.recorded_at }, moment(told.recorded_at))],
      told.client_ref && [t("field.client_ref"), told.client_ref],
      [t("record.id"), [h("code", {}, told.valuation_id), " ", copyButton(told.valuation_id)]],
      [t("record.key"), h("code", {}, told.key_id)],
      [t("record.request"), h("code", {}, told.request_id)],
      [
        t("record.day"),
        asked.valuation_date ? day(asked.valuation_date) : `${day(told.valuation_date)} (${t("record.today")})`,
      ],
      [t("record.level"), asked.level === null ? t("record.own_level") : percent(asked.level)],
      [t("record.model"), [model.version, model.recipe].filter(Boolean).join(" · ")],
      model.trained_at && [t("record.trained"), moment(model.trained_at)],
      [t("record.digest"), h("code", { class: "text-break" }, told.artifact_sha256)],
      [t("record.took"), duration(told.latency_ms / 1000)],
      [t("record.schema"), number(told.schema_version)],
    ]),
    told.coordinate_decimals !== null &&
      h(
        "p",
        { class: "small text-body-secondary mt-2 mb-0" },
        t("record.coarser", { decimals: number(told.coordinate_decimals) }),
      ),
    h("p", { class: "small text-body-secondary mt-2 mb-0" }, withCode(t("record.chain"))),
  );
}

/** The home as it was described. */
export function home({ property }) {
  const said = (name, value) => {
    if (value === null) return "–";
    if (typeof value !== "number") return String(value);
    return name.endsWith("_area") ? area(value) : number(value, name === "latitude" || name === "longitude" ? 5 : 2);
  };
  return h(
    "div",
    { class: "panel" },
    h("h3", {}, t("record.home")),
    pairs(Object.entries(property).map(([name, value]) => [fieldName(name), said(name, value)])),
  );
}

/** The prices that shares of sales are expected to stay below. */
export function percentiles({ percentiles: told, currency }) {
  if (!told) return null;
  const rows = Object.entries(told)
    .toSorted(([one], [other]) => one - other)
    .map(([share, price]) => [percent(share / 100), money(price, currency)]);
  return h(
    "div",
    { class: "panel" },
    h("h3", {}, t("record.percentiles")),
    h("p", { class: "small text-body-secondary mb-1" }, t("record.percentile")),
    pairs(rows),
  );
}

/** The comparables, where they were asked for. */
export function comparables(told) {
  if (!told.comparables?.length) return null;
  const { currency } = told;
  const amount = (name, label) => ({
    name,
    label,
    cell: (row) => money(row[name], currency),
    value: (row) => row[name],
    number: true,
  });
  const { element } = table({
    caption: t("record.comparables"),
    pageSize: 0,
    rows: told.comparables,
    columns: [
      {
        name: "id",
        label: t("field.sector"),
        cell: (row) =>
          h("span", { title: place(row.latitude, row.longitude) }, `${shown(row.sector)} · ${shown(row.type)}`),
        head: true,
      },
      { name: "sold_on", label: t("field.sold_on"), cell: (row) => day(row.sold_on), value: (row) => row.sold_on },
      amount("price", t("field.price")),
      amount("adjusted_price", t("record.adjusted")),
      {
        name: "area",
        label: t("field.net_usable_area"),
        cell: (row) => area(row.net_usable_area),
        value: (row) => row.net_usable_area,
        number: true,
      },
      {
        name: "distance",
        label: t("record.distance"),
        cell: (row) => distance(row.distance_m),
        value: (row) => row.distance_m,
        number: true,
      },
      {
        name: "similarity",
        label: t("record.similarity"),
        cell: (row) => number(row.similarity, 2),
        value: (row) => row.similarity,
        number: true,
      },
    ],
  });
  return h("div", { class: "panel" }, h("h3", {}, t("record.comparables")), element);
}

// The fields of the form, from what /v1/market tells: each with the control that suits it.

import { percent, typed } from "../../core/format.js";
import { fieldName, shown } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { choiceField, countField, plainField, selectField } from "./field.js";
import { isCount, stepOf, unitOf } from "./units.js";

const LEVELS = [0.5, 0.8, 0.9, 0.95];

/** All fields: Map of name to field. `texts`: what was typed, by name; `onChange(name, text)`. */
export function makeFields(market, texts, onChange) {
  const fields = new Map();
  const add = (name, make, more) =>
    fields.set(
      name,
      make({ label: fieldName(name), value: texts[name] ?? "", onChange: (text) => onChange(name, text), ...more }),
    );
  const sold = ({ name, sales }) => ({ name: shown(name), note: tn("value.sales", sales) });
  for (const field of market.fields) {
    if (field.kind === "text")
      add(field.name, choiceField, { options: market[`${field.name}s`].map(sold), wide: true });
    else if (isCount(field))
      add(field.name, countField, {
        step: stepOf(field),
        least: field.at_least ?? 0,
        start: field.middle ?? field.at_least ?? 1,
      });
    else add(field.name, plainField, { unit: unitOf(field).trim(), attributes: { inputmode: "decimal" } });
  }
  for (const { name } of market.features.numeric) add(name, plainField, { attributes: { inputmode: "decimal" } });
  for (const { name, values } of market.features.categorical)
    add(name, choiceField, { options: (values ?? []).map((each) => ({ name: shown(each) })) });
  const { first, last } = market.valuation_days;
  add("valuation_date", plainField, { attributes: { type: "date", min: first, max: last } });
  add("client_ref", plainField, { wide: true, attributes: { maxlength: 200 } });
  return fields;
}

/** The level of the interval: shares of sales. */
export function levelField(market, value, onChange) {
  const levels = [...new Set([...LEVELS, market.interval_level])].sort((a, b) => a - b);
  const options = levels.map((level) => ({
    value: level,
    label: percent(level, Number.isInteger(Math.round(level * 1e6) / 1e4) ? 0 : 1),
  }));
  return selectField({
    label: t("value.level"),
    value: value ?? market.interval_level,
    options,
    onChange: (text) => onChange(Number(text)),
  });
}

/** A home's values as texts of the form. */
export const asTexts = (home) =>
  Object.fromEntries(
    Object.entries(home)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [
        name,
        typeof value === "number"
          ? typed(value)
          : name === "type" || name === "sector"
            ? shown(String(value))
            : String(value),
      ]),
  );

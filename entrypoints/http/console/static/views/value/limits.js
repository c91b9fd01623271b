// What is unusual about a figure, in the user's words.

import { number, read } from "../../core/format.js";
import { t } from "../../core/words.js";
import { known } from "./names.js";
import { unitOf, withUnit } from "./units.js";

/** What is unusual about a field as it was typed, though it may be sent; null where nothing is. `typed`: texts by field. */
export function unusual(field, typed, market) {
  const text = (typed[field.name] ?? "").trim();
  if (!text) return null;
  if (field.name === "type" || field.name === "sector")
    return known(market[`${field.name}s`], text) ? null : t(`value.unusual.${field.name}`);
  const value = read(text);
  if (!Number.isFinite(value)) return null;
  if (field.name === "net_usable_area" && value > read(typed.net_area ?? "")) return t("value.unusual.share");
  if (typeof field.low !== "number" || typeof field.high !== "number" || (value >= field.low && value <= field.high))
    return null;
  const decimals = field.unit === "degrees" ? 3 : 1;
  const said = (bound) => (field.further ? withUnit(field, bound) : number(bound, decimals));
  return t("value.unusual", { low: said(field.low), high: `${said(field.high)}${unitOf(field)}` });
}

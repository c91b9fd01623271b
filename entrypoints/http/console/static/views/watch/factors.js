// What makes a value less sure, by the API's slugs.

import { fieldName } from "../../core/names.js";
import { has, know, t } from "../../core/words.js";

know({
  "watch.factor.far_from_sales": ["far from any sale", "lejos de toda venta"],
  "watch.factor.sector_mismatch": ["place does not fit the sector", "la ubicación no calza con el sector"],
  "watch.factor.few_sales_in_sector": ["few sales in the sector", "pocas ventas en el sector"],
  "watch.factor.beyond_seen_usable_share": ["unusual share of usable area", "proporción inusual de superficie útil"],
  "watch.factor.usable_above_total_area": ["usable area above the total", "superficie útil mayor que la total"],
  "watch.factor.beyond_index": ["day beyond the price index", "fecha fuera del índice de precios"],
  "watch.factor.unknown": ["{field} not known to the model", "{field}: desconocido para el modelo"],
  "watch.factor.beyond_seen": ["{field} beyond what was seen", "{field}: más allá de lo visto"],
});

/** A limiting factor in a few words. */
export function factorName(slug) {
  if (has(`watch.factor.${slug}`)) return t(`watch.factor.${slug}`);
  for (const kind of ["unknown", "beyond_seen"]) {
    if (slug.startsWith(`${kind}_`)) return t(`watch.factor.${kind}`, { field: fieldName(slug.slice(kind.length + 1)) });
  }
  return slug.replaceAll("_", " ");
}

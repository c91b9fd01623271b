// What limits a value, by the API's slugs: as a sentence, and in a few words.

import { know } from "./words.js";

know({
  "limit.unknown_type": [
    "No sale is of this type: valued from the other features.",
    "Ninguna venta es de este tipo: se tasa por las demás características.",
  ],
  "limit.unknown_sector": [
    "No sale is in this sector: valued from the coordinates.",
    "Ninguna venta es de este sector: se tasa por las coordenadas.",
  ],
  "limit.unknown": [
    "{field}: no sale has this category, valued without it.",
    "{field}: ninguna venta tiene esta categoría, se tasa sin ella.",
  ],
  "limit.far_from_sales": ["The home is far from any known sale.", "La vivienda está lejos de toda venta conocida."],
  "limit.sector_mismatch": [
    "The place is far from the sales of its sector.",
    "El lugar está lejos de las ventas de su sector.",
  ],
  "limit.few_sales_in_sector": ["There are few sales in the sector.", "Hay pocas ventas en el sector."],
  "limit.beyond_seen": ["{field}: beyond all known sales.", "{field}: fuera de lo visto en las ventas."],
  "limit.beyond_seen_usable_share": [
    "The usable area is an unusually large part of the total.",
    "La superficie útil es una parte inusualmente grande de la total.",
  ],
  "limit.usable_above_total_area": [
    "The usable area is larger than the total area.",
    "La superficie útil es mayor que la total.",
  ],
  "limit.beyond_index": [
    "The day lies outside the known prices: its price level is a guess.",
    "La fecha está fuera de los precios conocidos: su nivel de precios es una conjetura.",
  ],

  "limit.short.far_from_sales": ["far from any sale", "lejos de toda venta"],
  "limit.short.sector_mismatch": ["place does not fit the sector", "la ubicación no calza con el sector"],
  "limit.short.few_sales_in_sector": ["few sales in the sector", "pocas ventas en el sector"],
  "limit.short.beyond_seen_usable_share": ["unusual share of usable area", "proporción inusual de superficie útil"],
  "limit.short.usable_above_total_area": ["usable area above the total", "superficie útil mayor que la total"],
  "limit.short.beyond_index": ["day beyond the price index", "fecha fuera del índice de precios"],
  "limit.short.unknown": ["{field} not known to the model", "{field}: desconocido para el modelo"],
  "limit.short.beyond_seen": ["{field} beyond what was seen", "{field}: más allá de lo visto"],
});

// Units as they are written after figures, and figures of fields with their units.

import { number } from "../../core/format.js";

const SIGNS = { m2: " m²", degrees: "°" };

/** What follows a figure of this field: " m²", "°" or nothing. */
export const unitOf = (field) => SIGNS[field?.unit] ?? "";

/** A figure of a field; years and the like, which further features may be, are written without groups. */
export const withUnit = (field, value) =>
  `${field.further && Number.isInteger(value) ? String(value) : number(value, field.unit === "degrees" ? 5 : 2)}${unitOf(field)}`;

/** Every field of the market that is a number, the further ones too (`further`), without the coordinates. */
export const numberFields = (market) => [
  ...market.fields.filter(({ kind, unit }) => kind === "number" && unit !== "degrees"),
  ...market.features.numeric.map((each) => ({ ...each, kind: "number", further: true })),
];

/** By how much a count is stepped: bathrooms by halves, a guest toilet being one. */
export const stepOf = (field) => (field.name === "n_bathroom" ? 0.5 : 1);

export const isCount = (field) => field.name.startsWith("n_");

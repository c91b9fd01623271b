// What fields, reasons, levels, types and sectors are called. A client's own further features keep their names.

import { has, t } from "./words.js";

const named = (group, name) => (has(`${group}.${name}`) ? t(`${group}.${name}`) : name.replaceAll("_", " "));

/** A field of a home, or of a contribution. */
export const fieldName = (name) => named("field", name);

/** Why a home is refused. */
export const reasonName = (slug) => named("reason", slug);

/** A level of confidence. */
export const confidenceName = (level) => named("confidence", level);

/** A type or sector: "north ames" as "North Ames"; a name that has capitals of its own stays as it is. */
export const shown = (name) =>
  name === name.toLowerCase()
    ? name.replace(/(^|[\s\-(/.'’])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase())
    : name;

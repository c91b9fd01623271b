// What fields, reasons and levels are called. A client's own further features keep their names.

import { has, t } from "./words.js";

const named = (group, name) => (has(`${group}.${name}`) ? t(`${group}.${name}`) : name.replaceAll("_", " "));

/** A field of a home, or of a contribution. */
export const fieldName = (name) => named("field", name);

/** Why a home is refused. */
export const reasonName = (slug) => named("reason", slug);

/** A level of confidence. */
export const confidenceName = (level) => named("confidence", level);

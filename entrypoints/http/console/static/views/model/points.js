// The sales that a version was judged by, one by one.

import { day } from "../../core/format.js";

/** The points of an evaluation, which come in columns, as objects. */
export function pointsOf({ points }) {
  const names = Object.keys(points);
  return points.price.map((_, index) => Object.fromEntries(names.map((name) => [name, points[name]?.[index] ?? null])));
}

/** What home it was, and when it was sold. */
export const homeWords = ({ type, sector, sold_on: sold }) =>
  [type, sector, sold && day(sold)].filter(Boolean).join(" · ");

// Sales and results as points of a map: where they stand, in which colour, what they say, and the legend.

import { money, number, shortMoney } from "../../core/format.js";
import { t } from "../../core/words.js";
import { edgeColour, kindColour, mutedColour, quantileBounds, ramp, spread, STEPS, stepOf } from "../colours.js";
import { standing } from "./extent.js";
import { kindsLegend, levelsLegend, stepsLegend } from "./legend.js";

const KINDS = ["high", "medium", "low", "refused", "ok", "warn", "bad", "other"];

/** A layer of points and what is known of them. `paint` gives it the colours of the present theme, or one if it lies behind. */
export const group = (layer, radius) => ({
  layer,
  radius,
  places: [],
  lines: () => [],
  legend: [],
  show(drawn) {
    Object.assign(this, drawn);
    layer.set(this.places, radius);
  },
  paint(behind = false) {
    const colours = [...ramp(), ...KINDS.map(kindColour)];
    layer.colours(behind ? colours.map(mutedColour) : colours, behind ? mutedColour() : edgeColour());
  },
});

/** Sales in columns, coloured by price per m2: {places, lines, legend}. */
export function ofSales(sales, currency) {
  const bounds = quantileBounds(sales.price_per_m2);
  const places = sales.latitude.map((latitude, index) => ({
    latitude,
    longitude: sales.longitude[index],
    step: stepOf(sales.price_per_m2[index], bounds),
    index,
  }));
  return {
    places: standing(places),
    lines: ({ index }) => [
      [sales.type?.[index], sales.sector?.[index]].filter(Boolean).join(" · "),
      sales.price && money(sales.price[index], currency),
      t("map.each-m2", { price: money(sales.price_per_m2[index], currency) }),
    ],
    legend: stepsLegend(
      bounds,
      (each) => (each >= 10_000 ? shortMoney(each, currency) : money(each, currency)),
      t("map.per-m2"),
    ),
  };
}

/** Results, coloured by kind, by level (0 to 1) or by value: {places, lines, legend}. */
export function ofPoints(points, { title, format = number, kinds, low, high } = {}) {
  const bounds = quantileBounds(points.map(({ value }) => value ?? NaN));
  const step = ({ kind, level, value }) => {
    if (kind) return STEPS + Math.max(KINDS.indexOf(kind), 0);
    return level === undefined ? stepOf(value, bounds) : spread(Math.min(Math.floor(level * STEPS), STEPS - 1), STEPS);
  };
  const byValue = bounds.length ? stepsLegend(bounds, format, title) : [];
  return {
    places: standing(points.map((each, index) => ({ ...each, step: step(each), index }))),
    lines: ({ label }) => String(label ?? "").split("\n"),
    legend: kinds ? kindsLegend(kinds, title) : low ? levelsLegend({ title, low, high }) : byValue,
  };
}

// What the IAAO's standard accepts, as domain/ratio_ranges.py has it.

import { percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { fixed } from "./digits.js";

/** From low to high, both accepted; COD and VEI in per cent. */
export const ACCEPTED = {
  median: { low: 0.9, high: 1.1 },
  cod: { low: 5, high: 15 },
  prd: { low: 0.98, high: 1.03 },
  prb: { low: -0.05, high: 0.05 },
  mki: { low: 0.95, high: 1.05 },
  vei: { low: -10, high: 10 },
  vei_significance: { low: null, high: 10 },
};

const IN_PER_CENT = ["cod", "vei", "vei_significance"];

/** Whether a figure is within its range; null where there is no range or no figure. */
export function within(name, value) {
  const range = ACCEPTED[name];
  if (!range || typeof value !== "number") return null;
  return (range.low === null || value >= range.low) && value <= range.high;
}

/** A range as it is written. */
export function rangeWords(name) {
  const { low, high } = ACCEPTED[name];
  const show = IN_PER_CENT.includes(name) ? (value) => percent(value / 100) : (value) => fixed(value, 2);
  return low === null
    ? t("model.at-most", { high: show(high) })
    : t("model.between", { low: show(low), high: show(high) });
}

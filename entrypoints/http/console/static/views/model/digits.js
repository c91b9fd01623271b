// Figures with as many decimals as their neighbours: 1.040 beside 0.992.

import { locale } from "../../core/words.js";

/** A number with exactly so many decimals; a dash where there is none. */
export const fixed = (value, decimals) =>
  typeof value === "number" && Number.isFinite(value)
    ? new Intl.NumberFormat(locale(), {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
        useGrouping: "always",
        signDisplay: "negative",
      }).format(value)
    : "–";

// What the calibration for vertical equity would change, and at what cost.

import { money, percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { fixed } from "./digits.js";
import { plainTable } from "./layout.js";

/** Figures of cross-validation without and with it. */
export function equityTable({ equity, equity_applied: applied, currency }) {
  const row = (name, figures) => [
    name,
    money(figures.mae, currency),
    percent(figures.mdape, 2),
    percent(figures.cod / 100, 1),
    fixed(figures.prd, 3),
    fixed(figures.prb, 3),
  ];
  return plainTable({
    caption: t("model.equity"),
    head: [
      { label: t("model.equity.calibration") },
      { label: "MAE", number: true },
      { label: "MdAPE", number: true },
      { label: "COD", number: true },
      { label: "PRD", number: true },
      { label: "PRB", number: true },
    ],
    rows: [row(t("model.equity.without"), equity.before), row(t("model.equity.with"), equity.after)],
    rowClass: (place) => (place === Number(applied) ? "in-use" : undefined),
  });
}

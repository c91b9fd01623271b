// How the level of prices moved, as a version learned it.

import { number } from "../../core/format.js";
import { locale, t } from "../../core/words.js";
import { lines } from "../../parts/charts/index.js";

const MOST = 6;

/** Price levels by month, 100 on the reference day. `indices`: [[name, index], ...]; of one index its groups are drawn. */
export function indexChart(indices) {
  const groups =
    indices.length > 1
      ? indices.map(([name, index]) => [name, index, "all"])
      : Object.keys(indices[0][1].log_levels)
          .slice(0, MOST)
          .map((group) => [group === "all" ? t("model.index.all") : group, indices[0][1], group]);
  const series = groups.map(([name, { months, log_levels: levels }, group]) => ({
    name,
    points: months.map((month, place) => [middleOf(month), 100 * Math.exp(levels[group][place])]),
  }));
  return lines({
    series,
    xLabel: t("model.month"),
    yLabel: t("model.level"),
    xFormat: monthName,
    yFormat: (value) => number(value, 1),
    reference: 100,
    label: t("model.index"),
  });
}

/** How many sales of each month the level was learned from. */
export const monthlySales = ({ months, counts }) =>
  lines({
    series: [{ name: t("model.of-sales"), points: months.map((month, place) => [middleOf(month), counts[place]]) }],
    zero: true,
    xLabel: t("model.month"),
    yLabel: t("model.of-sales"),
    xFormat: monthName,
    yFormat: (value) => number(value),
    label: t("model.monthly"),
  });

const middleOf = (month) => {
  const [year, place] = month.split("-").map(Number);
  return new Date(year, place - 1, 15).getTime();
};

const monthName = (moment) => new Intl.DateTimeFormat(locale(), { month: "short", year: "numeric" }).format(moment);

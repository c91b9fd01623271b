// The charts of two versions: in one picture where that can be read, else side by side on the same axes.

import { percent } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { lines, paired } from "../../parts/charts/index.js";
import { fixed } from "./digits.js";
import { moved } from "./effects.js";
import { errorMap } from "./error-map.js";
import { byPrice, ratioBoxes } from "./fair.js";
import { valuesAgainstPrices } from "./good.js";
import { pair, panel } from "./layout.js";
import { indexChart } from "./price-index.js";
import { calibration, hits } from "./sure.js";

const BIN = 0.05;
const ENDS = [0.4, 1.8];

/** Those of the two evaluations. */
export function comparedCharts(models, evaluations, signal) {
  const names = models.map(({ version }) => version);
  const named = evaluations.map((evaluation, place) => [names[place], evaluation]);
  const also = evaluations.flatMap(({ points }) => [...points.price, ...points.value]);
  return [
    pair(
      ...named.map(([name, evaluation]) =>
        panel(
          t("model.of", { chart: t("model.scatter"), version: name }),
          t("model.scatter.text"),
          valuesAgainstPrices(evaluation, also),
        ),
      ),
    ),
    pair(
      panel(t("model.ratios"), t("model.compare.ratios"), ratios(named)),
      panel(t("model.calibration"), t("model.calibration.text"), calibration(named)),
    ),
    pair(
      panel(t("model.by-price"), t("model.boxes.text"), ratioBoxes(mixed(named, byPrice), t("model.by-price"))),
      panel(
        t("model.by-type"),
        t("model.boxes.text"),
        ratioBoxes(
          mixed(named, (evaluation) => evaluation.by_type),
          t("model.by-type"),
        ),
      ),
    ),
    panel(t("model.compare.sectors"), t("model.compare.sectors.text"), bySector(names, evaluations)),
    pair(
      ...named.map(([name, evaluation]) =>
        panel(
          t("model.of", { chart: t("model.where"), version: name }),
          t("model.where.text"),
          errorMap(evaluation, signal, t("model.of", { chart: t("model.where"), version: name })),
        ),
      ),
    ),
  ];
}

/** Those of the two cards. */
export function comparedFromCards(models) {
  const named = models.map(({ version, card }) => [version, card.interval]);
  const [one, other] = models;
  const fields = [...new Set(models.flatMap(({ card }) => Object.keys(card.importance)))];
  const effect = ({ card }, name) => (name in card.importance ? moved(card.importance[name]) : null);
  const dated = models.every(({ card }) => card.index.months.length);
  return [
    pair(
      panel(t("model.deciles"), t("model.deciles.text"), deciles(named)),
      panel(t("model.hits"), t("model.hits.text"), hits(named, "share")),
    ),
    pair(
      panel(
        t("model.importance"),
        t("model.importance.text"),
        paired({
          items: fields.map((name) => ({ label: fieldName(name), a: effect(one, name), b: effect(other, name) })),
          aLabel: one.version,
          bLabel: other.version,
          format: (value) => percent(value ?? NaN, 1),
          label: t("model.importance"),
        }),
      ),
      dated &&
        panel(
          t("model.index"),
          t("model.compare.index"),
          indexChart(models.map(({ version, card }) => [version, card.index])),
        ),
    ),
  ];
}

const mixed = (named, groupsOf) => {
  const groups = named.map(([name, evaluation]) =>
    groupsOf(evaluation).map((group) => ({
      ...group,
      label: `${group.label} · ${name}`,
      group: group.group ?? group.label,
    })),
  );
  const order = [...new Set(groups.flat().map(({ group }) => group))];
  return order.flatMap((name) => groups.flatMap((each) => each.filter(({ group }) => group === name)));
};

/** The share of sales by ratio: shares, since the two may have been judged by more or fewer sales. */
function ratios(named) {
  const count = Math.round((ENDS[1] - ENDS[0]) / BIN);
  const series = named.map(([name, { points }]) => {
    const bins = new Array(count).fill(0);
    points.value.forEach(
      (value, index) =>
        (bins[Math.min(Math.max(Math.floor((value / points.price[index] - ENDS[0]) / BIN), 0), count - 1)] += 1),
    );
    return { name, points: bins.map((found, place) => [ENDS[0] + (place + 0.5) * BIN, found / points.value.length]) };
  });
  return lines({
    series,
    zero: true,
    xLabel: t("model.ratio"),
    yLabel: t("model.share-of-sales"),
    xFormat: (value) => fixed(value, 2),
    yFormat: (value) => percent(value),
    label: t("model.ratios"),
  });
}

function bySector([one, other], evaluations) {
  const errors = evaluations.map(({ by_sector: groups }) => new Map(groups.map(({ label, mdape }) => [label, mdape])));
  const items = [...errors[0].keys()]
    .filter((name) => errors[1].has(name))
    .map((name) => ({ label: name, a: errors[0].get(name), b: errors[1].get(name) }));
  return paired({
    items: items.sort((first, second) => second.b - first.b),
    aLabel: one,
    bLabel: other,
    format: (value) => percent(value, 1),
    label: t("model.compare.sectors"),
  });
}

function deciles(named) {
  const series = named.map(([name, { coverage_by_decile: shares }]) => ({
    name,
    points: (shares ?? []).map((value, place) => [place + 1, value]),
  }));
  const levels = new Set(named.map(([, { level }]) => level));
  const [level] = levels;
  return lines({
    series,
    markers: true,
    xLabel: t("model.tenth"),
    yLabel: t("model.held"),
    yFormat: (value) => percent(value),
    reference: levels.size === 1 ? { at: level, label: t("model.promised-at", { level: percent(level) }) } : undefined,
    label: t("model.deciles"),
  });
}

// One field of the homes: its distribution in training, and among the homes valued.

import { h } from "../../core/dom.js";
import { area, money, number, percent } from "../../core/format.js";
import { fieldName, shown } from "../../core/names.js";
import { t } from "../../core/words.js";
import { paired } from "../../parts/charts/index.js";

const OF_THE_SERVICE = { "never seen": "drift.never_seen", others: "drift.others", other: "drift.others" };

/** A field as it drifted, or not; its figures are drawn when they are opened. */
export function driftedField(told, currency) {
  const verdict = told.drifted ? "drifted" : told.differs ? "differs" : "same";
  const name = fieldName(told.name);
  const details = h(
    "details",
    { class: "drift-field" },
    h(
      "summary",
      {},
      h("span", { class: "drift-name" }, name),
      h("span", { class: "tabular" }, `PSI ${number(told.psi, 3)}`),
      h("span", { class: `badge drift-${verdict}` }, t(`drift.badge_${verdict}`)),
    ),
  );
  let drawn = false;
  const draw = () => {
    if (drawn || !details.open) return;
    drawn = true;
    details.append(figures(told, name, currency));
  };
  details.addEventListener("toggle", draw);
  details.open = told.drifted;
  return details;
}

function figures(told, name, currency) {
  const show = shownAs(told.name, currency);
  const items = told.bars.map((bar) => ({ label: barName(bar, show), a: bar.training, b: bar.served }));
  return h(
    "div",
    { class: "drift-figures" },
    paired({
      items,
      aLabel: t("drift.training"),
      bLabel: t("drift.served"),
      format: (share) => percent(share, share > 0 && share < 0.1 ? 1 : 0),
      label: t("drift.shares_of", { name }),
    }),
    told.quartiles && told.training_quartiles && quartiles(told, show),
    h(
      "p",
      { class: "small text-body-secondary mb-0" },
      t("drift.test", {
        homes: number(told.homes),
        training: number(told.training_homes),
        test: t(`drift.${told.test}`),
        statistic: number(told.statistic, 3),
        p: chance(told.p_value),
        corrected: chance(told.p_corrected),
      }),
    ),
  );
}

const quartiles = (told, show) =>
  h(
    "dl",
    { class: "pairs" },
    h("dt", {}, `${t("drift.quartiles")}: ${t("drift.training")}`),
    h("dd", {}, told.training_quartiles.map(show).join(" · ")),
    h("dt", {}, `${t("drift.quartiles")}: ${t("drift.served")}`),
    h("dd", {}, told.quartiles.map(show).join(" · ")),
  );

function barName({ label, low, high }, show) {
  if (low === null && high === null) return label in OF_THE_SERVICE ? t(OF_THE_SERVICE[label]) : shown(label);
  if (low === null) return t("drift.below", { high: show(high) });
  return high === null ? t("drift.above", { low: show(low) }) : `${show(low)} – ${show(high)}`;
}

function shownAs(name, currency) {
  if (name === "value") return (value) => money(value, currency);
  if (name.endsWith("_area")) return area;
  return name === "latitude" || name === "longitude" ? (value) => number(value, 3) : (value) => number(value, 2);
}

/** A probability in words that no reader takes for zero. */
export const chance = (p) => (p !== null && p < 0.0001 ? `< ${number(0.0001, 4)}` : number(p, 4));

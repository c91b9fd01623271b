// Two versions beside each other: their figures, which is the better, and their charts on the same axes.

import { h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { promoteButton, whoMay } from "./change.js";
import { chooser } from "./choose.js";
import { comparedCharts, comparedFromCards } from "./compare-charts.js";
import { evaluationOf, later } from "./evaluation.js";
import { better, difference, HOW_FAIR, HOW_GOOD, HOW_SURE, interval, written } from "./figures.js";
import { checksTable, gateWords } from "./gate.js";
import { judgedAlike } from "./holdouts.js";
import { panel, plainTable, section } from "./layout.js";
import { figureName } from "./names.js";
import { state } from "./versions.js";

/** The page of two versions. */
export function comparisonPage(place, one, other) {
  const evaluations = Promise.all([one, other].map(({ version }) => evaluationOf(place, version)));
  const charts = later(evaluations, (kept) => comparedCharts([one, other], kept, place.signal), {
    telling: true,
    again: place.again,
  });
  const same = one === other;
  return [
    h("a", { class: "back", href: "#/model" }, `← ${t("model.back")}`),
    h("h1", { class: "h3" }, t("model.compare.title", { one: one.version, other: other.version })),
    chooser(place, one, other),
    same ? h("div", { class: "alert alert-info" }, t("model.compare.same")) : judgedAlike(one.card, other.card),
    h(
      "div",
      { class: "model-two" },
      [one, other].map((model) => summary(place, model)),
    ),
    whoMay(),
    section(
      t("model.compare.figures"),
      h("p", { class: "explained" }, t("model.compare.how")),
      [
        ["good", HOW_GOOD],
        ["fair", HOW_FAIR],
        ["sure", HOW_SURE],
      ].map(([group, names]) => panel(t(`model.${group}`), null, figures(group, names, one, other))),
    ),
    gateOf(one, other),
    section(t("model.compare.charts"), charts, comparedFromCards([one, other])),
  ];
}

const summary = (place, model) =>
  h(
    "div",
    { class: `panel${model.serving ? " serves" : ""}` },
    h(
      "div",
      { class: "model-head" },
      h(
        "h2",
        { class: "h5 mb-0" },
        h("a", { href: `#/model/${model.version}` }, model.version),
        ` · ${model.card.recipe} `,
      ),
      state(model),
    ),
    h(
      "p",
      { class: "explained mt-2" },
      t("model.compare.judged", {
        scheme: t(`model.scheme.${model.card.validation.scheme}`),
        test: model.card.validation.test,
        train: model.card.validation.train,
        source: model.card.data.source,
      }),
    ),
    promoteButton(place, model, "btn-outline-primary"),
  );

function figures(group, names, one, other) {
  const [first, second] = [one.card, other.card];
  const cell = (name, card, best) => [
    h("span", { class: best ? "best" : undefined }, written(name, card)),
    interval(name, card) && h("small", { class: "ends" }, t("model.interval", { ends: interval(name, card) })),
  ];
  const said = (which) =>
    which === null
      ? "–"
      : which < 0
        ? h("span", { class: "text-body-secondary" }, t("model.compare.alike"))
        : h("strong", { class: "level-high" }, t("model.compare.better", { version: [one, other][which].version }));
  return plainTable({
    caption: t(`model.${group}`),
    head: [
      { label: t("model.figure") },
      { label: one.version, number: true },
      { label: other.version, number: true },
      { label: t("model.compare.difference"), number: true },
      { label: t("model.compare.which") },
    ],
    rows: names.map((name) => {
      const which = better(name, first, second);
      return [
        figureName(name),
        cell(name, first, which === 0),
        cell(name, second, which === 1),
        difference(name, first, second) ?? "–",
        said(which),
      ];
    }),
  });
}

/** Where one of them was held against the other, that was on the very same sales: the fairest comparison there is. */
function gateOf(one, other) {
  const pairs = [
    [one, other],
    [other, one],
  ];
  const found = pairs.find(
    ([newer, older]) => newer.card.gate.against === older.version && newer.card.gate.checks.length,
  );
  if (!found) return null;
  const [{ version, card }] = found;
  return section(
    t("model.gate"),
    panel(
      t("model.compare.gate", { version, against: card.gate.against }),
      gateWords(card.gate),
      h("p", { class: "explained" }, t("model.gate.how")),
      checksTable(card.gate, version),
    ),
  );
}

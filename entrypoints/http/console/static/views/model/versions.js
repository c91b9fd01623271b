// All stored versions, which of them serves, and how it came to.

import { h } from "../../core/dom.js";
import { ago, moment, number } from "../../core/format.js";
import { t, tn } from "../../core/words.js";
import { table } from "../../parts/table.js";
import { promoteButton, rollbackButton, whoMay } from "./change.js";
import { chooser } from "./choose.js";
import { FIGURES, written } from "./figures.js";
import { gateVerdict } from "./gate.js";
import { history } from "./history.js";
import { cellName, coded, topPanel } from "./layout.js";
import { within } from "./ranges.js";
import { numberOf, promotions, serving } from "./registry.js";

/** The page of all versions. */
export function versionsPage(place) {
  const { models, go } = place;
  if (!models.length)
    return [
      h("h1", { class: "h3" }, t("model.title")),
      h("div", { class: "alert alert-info" }, coded(t("model.none"))),
    ];
  const list = table({
    columns: columns(place),
    rows: models,
    caption: t("model.versions"),
    sort: { name: "version", up: false },
    onRow: ({ version }) => go("model", version),
    rowClass: ({ serving: serves }) => (serves ? "serves" : undefined),
  });
  list.element.classList.add("as-cards", "versions");
  return [
    h(
      "div",
      { class: "model-head" },
      h(
        "div",
        {},
        h("h1", { class: "h3" }, t("model.title")),
        h("p", { class: "text-body-secondary mb-0" }, summary(models)),
      ),
      h("div", { class: "model-actions" }, rollbackButton(place)),
    ),
    whoMay(),
    lagging(place),
    topPanel(t("model.versions"), null, list.element),
    h(
      "div",
      { class: "grid model-pair" },
      models.filter(({ card }) => card).length > 1 && chooser(place),
      topPanel(t("model.history"), t("model.history.text"), history(promotions(models), models)),
    ),
  ];
}

function summary(models) {
  const now = serving(models);
  return now
    ? t("model.summary", { count: tn("model.stored", models.length), version: now.version })
    : t("model.summary.none", { count: tn("model.stored", models.length) });
}

// Another process may have changed what serves a moment ago, or this one could not load what was chosen.
function lagging({ models, again }) {
  const [now, chosen] = [serving(models), promotions(models).at(-1)];
  if (!chosen || now?.version === chosen.version) return null;
  return h(
    "div",
    { class: "alert alert-warning" },
    t("model.lagging", { chosen: chosen.version, now: now?.version ?? "–" }),
    h(
      "button",
      { type: "button", class: "btn btn-sm btn-outline-secondary ms-3", on: { click: again } },
      t("model.reread"),
    ),
  );
}

function columns(place) {
  const column = (name, value, cell, more = {}) => {
    const label = t(`model.column.${name}`);
    return {
      name,
      label,
      value,
      cell: (model) => [cellName(label), h("span", {}, model.card || !more.carded ? cell(model) : "–")],
      ...more,
    };
  };
  const carded =
    (read) =>
    ({ card }) =>
      card ? read(card) : null;
  const figure = (name) =>
    column(
      name,
      carded((card) => FIGURES[name].of(card)),
      ({ card }) => judged(name, card),
      { number: true, carded: true },
    );
  return [
    {
      name: "version",
      label: t("model.column.version"),
      value: ({ version }) => numberOf(version),
      cell: ({ version }) => version,
      head: true,
    },
    column(
      "state",
      ({ serving: serves, refused }) => (serves ? 0 : refused ? 2 : 1),
      (model) => state(model),
    ),
    column(
      "recipe",
      carded((card) => card.recipe),
      ({ card }) => card.recipe,
      { carded: true },
    ),
    column(
      "trained",
      carded((card) => card.trained_at),
      ({ card, stored_by: by }) => [
        h("span", { title: moment(card.trained_at) }, ago(card.trained_at)),
        by && h("small", { class: "by" }, by),
      ],
      { carded: true },
    ),
    column(
      "sales",
      carded((card) => card.data.used),
      ({ card }) => number(card.data.used),
      { number: true, carded: true },
    ),
    ...["mdape", "cod", "prd", "prb", "coverage"].map(figure),
    column(
      "size",
      ({ artifact }) => artifact?.size ?? null,
      ({ artifact }) => megabytes(artifact.size),
      { number: true, carded: true },
    ),
    column(
      "gate",
      carded((card) => Number(card.gate.passed)),
      ({ card }) => gateVerdict(card.gate),
      { carded: true },
    ),
    {
      name: "act",
      label: h("span", { class: "visually-hidden" }, t("model.column.act")),
      cell: (model) => promoteButton(place, model, "btn-outline-primary") ?? "",
    },
  ];
}

/** A figure, marked where it is out of the standard's range. */
function judged(name, card) {
  if (within(name, FIGURES[name].of(card)) !== false) return written(name, card);
  return h(
    "span",
    { class: "level-low", title: t("model.outside") },
    written(name, card),
    h("span", { "aria-hidden": "true" }, " ✗"),
    h("span", { class: "visually-hidden" }, ` ${t("model.outside")}`),
  );
}

/** Whether a version serves, may not, or stands by. */
export const state = ({ serving: serves, refused }) => {
  if (serves) return h("span", { class: "badge serves-badge" }, t("model.state.serves"));
  return refused
    ? [h("span", { class: "badge refused-badge" }, t("model.state.refused")), h("small", { class: "why" }, refused)]
    : h("span", { class: "text-body-secondary" }, t("model.state.kept"));
};

/** How large the stored bytes are. */
export const megabytes = (bytes) => (bytes < 1e6 ? `${number(bytes / 1000)} kB` : `${number(bytes / 1e6, 1)} MB`);

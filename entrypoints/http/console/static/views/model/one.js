// One version: its model card in plain words, with the charts of its evaluation.

import { h } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import { t, tn } from "../../core/words.js";
import { promoteButton, rollbackButton, whoMay } from "./change.js";
import { dataSection } from "./data.js";
import { effectsSection } from "./effects.js";
import { evaluationOf, later } from "./evaluation.js";
import { fairSection } from "./fair.js";
import { checksTable, gateWords } from "./gate.js";
import { goodSection } from "./good.js";
import { history } from "./history.js";
import { jumps, panel, section, topPanel } from "./layout.js";
import { recordSection } from "./record.js";
import { numberOf } from "./registry.js";
import { sureSection } from "./sure.js";
import { tiles } from "./tiles.js";
import { worst } from "./worst.js";

/** The page of a version. */
export function onePage(place, model) {
  const { version, card, refused, promotions } = model;
  if (!card)
    return [
      head(place, model),
      h("div", { class: "alert alert-danger" }, t("model.refused.text"), h("div", { class: "mt-2 why" }, refused)),
      topPanel(t("model.history"), null, history(promotions)),
    ];
  const evaluation = evaluationOf(place, version);
  const again = place.again;
  const shown = { ...place, card, model, kept: (build, options) => later(evaluation, build, { ...options, again }) };
  const sections = [
    goodSection(shown),
    fairSection(shown),
    sureSection(shown),
    effectsSection(shown),
    dataSection(shown),
    section(
      t("model.gate"),
      panel(
        t("model.gate.title"),
        gateWords(card.gate),
        card.gate.checks.length > 0 && [
          h("p", { class: "explained" }, t("model.gate.how")),
          checksTable(card.gate, version),
        ],
      ),
    ),
    recordSection(shown),
    section(
      t("model.worst"),
      shown.kept((kept) => worst(kept, card), { telling: true }),
    ),
  ];
  return [head(place, model), whoMay(), jumps(sections), tiles(card), ...sections];
}

function head(place, model) {
  const { version, card, stored_by: by } = model;
  return [
    h("a", { class: "back", href: "#/model" }, `← ${t("model.back")}`),
    h(
      "div",
      { class: "model-head" },
      h(
        "div",
        {},
        h(
          "h1",
          { class: "h3" },
          t("model.one", { version }),
          " ",
          model.serving || model.refused
            ? h(
                "span",
                { class: `badge ${model.serving ? "serves-badge" : "refused-badge"}` },
                t(model.serving ? "model.state.serves" : "model.state.refused"),
              )
            : "",
        ),
        card &&
          h(
            "p",
            { class: "text-body-secondary mb-0" },
            t("model.one.text", {
              recipe: card.recipe,
              when: moment(card.trained_at),
              by: by || "–",
              sales: tn("model.sales", card.metrics.count),
            }),
          ),
      ),
      h(
        "div",
        { class: "model-actions" },
        card && beside(place, model),
        promoteButton(place, model),
        model.serving && rollbackButton(place),
      ),
    ),
  ];
}

/** Leads to the comparison with the version that serves, or with the one before. */
function beside({ models }, { version, serving }) {
  const others = models.filter((each) => each.card && each.version !== version);
  const older = others.filter((each) => numberOf(each.version) < numberOf(version)).at(-1);
  const other = serving ? (older ?? others.at(-1)) : (others.find((each) => each.serving) ?? others.at(-1));
  if (!other) return null;
  const [first, second] = serving ? [other.version, version] : [version, other.version];
  return h(
    "a",
    { class: "btn btn-sm btn-outline-secondary", href: `#/model/${first}/${second}` },
    t("model.compare.with", { version: other.version }),
  );
}

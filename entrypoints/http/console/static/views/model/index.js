// The stored versions of the model: all of them, one of them, or two beside each other.

import "./words.js";
import "./words-card.js";
import "./words-compare.js";

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { trouble } from "../../parts/notice.js";
import { comparisonPage } from "./compare.js";
import { onePage } from "./one.js";
import { readModels } from "./registry.js";
import { versionsPage } from "./versions.js";

export const view = { name: "model", title: "model.tab", scopes: ["models:read"], render };

async function render(root, context) {
  let drawing = new AbortController();
  const draw = async () => {
    const models = await readModels(context.signal);
    drawing.abort(); // the maps of what stood here before are taken down
    drawing = new AbortController();
    const signal = AbortSignal.any([context.signal, drawing.signal]);
    fill(root, page({ ...context, signal, models, again }));
  };
  const again = () => draw().catch((problem) => problem.name === "AbortError" || fill(root, trouble(problem, again)));
  await draw();
}

/** What stands at the place in the address. `place`: the context, all `models`, and again(), which reads and draws anew. */
function page(place) {
  const names = place.path.filter(Boolean).slice(0, 2);
  const found = names.map((name) => place.models.find(({ version }) => version === name));
  const missing = names.find((_, index) => !found[index]);
  if (missing !== undefined)
    return [
      h("h1", { class: "h3" }, t("model.title")),
      h("div", { class: "alert alert-warning" }, t("model.unknown", { version: missing })),
      back(),
    ];
  if (found.length === 2 && found.every(({ card }) => card)) return comparisonPage(place, ...found);
  return found.length ? onePage(place, found.find(({ card }) => !card) ?? found[0]) : versionsPage(place);
}

const back = () => h("a", { href: "#/model" }, t("model.back"));

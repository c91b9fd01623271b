// Which version serves is changed here: with the scope, after asking, and for the record.

import { post } from "../../core/api.js";
import { h } from "../../core/dom.js";
import * as session from "../../core/session.js";
import { has, language, t } from "../../core/words.js";
import { confirm } from "../../parts/dialog.js";
import { notice } from "../../parts/notice.js";
import { written } from "./figures.js";
import { promotions, readModels, servedStack, serving } from "./registry.js";

const SCOPE = "models:write";

/** Why there is nothing to press, where the key may not change what serves. */
export const whoMay = () =>
  !session.may(SCOPE) && h("p", { class: "small text-body-secondary mb-0" }, t("problem.scope", { scope: SCOPE }));

/** The button that makes a version the served one; nothing for the one that is, and for one that is refused. */
export function promoteButton(place, model, kind = "btn-primary") {
  if (model.serving || !model.card) return null;
  const now = serving(place.models);
  const text = [
    t(now ? "model.promote.text" : "model.promote.first", { version: told(model), now: now && told(now) }),
    !model.card.gate.passed &&
      h("strong", { class: "d-block mt-2 level-low" }, t("model.promote.despite", { reason: model.card.gate.reason })),
  ];
  return button(t("model.promote"), kind, t("model.promote.title", { version: model.version }), () =>
    change(place, {
      title: t("model.promote.title", { version: model.version }),
      text,
      button: t("model.promote"),
      path: `/v1/models/${model.version}/promote`,
    }),
  );
}

/** The button that leads back to the version before. */
export function rollbackButton(place) {
  const now = serving(place.models);
  const stack = servedStack(place.models);
  if (!now || (stack && stack.length < 2)) return null;
  const before = stack && place.models.find(({ version }) => version === stack.at(-2));
  const title = before ? t("model.rollback.to", { version: before.version }) : t("model.rollback");
  const text = before
    ? t("model.rollback.text", { version: told(before), now: told(now) })
    : t("model.rollback.unknown", { now: told(now) });
  return button(title, "btn-outline-danger", title, () =>
    change(place, { title, text, button: title, danger: true, path: "/v1/models/rollback" }),
  );
}

const told = ({ version, card }) =>
  card ? t("model.told", { version, recipe: card.recipe, error: written("mdape", card) }) : version;

/** A button that says what is missing where the key lacks the scope: it can be reached, but it does nothing else. */
function button(label, kind, name, press) {
  const may = session.may(SCOPE);
  const explain = () => notice(t("problem.scope", { scope: SCOPE }), "info");
  return h(
    "button",
    {
      type: "button",
      class: `btn btn-sm ${kind}${may ? "" : " disabled-look"}`,
      "aria-label": name,
      "aria-disabled": may ? undefined : "true",
      title: may ? undefined : t("problem.scope", { scope: SCOPE }),
      on: { click: may ? press : explain },
    },
    label,
  );
}

// Not given up when the page is drawn anew: what was asked for is done, and told.
async function change(place, { path, ...asked }) {
  const last = promotions(place.models).at(-1)?.number;
  let stale = false;
  const action = async (reason) => {
    stale = promotions(await readModels()).at(-1)?.number !== last;
    if (stale) throw new Error(t("model.change.meanwhile"));
    return post(path, reason ? { reason } : undefined);
  };
  const served = await confirm({
    ...asked,
    reason: true,
    action: (reason) => action(reason).catch((problem) => Promise.reject(inOwnWords(problem))),
  });
  if (!served) return stale && place.again();
  notice(t("model.change.done", { version: served.version }));
  document.dispatchEvent(new Event("tasador:model"));
  return place.again();
}

/** The API's problems in the user's language; its own words follow where they tell of the case. */
function inOwnWords(problem) {
  const name = `model.problem.${problem.kind}`;
  if (language() === "en" || !problem.kind || !has(name)) return problem;
  return new Error(t(name, { detail: problem.detail }));
}

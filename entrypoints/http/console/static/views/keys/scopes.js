// What a key may do: a box to tick for each scope, with a sentence on what it allows.

import { h, newId } from "../../core/dom.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";

const SCOPES = ["value", "outcomes:write", "monitor:read", "audit:read", "models:read", "models:write", "keys:admin"];

/** Gives {element, chosen(), wrong(message), focus()}; what the user's own key lacks cannot be chosen. */
export function scopeChoice() {
  const wrongId = newId("wrong");
  const told = h("div", { class: "text-danger small", id: wrongId });
  const boxes = SCOPES.map((scope) => box(scope, wrongId));
  const element = h(
    "fieldset",
    { class: "scope-choice" },
    h("legend", { class: "form-label" }, t("keys.may")),
    boxes.map((each) => each.element),
    told,
  );
  return {
    element,
    chosen: () => boxes.filter(({ input }) => input.checked).map(({ scope }) => scope),
    wrong(message) {
      told.textContent = message ?? "";
      for (const { input } of boxes) input.toggleAttribute("aria-invalid", false);
      if (message) for (const { input } of boxes) input.setAttribute("aria-invalid", "true");
    },
    focus: () => boxes.find(({ input }) => !input.disabled)?.input.focus(),
  };
}

function box(scope, wrongId) {
  const [id, hintId] = [newId("scope"), newId("hint")];
  const held = session.may(scope);
  const input = h("input", {
    class: "form-check-input",
    type: "checkbox",
    id,
    checked: held && scope === "value",
    disabled: !held,
    "aria-describedby": `${hintId} ${wrongId}`,
  });
  const element = h(
    "div",
    { class: "form-check" },
    input,
    h("label", { class: "form-check-label", for: id }, h("code", {}, scope)),
    h(
      "div",
      { class: "form-text m-0", id: hintId },
      t(`scope.${scope}`),
      !held && [" ", h("strong", {}, t("keys.cannot_grant"))],
    ),
  );
  return { scope, input, element };
}

// Short messages at the edge of the page, read aloud as they come.

import { h, one } from "../core/dom.js";
import { t } from "../core/words.js";

const SECONDS = 6;

/** Shows a message for a while; `kind`: "success", "danger" (stays until it is closed) or "info". */
export function notice(text, kind = "success") {
  const close = h("button", {
    type: "button",
    class: "btn-close",
    "aria-label": t("word.close"),
    on: { click: () => box.remove() },
  });
  const box = h("div", { class: `notice alert alert-${kind}` }, h("span", {}, text), close);
  one("#notices").append(box);
  if (kind !== "danger") setTimeout(() => box.remove(), SECONDS * 1000);
  return box;
}

/** A problem in the place where something was to be shown, with a button to try again. */
export function trouble(problem, again) {
  const retry =
    again &&
    h(
      "button",
      { type: "button", class: "btn btn-sm btn-outline-secondary ms-3", on: { click: again } },
      t("word.retry"),
    );
  return h("div", { class: "alert alert-danger", role: "alert" }, problem.message, retry);
}

/** Grey shapes where something will stand in a moment; `lines` of them. */
export const waiting = (lines = 3) =>
  h(
    "div",
    { class: "waiting", "aria-busy": "true", "aria-label": t("word.loading"), role: "status" },
    Array.from({ length: lines }, () => h("span", { class: "placeholder col-12" })),
  );

/** What stands where the key may not ask: which scope is missing, and what to do. */
export const scopeMissing = (scope) =>
  h("div", { class: "alert alert-warning" }, h("strong", {}, t("scope.title")), " ", t("problem.scope", { scope }));

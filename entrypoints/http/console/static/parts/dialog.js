// Dialogs: the browser's own, which keep the focus within and close with Escape.

import { h, newId } from "../core/dom.js";
import { t } from "../core/words.js";

/** Opens a dialog and gives its <dialog>; `content` and `actions` are elements. It goes from the page when it is closed. */
export function open(title, content, actions, { wide = false } = {}) {
  const id = newId("dialog");
  const close = h("button", {
    type: "button",
    class: "btn-close",
    "aria-label": t("word.close"),
    on: { click: () => dialog.close() },
  });
  const dialog = h(
    "dialog",
    { class: `dialog${wide ? " wide" : ""}`, "aria-labelledby": id, on: { close: () => dialog.remove() } },
    h("div", { class: "dialog-head" }, h("h2", { class: "h5 m-0", id }, title), close),
    h("div", { class: "dialog-body" }, content),
    actions && h("div", { class: "dialog-actions" }, actions),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks before something is done. `action` is awaited while the dialog stays open; where it throws, its message is shown
 * there. `reason`: whether a reason may be given, which `action` gets. Gives what `action` gave, or null where it was
 * called off.
 */
export function confirm({ title, text, button, danger = false, reason = false, action }) {
  return new Promise((resolve) => {
    let given = null;
    const id = newId("reason");
    const field = reason && h("input", { class: "form-control", id, maxlength: 200, autocomplete: "off" });
    const wrong = h("div", { class: "text-danger mt-2", role: "alert" });
    const go = h("button", { type: "button", class: `btn btn-${danger ? "danger" : "primary"}` }, button);
    const back = h("button", { type: "button", class: "btn btn-outline-secondary" }, t("word.cancel"));
    const body = [
      h("p", {}, text),
      field && [h("label", { class: "form-label", for: id }, t("word.reason")), field],
      wrong,
    ];
    const dialog = open(title, body, [back, go]);
    back.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => resolve(given));
    go.addEventListener("click", async () => {
      go.disabled = true;
      try {
        given = await action(field ? field.value.trim() : "");
        dialog.close();
      } catch (problem) {
        wrong.textContent = problem.message;
        go.disabled = false;
      }
    });
  });
}

// A form in a dialog, whose answer is awaited there.

import { h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { open } from "../../parts/dialog.js";

/**
 * Shows `content` in a dialog with a button. `check()` tells whether what was given may be sent; `send()` is awaited and
 * where it throws a Problem, `refuse(problem)` shows what it can of it: what it leaves (true) is shown below. Gives what
 * send() gave, or null where the dialog was closed; it closes when `signal` is aborted.
 */
export function asking({ title, content, button, check, send, refuse = () => true, signal }) {
  return new Promise((resolve) => {
    let given = null;
    let sending = null;
    const wrong = h("div", { class: "text-danger mt-2", role: "alert" });
    const go = h("button", { type: "submit", class: "btn btn-primary" }, button);
    const back = h(
      "button",
      { type: "button", class: "btn btn-outline-secondary", on: { click: () => dialog.close() } },
      t("word.cancel"),
    );
    const form = h(
      "form",
      { novalidate: true, class: "grid dialog-form" },
      content,
      wrong,
      h("div", { class: "form-actions" }, back, go),
    );
    const dialog = open(title, form);
    const leave = () => dialog.close();
    signal.addEventListener("abort", leave);
    dialog.addEventListener("close", () => {
      signal.removeEventListener("abort", leave);
      // Closed while it is sent: what comes of it, a token maybe, must not be lost.
      resolve(sending ? sending.catch(() => null) : given);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      wrong.textContent = "";
      if (!check()) return;
      go.disabled = true;
      try {
        sending = send();
        given = await sending;
        sending = null;
        dialog.close();
      } catch (problem) {
        sending = null;
        if (problem.status === undefined) throw problem;
        if (refuse(problem)) wrong.textContent = problem.message;
      } finally {
        go.disabled = false;
      }
    });
    form.querySelector("input, select")?.focus();
  });
}

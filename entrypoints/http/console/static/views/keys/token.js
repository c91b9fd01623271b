// A token, shown this once. It lives in this dialog and nowhere else, and goes with it.

import { curl } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { day } from "../../core/format.js";
import { t } from "../../core/words.js";
import { copyBlock, copyButton } from "../../parts/copy.js";
import { open } from "../../parts/dialog.js";

/**
 * Shows the token of an issued key. `more`: further text, `actions`: further buttons. Gives a promise that is kept once
 * the dialog is closed. It stays open whatever becomes of the view: its token could not be shown again.
 */
export function showToken(issued, { more = null, actions = [] } = {}) {
  return new Promise((resolve) => {
    let copied = false;
    let warned = false;
    const copy = copyButton(() => {
      copied = true;
      return issued.token;
    }, t("token.copy"));
    copy.className = "btn btn-primary";
    const warning = h("div", { class: "text-danger", role: "alert" });
    const kept = h(
      "button",
      { type: "button", class: "btn btn-outline-secondary", on: { click: () => dialog.close() } },
      t("token.kept"),
    );
    const dialog = open(
      t("token.title"),
      h(
        "div",
        { class: "grid" },
        h("div", { class: "alert alert-warning m-0" }, t("token.once")),
        h("p", { class: "m-0" }, t("token.of", { label: issued.label, id: issued.id, day: day(issued.expires_at) })),
        h(
          "div",
          { class: "token", role: "group", "aria-label": t("token.token") },
          h("code", { id: "new-token", tabindex: 0 }, issued.token),
          copy,
        ),
        warning,
        more && h("p", { class: "m-0" }, more),
        h(
          "div",
          {},
          h("p", { class: "mb-2" }, t("token.try")),
          copyBlock(`read -rs TASADOR_KEY\n${curl("GET", "/v1/keys/current")}`),
        ),
      ),
      [...actions, kept],
    );
    dialog.addEventListener("cancel", (event) => {
      if (copied || warned) return;
      event.preventDefault(); // Escape may be a slip, and there is no second time
      warned = true;
      warning.textContent = t("token.first");
    });
    dialog.addEventListener("close", () => resolve());
    for (const button of dialog.querySelectorAll(".dialog-actions button"))
      button.addEventListener("click", () => dialog.close());
    copy.focus();
  });
}

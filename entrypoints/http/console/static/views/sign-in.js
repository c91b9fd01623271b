// Where the key is entered.

import { ask } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import * as session from "../core/session.js";
import { t } from "../core/words.js";

/** Shows the form in `root`; once a key is let in, `tasador:signed-in` is told to the document. */
export function signIn(root) {
  document.title = "Tasador";
  const token = h("input", {
    class: "form-control form-control-lg",
    id: "key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "key-wrong key-where",
  });
  const show = h("input", {
    class: "form-check-input",
    type: "checkbox",
    id: "key-show",
    on: { change: () => (token.type = show.checked ? "text" : "password") },
  });
  const keep = h("input", { class: "form-check-input", type: "checkbox", id: "key-keep" });
  const wrong = h("div", { class: "text-danger mt-2", role: "alert", id: "key-wrong" });
  const enter = h("button", { class: "btn btn-primary btn-lg w-100", type: "submit" }, t("session.enter"));
  const form = h(
    "form",
    { class: "sign-in card", novalidate: true },
    h("h1", { class: "h3" }, t("session.title")),
    h("p", { class: "text-body-secondary" }, withCode(t("session.text"))),
    h("label", { class: "form-label", for: "key" }, t("session.key")),
    token,
    wrong,
    h(
      "div",
      { class: "form-check mt-3" },
      show,
      h("label", { class: "form-check-label", for: "key-show" }, t("session.show")),
    ),
    h(
      "div",
      { class: "form-check mb-3" },
      keep,
      h("label", { class: "form-check-label", for: "key-keep" }, t("session.keep")),
    ),
    enter,
    h("p", { class: "small text-body-secondary mt-3 mb-0", id: "key-where" }, t("session.where")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = token.value.trim();
    if (!given) return refuse(t("session.empty"));
    enter.disabled = true;
    try {
      session.begin(given, await ask("GET", "/v1/keys/current", { token: given }), keep.checked);
      document.dispatchEvent(new Event("tasador:signed-in"));
    } catch (problem) {
      refuse(problem.status === 401 ? t("session.wrong") : problem.message);
    } finally {
      enter.disabled = false;
    }
  });
  const refuse = (text) => {
    wrong.textContent = text;
    token.setAttribute("aria-invalid", "true");
    token.focus();
  };
  fill(root, form);
  token.focus();
}

/** A text in which `...` is code. */
const withCode = (text) => text.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));

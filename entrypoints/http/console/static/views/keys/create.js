// A new key: for whom, for what, for how long.

import { post } from "../../core/api.js";
import { h, newId } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { message } from "../../core/messages.js";
import { field } from "../../parts/field.js";
import { asking } from "./asking.js";
import { lengthField } from "./durations.js";
import { scopeChoice } from "./scopes.js";
import { showToken } from "./token.js";

const LENGTHS = ["1d", "7d", "30d", "90d", "180d", "366d"];
const LONGEST_LABEL = 100;

/** Asks for it, and shows its token once. Gives whether a key was issued. */
export async function createKey(signal) {
  const label = field(
    t("keys.for"),
    h("input", {
      class: "form-control",
      maxlength: LONGEST_LABEL,
      autocomplete: "off",
      required: true,
      id: newId("label"),
    }),
  );
  const scopes = scopeChoice();
  const lifetime = lengthField(t("keys.lifetime"), LENGTHS, "90d");
  const parts = { label: { ...label, focus: () => label.control.focus() }, scopes, expires_in: lifetime };
  const texts = { label: "keys.wrong_label", scopes: "keys.wrong_scopes", expires_in: "keys.wrong_lifetime" };

  const check = () => {
    const wrong = {
      label: !label.control.value.trim(),
      scopes: !scopes.chosen().length,
      expires_in: lifetime.read().problem,
    };
    for (const [name, part] of Object.entries(parts)) part.wrong(wrong[name] ? t(texts[name]) : null);
    const first = Object.keys(parts).find((name) => wrong[name]);
    parts[first]?.focus();
    return !first;
  };
  const refuse = (problem) => {
    const known = problem.errors.filter((each) => each.field in parts);
    for (const [name, part] of Object.entries(parts)) {
      const told = known.find((each) => each.field === name);
      part.wrong(told ? inWords(texts[name], told.message) : null);
    }
    parts[known[0]?.field]?.focus();
    return !known.length;
  };
  const send = () =>
    post("/v1/keys", { label: label.control.value.trim(), scopes: scopes.chosen(), expires_in: lifetime.read().text });
  const issued = await asking({
    title: t("keys.new"),
    content: [label.element, scopes.element, lifetime.element],
    button: t("keys.issue"),
    check,
    send,
    refuse,
    signal,
  });
  if (issued) await showToken(issued);
  return Boolean(issued);
}

/** The API's own message; where it is not known in the user's language, the same in ours. */
function inWords(name, told) {
  const known = message(told);
  return known === told && document.documentElement.lang === "es" ? t(name) : known;
}

// A control with its label, a hint and what is wrong with it, tied together for those who do not see them.

import { h, newId } from "../core/dom.js";

/**
 * `control`: an <input>, <select> or <textarea>. Gives {element, control, wrong(message)}: `wrong` shows what is wrong
 * with it, or, given null, that nothing is.
 */
export function field(label, control, hint = null) {
  const id = control.id || newId("field");
  const hintId = hint && newId("hint");
  const wrongId = newId("wrong");
  const told = h("div", { class: "invalid-feedback", id: wrongId });
  control.id = id;
  control.setAttribute("aria-describedby", [hintId, wrongId].filter(Boolean).join(" "));
  const element = h(
    "div",
    { class: "field" },
    h("label", { class: "form-label", for: id }, label),
    control,
    hint && h("div", { class: "form-text", id: hintId }, hint),
    told,
  );
  const wrong = (message) => {
    told.textContent = message ?? "";
    control.classList.toggle("is-invalid", Boolean(message));
    if (message) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  return { element, control, wrong };
}

/** A <select>. `options`: [[value, label], ...]. */
export const choice = (options, value, onChange, attributes = {}) =>
  h(
    "select",
    { class: "form-select", on: { change: (event) => onChange(event.target.value) }, ...attributes },
    options.map(([each, label]) => h("option", { value: each, selected: String(each) === String(value ?? "") }, label)),
  );

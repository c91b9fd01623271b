// One field of the form: its label, its control, and what there is to say of what was typed.

import { fill, h, newId } from "../../core/dom.js";
import { read, typed } from "../../core/format.js";
import { t } from "../../core/words.js";
import { combobox } from "../../parts/combobox.js";

/**
 * A field around a control. `control` is what is shown, `input` what is typed into. Gives {element, input, say}:
 * say({problem, note}) shows what is wrong, or else what is unusual.
 */
function framed({ label, control, input, wide = false }) {
  const about = h("div", { class: "said", id: newId("said") });
  input.id ||= newId("field");
  const name = h("label", { class: "form-label", for: input.id }, label);
  const element = h("div", { class: `field${wide ? " wide" : ""}` }, name, control, about);
  let last = "";
  const say = ({ problem = null, note = null } = {}) => {
    const text = problem ?? note ?? "";
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    input.classList.toggle("is-invalid", Boolean(problem));
    if (text) input.setAttribute("aria-describedby", about.id);
    else input.removeAttribute("aria-describedby");
    if (`${Boolean(problem)}${text}` === last) return;
    last = `${Boolean(problem)}${text}`;
    fill(about, text && h("span", { class: problem ? "wrong" : "note" }, text));
  };
  return { element, input, say };
}

/** A text with suggestions: [{name, note}]. */
export function choiceField({ label, value, options, onChange, wide }) {
  const { element, input } = combobox({ value, options, onChange });
  return { ...framed({ label, control: element, input, wide }), put: (text) => (input.value = text) };
}

/** A text, a number with its unit, or a day. */
export function plainField({ label, value, unit, onChange, wide, attributes = {} }) {
  const input = h("input", { class: "form-control", value, autocomplete: "off", ...attributes });
  // What is half a day in a date's control has no text of its own: it must not pass for nothing.
  input.addEventListener("input", () => onChange(input.validity.badInput ? "?" : input.value));
  const control = unit
    ? h("div", { class: "input-group" }, input, h("span", { class: "input-group-text" }, unit))
    : input;
  return { ...framed({ label, control, input, wide }), put: (text) => (input.value = text) };
}

/** A count with a button on each side; the arrow keys step it, too. */
export function countField({ label, value, step, least = 0, start, onChange }) {
  const input = h("input", { class: "form-control text-center", value, inputmode: "decimal", autocomplete: "off" });
  const by = (change) => {
    const now = read(input.value);
    input.value = typed(Number.isFinite(now) ? Math.max(least, Math.round((now + change) / step) * step) : start);
    onChange(input.value);
  };
  input.addEventListener("input", () => onChange(input.value));
  input.addEventListener("keydown", (event) => {
    const change = { ArrowUp: step, ArrowDown: -step }[event.key];
    if (change) event.preventDefault();
    if (change) by(change);
  });
  const button = (sign, change, name) =>
    h(
      "button",
      {
        type: "button",
        class: "btn btn-outline-secondary",
        "aria-label": t(name, { field: label }),
        on: { click: () => by(change) },
      },
      sign,
    );
  const control = h(
    "div",
    { class: "input-group stepper" },
    button("−", -step, "value.fewer"),
    input,
    button("+", step, "value.more"),
  );
  return { ...framed({ label, control, input }), put: (text) => (input.value = text) };
}

/** One of some: [{value, label}]. */
export function selectField({ label, value, options, onChange }) {
  const input = h(
    "select",
    { class: "form-select" },
    options.map((each) =>
      h("option", { value: each.value, selected: String(each.value) === String(value) }, each.label),
    ),
  );
  input.addEventListener("change", () => onChange(input.value));
  return { ...framed({ label, control: input, input }), put: (text) => (input.value = text) };
}

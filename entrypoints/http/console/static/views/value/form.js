// The form: a home as the user knows it, checked as it is filled in.

import { fill, h } from "../../core/dom.js";
import { read, typed } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { message } from "../../core/messages.js";
import { checked } from "../../core/rules.js";
import { t, tn } from "../../core/words.js";
import { levelField, makeFields } from "./fields.js";
import { unusual } from "./limits.js";

const PLACE = ["latitude", "longitude"];

/**
 * The form over `state`: {typed: texts by field, left: names of fields that were left, server: the API's messages by field,
 * level}. `onChange(name)` after a change; `onSubmit(home)` with a home that may be sent. Gives {element, slot, put, home,
 * complain, busy, refresh}; `slot` is where the place's own controls go.
 */
export function makeForm({ market, state, signal, onChange, onSubmit, onTypical, onClear }) {
  speakNumbers(market, state);
  const fields = makeFields(market, state.typed, (name, text) => {
    state.typed[name] = text;
    delete state.server[name];
    refresh();
    onChange(name);
  });
  const features = [...market.features.numeric, ...market.features.categorical];
  const rules = [...market.fields, ...features.map((each) => ({ ...each, further: true }))];
  const level = levelField(market, state.level, (value) => {
    state.level = value;
    onChange("level");
  });
  const slot = h("div", { class: "wide" });
  const alert = h("div", { role: "alert" });
  const submit = h("button", { type: "submit", class: "btn btn-primary btn-lg w-100" }, t("value.submit"));
  const small = (text, click) =>
    h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", on: { click } }, text);
  const part = (title, ...content) => h("fieldset", {}, h("legend", {}, title), h("div", { class: "fields" }, content));
  const each = (list) => list.map((name) => fields.get(name).element);
  const names = market.fields.map(({ name }) => name);
  const element = h(
    "form",
    { class: "panel home-form", novalidate: true, "aria-label": t("value.home") },
    h("div", { class: "form-tools" }, small(t("value.typical"), onTypical), small(t("value.clear"), onClear)),
    part(t("value.home"), each(names.filter((name) => !PLACE.includes(name)))),
    part(t("value.place"), each(PLACE), slot),
    features.length > 0 && part(t("value.features"), each(features.map(({ name }) => name))),
    part(t("value.order"), each(["valuation_date"]), level.element, each(["client_ref"])),
    alert,
    submit,
  );

  let elsewhere = [];
  const invalid = () => [...fields].filter(([, { input }]) => input.hasAttribute("aria-invalid"));

  function refresh() {
    const { problems } = checked(state.typed, market);
    for (const [name, field] of fields) {
      const found =
        state.server[name] ?? (state.left.has(name) && problems.find((each) => each.field === name)?.message);
      const rule = rules.find((each) => each.name === name);
      field.say({
        problem: found ? sentence(message(found)) : null,
        note: rule && state.left.has(name) ? unusual(rule, state.typed, market) : null,
      });
    }
    if (!elsewhere.length && !invalid().length) fill(alert);
  }
  function complain(errors) {
    state.server = Object.fromEntries(
      errors.filter(({ field }) => fields.has(field)).map(({ field, message: text }) => [field, text]),
    );
    elsewhere = errors.filter(({ field }) => !fields.has(field));
    refresh();
    const bad = invalid();
    fill(
      alert,
      bad.length + elsewhere.length > 0 &&
        h(
          "div",
          { class: "alert alert-danger" },
          bad.length > 0 && tn("value.bad", bad.length, { fields: bad.map(([name]) => fieldName(name)).join(", ") }),
          elsewhere.map(({ field, message: text }) =>
            h("p", { class: "m-0" }, `${fieldName(field)}: ${message(text)}`),
          ),
        ),
    );
    bad[0]?.[1].input.focus();
  }

  // A message that appears between pressing and letting go of a button would move it away from under the pointer.
  let pressed = false;
  addEventListener("pointerdown", () => (pressed = true), { signal, capture: true });
  for (const end of ["pointerup", "pointercancel"])
    addEventListener(end, () => setTimeout(() => (pressed = false)), { signal, capture: true });
  for (const [name, { input }] of fields) {
    input.addEventListener("blur", () => {
      state.left.add(name);
      if (pressed) addEventListener("pointerup", () => setTimeout(refresh), { once: true, signal });
      else refresh();
    });
  }
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    state.left = new Set(fields.keys());
    const { home, problems } = checked(state.typed, market);
    complain([]);
    if (!problems.length) onSubmit(home);
  });
  refresh();
  return {
    element,
    slot,
    refresh,
    complain,
    home: () => checked(state.typed, market),
    put(texts) {
      for (const [name, text] of Object.entries(texts)) {
        const field = fields.get(name);
        if (!field) continue;
        state.typed[name] = text;
        state.left.add(name);
        delete state.server[name];
        field.put(text);
      }
      refresh();
    },
    busy(now) {
      submit.disabled = now;
      fill(
        submit,
        now && h("span", { class: "spinner-border spinner-border-sm me-2", "aria-hidden": "true" }),
        t(now ? "value.busy" : "value.submit"),
      );
    },
  };
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Figures typed in one language mean the same in the other: they are written anew where the decimal mark is another. */
function speakNumbers(market, state) {
  const mark = typed(1.5).charAt(1);
  const numeric = [...market.fields.filter(({ kind }) => kind === "number"), ...market.features.numeric];
  for (const { name } of state.mark && state.mark !== mark ? numeric : []) {
    const value = read(state.typed[name] ?? "", state.mark);
    if (Number.isFinite(value)) state.typed[name] = typed(value);
  }
  state.mark = mark;
}

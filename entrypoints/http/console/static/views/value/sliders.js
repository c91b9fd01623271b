// The controls of the what-if: a slider for each number, a list for each category.

import { h, newId } from "../../core/dom.js";
import { fieldName, shown } from "../../core/names.js";
import { normalised } from "../../core/rules.js";
import { isCount, numberFields, stepOf, withUnit } from "./units.js";

const POSITIONS = 150;
const BEYOND = 1.15; // how far a slider goes where nothing is known of what is usual

/** Controls for all that may be changed: [{name, element, show(value)}]; `onChange(name, value)` as they are moved. */
export function makeSliders({ market, home, onChange }) {
  const lists = [
    ...["type", "sector"].map((name) => ({ name, values: market[`${name}s`].map((each) => each.name) })),
    ...market.features.categorical,
  ];
  return [
    ...numberFields(market).map((field) => slider(field, home[field.name], onChange)),
    ...lists.map((field) => list(field, home[field.name], onChange)),
  ].filter(Boolean);
}

/** The figures that a slider stops at: evenly from low to high, and the home's own. */
export function stops(field, own) {
  const known = (value) => typeof value === "number";
  const [low, high] = [known(field.low) ? field.low : own / BEYOND, known(field.high) ? field.high : own * BEYOND];
  const step = isCount(field)
    ? stepOf(field)
    : field.further && [low, high].every(Number.isInteger)
      ? Math.max(1, roundStep((high - low) / POSITIONS))
      : roundStep((high - low) / POSITIONS);
  const [first, last] = [Math.ceil(Math.min(low, own) / step), Math.floor(Math.max(high, own) / step)];
  const found = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toFixed(6)),
  );
  return [...new Set([...found, own])].sort((a, b) => a - b);
}

function roundStep(rough) {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5].map((each) => each * power).find((each) => each >= rough) ?? 10 * power;
}

function slider(field, own, onChange) {
  const start = typeof own === "number" ? own : field.middle;
  if (typeof start !== "number") return null;
  const values = stops(field, start);
  if (values.length < 2) return null;
  const id = newId("slider");
  const told = h("output", { for: id, class: "figure" });
  const input = h("input", { type: "range", class: "form-range", id, min: 0, max: values.length - 1, step: 1 });
  const say = (value) => {
    const text = withUnit(field, value);
    told.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const show = (value) => {
    input.value = String(Math.max(0, values.indexOf(value ?? start)));
    say(value ?? start);
  };
  input.addEventListener("input", () => {
    const value = values[Number(input.value)];
    say(value);
    onChange(field.name, value);
  });
  show(own);
  const element = h("div", { class: "slider" }, h("label", { for: id }, fieldName(field.name)), told, input);
  return { name: field.name, element, show };
}

function list({ name, values = [] }, own, onChange) {
  const id = newId("list");
  const mine = normalised(String(own ?? ""));
  const all = values.some((each) => normalised(each) === mine) || !mine ? values : [own, ...values];
  const option = (each) => h("option", { value: each, selected: normalised(each) === mine }, shown(each));
  const input = h(
    "select",
    { class: "form-select form-select-sm", id },
    !mine && h("option", { value: "", selected: true }, "–"),
    all.map(option),
  );
  input.addEventListener("change", () =>
    onChange(name, normalised(input.value) === mine ? (own ?? null) : input.value),
  );
  const show = (value) => {
    const wanted = normalised(String(value ?? own ?? ""));
    input.value = all.find((each) => normalised(each) === wanted) ?? "";
  };
  return {
    name,
    element: h("div", { class: "slider" }, h("label", { for: id }, fieldName(name)), h("span"), input),
    show,
  };
}

// What the API will say of a home's fields, before it is asked: by the rules that /v1/market tells, in the API's words.

import { read } from "./format.js";

const LONGEST_TEXT = 200;
const LONGEST_REFERENCE = 100;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** The form in which types and sectors are compared: no accents, no case, single spaces. */
export const normalised = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/\s+/).filter(Boolean).join(" ");

/** A bound as the API writes it. */
const bound = (value) => (Math.abs(value) >= 1e6 ? value.toExponential().replace(/e\+(\d)$/, "e+0$1") : String(value));

/** What is wrong with a number by the rule {above, at_least, at_most}; null where nothing is. */
export function numberProblem(rule, value) {
  if (!Number.isFinite(value)) return "must be a finite number";
  if (rule.above !== null && rule.above !== undefined && !(value > rule.above))
    return `must be greater than ${bound(rule.above)}`;
  if (rule.at_least !== null && rule.at_least !== undefined && !(value >= rule.at_least))
    return `must be at least ${bound(rule.at_least)}`;
  if (rule.at_most !== null && rule.at_most !== undefined && !(value <= rule.at_most))
    return `must be at most ${bound(rule.at_most)}`;
  return null;
}

/** What is wrong with a text; null where nothing is. */
export function textProblem(value) {
  if ([...value].length > LONGEST_TEXT) return `must have at most ${LONGEST_TEXT} characters`;
  if (CONTROL.test(value)) return "must not hold control characters";
  return normalised(value) ? null : "must not be empty";
}

/** What is wrong with a client's own reference; null where nothing is. */
export function referenceProblem(value) {
  if ([...value].length > LONGEST_REFERENCE) return `must have at most ${LONGEST_REFERENCE} characters`;
  return CONTROL.test(value) ? "must not hold control characters" : null;
}

/** What is wrong with a day such as "2026-11-23"; null where nothing is. */
export function dayProblem(value, days) {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00Z`) : new Date(NaN);
  if (Number.isNaN(date.getTime()) || !date.toISOString().startsWith(value))
    return "must be a date like 2026-11-22, or null";
  return value < days.first || value > days.last ? `must be from ${days.first} to ${days.last}` : null;
}

/**
 * A home as the user typed it, held against the market's rules: {home, problems}. `typed`: texts by field; `home` is what
 * is sent, with numbers as numbers; `problems`: [{field, message}], as the API would answer. Empty further features are null.
 * `reading`: how a text is read as a number.
 */
export function checked(typed, market, reading = read) {
  const home = {};
  const problems = [];
  const add = (field, message) => message && problems.push({ field, message });
  for (const field of market.fields) {
    const text = (typed[field.name] ?? "").trim();
    if (field.kind === "text") {
      home[field.name] = text;
      add(field.name, textProblem(text));
    } else if (!text) add(field.name, "is missing");
    else {
      const value = reading(text);
      home[field.name] = value;
      add(field.name, Number.isNaN(value) ? "must be a number, not text" : numberProblem(field, value));
    }
  }
  for (const feature of market.features.numeric) {
    const text = (typed[feature.name] ?? "").trim();
    home[feature.name] = text ? reading(text) : null;
    if (text && !Number.isFinite(home[feature.name])) add(feature.name, "must be a finite number");
  }
  for (const feature of market.features.categorical) home[feature.name] = (typed[feature.name] ?? "").trim() || null;
  if (typed.client_ref?.trim()) {
    home.client_ref = typed.client_ref.trim();
    add("client_ref", referenceProblem(home.client_ref));
  }
  if (typed.valuation_date?.trim()) {
    home.valuation_date = typed.valuation_date.trim();
    add("valuation_date", dayProblem(home.valuation_date, market.valuation_days));
  }
  return { home, problems };
}

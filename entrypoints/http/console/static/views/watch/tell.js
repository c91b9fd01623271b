// What is told of a valuation: the sale of its home, or a valuer's value in the place of the model's.

import { post } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { read } from "../../core/format.js";
import { t } from "../../core/words.js";
import { field } from "../../parts/field.js";
import { notice } from "../../parts/notice.js";
import { said } from "./tell-problems.js";

/** The form for a sale. `drafts`: where what is typed is kept; `renew()` is awaited once it is recorded. */
export function outcomeForm(told, drafts, renew, signal) {
  const fields = {
    price: field(t("tell.price", { currency: told.currency }), input(drafts, "price", { inputmode: "decimal" })),
    sold_on: field(t("tell.sold_on"), input(drafts, "sold_on", { type: "date", min: "1900-01-01" })),
  };
  const send = async () => {
    const { price = "", sold_on: soldOn = "" } = drafts;
    const answer = await post(
      "/v1/outcomes",
      { valuation_id: told.valuation_id, ...sent({ price }), ...(soldOn && { sold_on: soldOn }) },
      null,
      signal,
    );
    const [receipt] = answer.outcomes;
    if (receipt.status === "already_known") return "tell.known";
    return receipt.tests_value === false ? "tell.tests_nothing" : "tell.recorded";
  };
  return form("tell.outcome", fields, "tell.send", send, { drafts, renew });
}

/** The form for an override, likewise. */
export function overrideForm(told, drafts, renew, signal) {
  const fields = {
    value: field(t("tell.value", { currency: told.currency }), input(drafts, "value", { inputmode: "decimal" })),
    reason: field(t("tell.reason"), input(drafts, "reason", { maxlength: 1000 })),
    valuer: field(t("tell.valuer"), input(drafts, "valuer", { maxlength: 200 })),
  };
  const send = async () => {
    const { value = "", reason = "", valuer = "" } = drafts;
    const answer = await post(
      `/v1/valuations/${encodeURIComponent(told.valuation_id)}/override`,
      { ...sent({ value }), reason, valuer },
      null,
      signal,
    );
    return answer.status === "already_known" ? "tell.known" : "tell.recorded";
  };
  return form("tell.override", fields, "tell.send_override", send, { drafts, renew });
}

// Nothing and nonsense are not sent as numbers: the service would answer in terms of JSON.
const sent = (amounts) => Object.fromEntries(Object.entries(amounts).map(([name, text]) => [name, read(text.trim())]));

const input = (drafts, name, attributes) =>
  h("input", {
    class: "form-control",
    value: drafts[name] ?? "",
    autocomplete: "off",
    ...attributes,
    on: { input: (event) => (drafts[name] = event.target.value) },
  });

function form(title, fields, button, send, { drafts, renew }) {
  const wrong = h("div", { class: "text-danger small", role: "alert" });
  const submit = h("button", { type: "submit", class: "btn btn-primary" }, t(button));
  const element = h(
    "form",
    { class: "panel tell", novalidate: true },
    h("h3", {}, t(title)),
    Object.values(fields).map((each) => each.element),
    wrong,
    submit,
    h("p", { class: "small text-body-secondary mt-2 mb-0" }, t("tell.for_good")),
  );
  const show = (problems) => {
    for (const [name, each] of Object.entries(fields))
      each.wrong(problems.find((problem) => problem.field === name)?.text ?? null);
    const first = Object.entries(fields).find(([name]) => problems.some((problem) => problem.field === name));
    first?.[1].control.focus();
  };
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    const missing = missingOf(fields, drafts);
    show(missing);
    if (missing.length) return;
    submit.disabled = true;
    try {
      notice(t(await send()));
      for (const name of Object.keys(fields)) drafts[name] = fields[name].control.value = "";
      await renew();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (problem.status === undefined) throw problem;
      const known = problem.errors
        .filter((each) => each.field in fields)
        .map((each) => ({ field: each.field, text: said(each.message) }));
      show(known);
      if (!known.length) wrong.textContent = problem.message;
    } finally {
      submit.disabled = false;
    }
  });
  return element;
}

function missingOf(fields, drafts) {
  const problems = [];
  for (const [name, { control }] of Object.entries(fields)) {
    const text = (drafts[name] ?? "").trim();
    if (!text) problems.push({ field: name, text: t(control.validity.badInput ? "tell.bad_day" : "tell.missing") });
    else if (control.inputMode === "decimal" && Number.isNaN(read(text)))
      problems.push({ field: name, text: t("tell.not_number") });
  }
  return problems;
}

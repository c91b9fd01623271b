// The forward test: values against the sales that came later.

import { get } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { message } from "../../core/messages.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";
import { field } from "../../parts/field.js";
import { scopeMissing } from "../../parts/notice.js";
import { groups } from "./coverage-groups.js";
import { noOutcomes } from "./coverage-empty.js";
import { hitRates, promises, ratioStudy, tilesOf } from "./coverage-figures.js";
import { overrides } from "./coverage-overrides.js";
import { sentences } from "./sentences.js";
import { study } from "./study.js";
import "./words-coverage.js";

/** Shows it in `root`. */
export function coverage(root, { state, signal }) {
  if (!session.may("monitor:read")) return fill(root, scopeMissing("monitor:read"));
  state.coverage ??= { since: "", until: "", version: "", versions: [], way: "confidence" };
  const own = state.coverage;
  const fields = {
    since: field(t("coverage.since"), dayInput(own, "since")),
    until: field(t("coverage.until"), dayInput(own, "until")),
    version: field(
      t("coverage.version"),
      h("select", { class: "form-select", on: { change: (event) => (own.version = event.target.value) } }),
    ),
  };
  const ask = async (asked) => {
    try {
      const told = await get(
        "/v1/monitoring/coverage",
        { since: own.since, until: own.until, version: own.version },
        asked,
      );
      own.versions = [...new Set([...own.versions, ...Object.keys(told.by.version)])].sort((one, other) =>
        other.localeCompare(one, undefined, { numeric: true }),
      );
      offer(fields.version.control, own);
      return told;
    } catch (problem) {
      for (const each of problem.errors ?? []) fields[each.field]?.wrong(message(each.message));
      throw problem;
    }
  };
  offer(fields.version.control, own);
  const { element, renew } = study({ own, ask, draw: (told) => drawn(told, own), signal });
  const form = h(
    "form",
    { class: "study-asked", novalidate: true },
    Object.values(fields).map((each) => each.element),
    h("button", { type: "submit", class: "btn btn-primary" }, t("coverage.ask")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = own.since && own.until && own.since >= own.until;
    fields.since.wrong(wrong ? t("coverage.bad_period") : null);
    fields.until.wrong(null);
    if (wrong) fields.since.control.focus();
    else renew();
  });
  fill(root, h("p", { class: "text-body-secondary" }, t("coverage.lead")), form, element);
  return undefined;
}

const dayInput = (own, name) =>
  h("input", {
    class: "form-control",
    type: "date",
    value: own[name],
    min: "1900-01-01",
    max: "2200-12-31",
    on: { input: (event) => (own[name] = event.target.value) },
  });

function offer(select, own) {
  const options = [["", t("coverage.all_versions")], ...own.versions.map((each) => [each, each])];
  fill(
    select,
    options.map(([value, label]) => h("option", { value }, label)),
  );
  select.value = own.version;
}

function drawn(told, own) {
  const counted = h(
    "p",
    { class: "text-body-secondary m-0" },
    t("coverage.counted", {
      valuations: number(told.valuations),
      sold: number(told.with_outcome),
      before: number(told.sold_before),
      again: number(told.superseded),
    }),
  );
  const { figures } = told.overall;
  if (!figures) return [counted, noOutcomes(told), overrides(told.overrides)];
  return [
    h("div", { class: `alert alert-${told.shortfalls.length ? "warning" : "success"} m-0` }, sentences(told.sentences)),
    counted,
    tilesOf(told.overall),
    promises(figures),
    groups(told, own),
    hitRates(figures),
    ratioStudy(figures.ratio_study),
    overrides(told.overrides),
  ];
}

// What a version was held against before it might serve.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { t, tn } from "../../core/words.js";
import { fixed } from "./digits.js";
import { plainTable, verdict } from "./layout.js";

/** The verdict in a word or two. */
export const gateVerdict = ({ against, passed }) =>
  against
    ? [
        verdict(passed, t("model.gate.passed"), t("model.gate.not")),
        h("small", { class: "by" }, t("model.gate.against", { against })),
      ]
    : h("span", { class: "text-body-secondary" }, t("model.gate.first"));

/** What came of it, in a sentence. */
export function gateWords({ against, passed, reason, sales, checks }) {
  if (!against) return t("model.gate.first.text");
  if (!checks.length) return t(passed ? "model.gate.unchecked" : "model.gate.unfit", { against, reason });
  const params = {
    against,
    sales: tn("model.sales", sales),
    failed: number(checks.filter((each) => !each.passed).length),
    checks: number(checks.length),
  };
  return t(passed ? "model.gate.passed.text" : "model.gate.not.text", params);
}

/** Every figure that was compared, with its margin: first what is worse. */
export function checksTable({ against, checks }, version) {
  const write = ({ unit }, value) => (unit === "%" ? percent(value / 100, 1) : fixed(value, 3));
  const step = (check, value) => `${value > 0 ? "+" : ""}${fixed(value, check.unit === "%" ? 1 : 3)}`;
  return plainTable({
    caption: t("model.gate.checks"),
    head: [
      { label: t("model.figure") },
      { label: version, number: true },
      { label: against, number: true },
      { label: t("model.gate.worse"), number: true },
      { label: t("model.gate.interval"), number: true },
      { label: t("model.gate.margin"), number: true },
      { label: t("model.verdict") },
    ],
    rows: checks
      .toSorted((one, other) => one.passed - other.passed)
      .map((check) => [
        checkName(check.name),
        write(check, check.candidate),
        write(check, check.serving),
        step(check, check.worsening),
        t("model.between", { low: step(check, check.low), high: step(check, check.high) }),
        fixed(check.margin, check.unit === "%" ? 1 : 3),
        verdict(check.passed, t("model.gate.held"), t("model.gate.broken")),
      ]),
  });
}

function checkName(name) {
  const [, figure, sector] = /^(\S+)(?: in (.+))?$/s.exec(name) ?? [null, name, null];
  const called = figure === "coverage" ? t("model.column.coverage") : figure;
  return sector ? t("model.gate.in", { figure: called, sector }) : called;
}

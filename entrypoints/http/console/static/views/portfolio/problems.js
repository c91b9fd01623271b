// What is wrong, row by row, before anything is sent.

import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { message } from "../../core/messages.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { download } from "../../parts/copy.js";
import { table } from "../../parts/table.js";
import { problemsOutput } from "./output.js";

const said = (problem) => (problem.field ? message(problem.message) : t("portfolio.ragged", problem));
const named = (problem) => (problem.field ? fieldName(problem.field) : t("portfolio.row"));

export function problemsPanel(state) {
  const bad = state.rows.filter((row) => row.problems.length);
  const tiles = h(
    "div",
    { class: "tiles" },
    tile(t("portfolio.rows"), state.rows.length),
    tile(t("portfolio.sound"), state.rows.length - bad.length, "level-high"),
    tile(t("portfolio.bad"), bad.length, bad.length ? "level-low" : ""),
  );
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, t("portfolio.check")),
    tiles,
    bad.length ? listed(state, bad) : h("p", { class: "mt-3 mb-0", role: "status" }, t("portfolio.no_problems")),
  );
}

function listed(state, bad) {
  const problems = bad.flatMap((row) => row.problems.map((problem) => ({ ...problem, line: row.line })));
  const kinds = new Map();
  for (const problem of problems) {
    const kind = `${named(problem)}: ${said(problem)}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const shown = table({
    caption: t("portfolio.problems"),
    pageSize: 10,
    rows: problems,
    columns: [
      {
        name: "line",
        label: t("portfolio.line"),
        number: true,
        head: true,
        cell: (each) => number(each.line),
        value: (each) => each.line,
      },
      { name: "field", label: t("portfolio.field"), cell: named, value: named },
      {
        name: "cell",
        label: t("portfolio.cell"),
        cell: (each) => h("code", {}, each.cell.slice(0, 60)),
        value: (each) => each.cell,
      },
      { name: "problem", label: t("portfolio.problem"), cell: said, value: said },
    ],
  });
  const take = () =>
    download(`${state.file.name.replace(/\.\w+$/, "")}-problems.csv`, problemsOutput(state.file, state.rows));
  return [
    h("p", { class: "mt-3" }, t("portfolio.problems_text")),
    h("h3", { class: "h6" }, t("portfolio.by_kind")),
    h(
      "ul",
      {},
      [...kinds]
        .sort(([, one], [, other]) => other - one)
        .slice(0, 8)
        .map(([kind, count]) => h("li", {}, `${kind} (${number(count)})`)),
    ),
    h("h3", { class: "h6" }, t("portfolio.problems")),
    shown.element,
    h(
      "button",
      { type: "button", class: "btn btn-sm btn-outline-secondary mt-2", on: { click: take } },
      t("portfolio.problems_download"),
    ),
  ];
}

/** A figure with its name. */
export const tile = (name, amount, look = "") =>
  h(
    "div",
    { class: "tile" },
    h("div", { class: "name" }, name),
    h("div", { class: `amount ${look}` }, typeof amount === "number" ? number(amount) : amount),
  );

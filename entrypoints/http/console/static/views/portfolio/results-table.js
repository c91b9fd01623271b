// The rows with their values, to be sorted, searched and filtered.

import { h, newId } from "../../core/dom.js";
import { area, money, number } from "../../core/format.js";
import { confidenceName, fieldName, reasonName } from "../../core/names.js";
import { normalised } from "../../core/rules.js";
import { t } from "../../core/words.js";
import { table } from "../../parts/table.js";
import { details, interval } from "./row-details.js";

const FILTERS = {
  all: () => true,
  high: (row) => row.answer?.confidence_level === "high",
  medium: (row) => row.answer?.confidence_level === "medium",
  low: (row) => row.answer?.confidence_level === "low",
  refused: (row) => row.problems.length > 0 || row.answer?.status === "refused",
};

/** The table with its search; what is searched and filtered stays in `state`. */
export function resultsTable(state, { currency }, context) {
  const rows = state.rows.filter((row) => row.answer || row.problems.length);
  const shown = table({
    caption: t("portfolio.results"),
    pageSize: 25,
    sort: { name: "line", up: true },
    columns: columns(state, currency),
    onRow: (row) => details(row, state, currency, context),
    empty: t("portfolio.nothing_fits"),
  });
  const count = h("span", { class: "small text-body-secondary", role: "status" });
  const [searchId, filterId] = [newId("search"), newId("filter")];
  const search = h("input", {
    class: "form-control form-control-sm",
    type: "search",
    id: searchId,
    value: state.search ?? "",
  });
  const filter = h(
    "select",
    { class: "form-select form-select-sm", id: filterId },
    Object.keys(FILTERS).map((name) => h("option", { value: name, selected: name === state.filter }, filterName(name))),
  );
  const apply = () => {
    Object.assign(state, { search: search.value, filter: filter.value });
    const bare = normalised(search.value);
    const fitting = rows.filter(
      (row) => FILTERS[filter.value](row) && (!bare || normalised(row.cells.join(" ")).includes(bare)),
    );
    count.textContent = t("portfolio.shown", { shown: number(fitting.length), total: number(rows.length) });
    shown.show(fitting);
  };
  search.addEventListener("input", apply);
  filter.addEventListener("change", apply);
  apply();
  return h(
    "div",
    { class: "results-rows" },
    h(
      "div",
      { class: "results-search" },
      h("label", { for: searchId, class: "small" }, t("portfolio.search")),
      search,
      h("label", { for: filterId, class: "small" }, t("portfolio.filter")),
      filter,
      count,
    ),
    shown.element,
  );
}

const filterName = (name) =>
  ({ all: t("portfolio.all"), refused: t("status.refused") })[name] ??
  `${t("portfolio.confidence")}: ${confidenceName(name)}`;

function columns(state, currency) {
  const cell = (row, field) => (state.places[field] >= 0 ? (row.cells[state.places[field]] ?? "") : "");
  const amount = (name) => ({
    name,
    label: fieldName(name),
    number: true,
    cell: (row) => (row.answer?.value == null ? "–" : money(row.answer[name], currency)),
    value: (row) => row.answer?.[name],
  });
  return [
    {
      name: "line",
      label: t("portfolio.line"),
      number: true,
      head: true,
      cell: (row) => number(row.line),
      value: (row) => row.line,
    },
    state.places.client_ref >= 0 && {
      name: "client_ref",
      label: t("portfolio.reference"),
      cell: (row) => cell(row, "client_ref"),
      value: (row) => cell(row, "client_ref"),
    },
    {
      name: "home",
      label: t("portfolio.home"),
      cell: (row) => `${cell(row, "type")} · ${cell(row, "sector")}`,
      value: (row) => `${cell(row, "sector")} ${cell(row, "type")}`,
    },
    {
      name: "net_usable_area",
      label: fieldName("net_usable_area"),
      number: true,
      cell: (row) => area(row.home?.net_usable_area),
      value: (row) => row.home?.net_usable_area,
    },
    amount("value"),
    {
      name: "interval",
      label: t("portfolio.interval"),
      number: true,
      cell: (row) => interval(row, currency),
      value: (row) => row.answer?.fsd,
    },
    {
      name: "confidence",
      label: t("portfolio.confidence"),
      number: true,
      cell: confidence,
      value: (row) => row.answer?.confidence_score,
    },
    { name: "status", label: t("portfolio.status"), cell: status, value: status },
  ].filter(Boolean);
}

const confidence = ({ answer }) =>
  answer?.confidence_level
    ? h(
        "span",
        { class: `level-${answer.confidence_level}` },
        `${confidenceName(answer.confidence_level)} ${answer.confidence_score}`,
      )
    : "–";
const status = ({ answer, problems }) =>
  problems.length ? reasonName("invalid_property") : answer.reason ? reasonName(answer.reason) : t("status.valued");

// A table that is sorted by its heads and shown page by page.

import { fill, h } from "../core/dom.js";
import { locale, t } from "../core/words.js";

/**
 * columns: [{name, label, cell(row) -> node or text, value(row) -> what it is sorted by (left out: not sortable),
 * number: aligned right, head: whether its cells name their rows}]. onRow(row): makes rows open something.
 * Gives {element, show(rows)}; `pageSize` rows a page, all where it is 0; `sort`: {name, up} at first.
 */
export function table({
  columns,
  rows = [],
  caption,
  pageSize = 50,
  sort = null,
  onRow = null,
  rowClass = null,
  empty = t("word.nothing"),
}) {
  const state = { rows, sort, page: 0 };
  const head = h("thead");
  const body = h("tbody");
  const pager = h("nav", { class: "pager", "aria-label": t("table.pages") });
  const element = h(
    "div",
    { class: "table-frame" },
    h(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", "aria-label": caption },
      h(
        "table",
        { class: "table table-sm table-hover align-middle" },
        h("caption", { class: "visually-hidden" }, caption),
        head,
        body,
      ),
    ),
    pager,
  );

  const sorted = () => {
    const column = columns.find((each) => each.name === state.sort?.name);
    if (!column) return state.rows;
    const keyed = state.rows.map((row) => [column.value(row), row]);
    const turn = state.sort.up ? 1 : -1;
    keyed.sort(([one], [other]) => {
      if (isNothing(one) || isNothing(other)) return isNothing(one) - isNothing(other);
      return turn * (typeof one === "string" ? one.localeCompare(other, locale(), { numeric: true }) : one - other);
    });
    return keyed.map(([, row]) => row);
  };
  const draw = () => {
    const pages = pageSize ? Math.max(1, Math.ceil(state.rows.length / pageSize)) : 1;
    state.page = Math.min(state.page, pages - 1);
    const ordered = sorted();
    const shown = pageSize ? ordered.slice(state.page * pageSize, (state.page + 1) * pageSize) : ordered;
    fill(
      head,
      h(
        "tr",
        {},
        columns.map((column, place) =>
          headCell(column, state, () => {
            draw();
            head.querySelectorAll("th")[place].firstChild.focus();
          }),
        ),
      ),
    );
    fill(
      body,
      shown.length
        ? shown.map((row) => line(row, columns, onRow, rowClass))
        : h("tr", {}, h("td", { colspan: columns.length, class: "text-center text-body-secondary py-4" }, empty)),
    );
    const move = (step) => {
      state.page += step;
      draw();
    };
    fill(
      pager,
      pages > 1 && [
        h(
          "button",
          {
            type: "button",
            class: "btn btn-sm btn-outline-secondary",
            disabled: state.page === 0,
            on: { click: () => move(-1) },
          },
          t("table.before"),
        ),
        h("span", { "aria-live": "polite" }, t("table.page", { page: state.page + 1, pages })),
        h(
          "button",
          {
            type: "button",
            class: "btn btn-sm btn-outline-secondary",
            disabled: state.page === pages - 1,
            on: { click: () => move(1) },
          },
          t("table.after"),
        ),
      ],
    );
  };
  draw();
  return {
    element,
    show(newRows) {
      state.rows = newRows;
      state.page = 0;
      draw();
    },
  };
}

const isNothing = (value) => value === null || value === undefined || Number.isNaN(value);

function headCell(column, state, draw) {
  const side = column.number ? "text-end" : undefined;
  if (!column.value) return h("th", { scope: "col", class: side }, column.label);
  const current = state.sort?.name === column.name;
  const turn = () => {
    state.sort = { name: column.name, up: current ? !state.sort.up : !column.number };
    draw();
  };
  const button = h(
    "button",
    { type: "button", class: "sort", on: { click: turn } },
    column.label,
    h("span", { class: "arrow", "aria-hidden": "true" }, current ? (state.sort.up ? "▲" : "▼") : "↕"),
  );
  return h(
    "th",
    { scope: "col", class: side, "aria-sort": current ? (state.sort.up ? "ascending" : "descending") : undefined },
    button,
  );
}

function line(row, columns, onRow, rowClass) {
  const cells = columns.map((column) => {
    const content = column.cell(row);
    const side = column.number ? "text-end tabular" : undefined;
    return column.head
      ? h("th", { scope: "row", class: side }, opening(content, row, onRow))
      : h("td", { class: side }, content);
  });
  const element = h("tr", { class: [onRow && "opens", rowClass?.(row)].filter(Boolean).join(" ") || undefined }, cells);
  if (onRow) element.addEventListener("click", (event) => event.target.closest("a,button,input") || onRow(row));
  return element;
}

const opening = (content, row, onRow) =>
  onRow
    ? h("button", { type: "button", class: "btn btn-link p-0 text-start", on: { click: () => onRow(row) } }, content)
    : content;

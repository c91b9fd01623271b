// How pages of figures are laid out: sections, panels, facts and small tables.

import { h, newId } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";

/** A part of the page with a heading that can be led to. */
export const section = (title, ...content) =>
  h(
    "section",
    { class: "model-section" },
    h("h2", { class: "h4", tabindex: -1, id: newId("section") }, title),
    content,
  );

/** A card with a heading, and what is to be seen in it. */
export const panel = (title, text, ...content) =>
  h("div", { class: "panel" }, h("h3", {}, title), text && h("p", { class: "explained" }, coded(text)), content);

/** The same where there is no section around it. */
export const topPanel = (title, text, ...content) =>
  h("div", { class: "panel" }, h("h2", {}, title), text && h("p", { class: "explained" }, coded(text)), content);

/** A text in which `...` is code. */
export const coded = (text) => text.split("`").map((part, place) => (place % 2 ? h("code", {}, part) : part));

/** Panels side by side, where there is room. */
export const pair = (...panels) => h("div", { class: "grid model-pair" }, panels);

/** Names and facts: [[name, content, ...]]; those without content are left out. */
export const facts = (rows) =>
  h(
    "dl",
    { class: "model-facts" },
    rows
      .filter(([, content]) => content !== null && content !== undefined && content !== "")
      .map(([name, content]) => h("div", {}, h("dt", {}, name), h("dd", {}, content))),
  );

/** Whether something holds, in a word that is not a colour alone. */
export const verdict = (holds, yes, no) =>
  holds === null
    ? h("span", { class: "text-body-secondary" }, "–")
    : h(
        "span",
        { class: holds ? "level-high" : "level-low" },
        h("span", { "aria-hidden": "true" }, holds ? "✓ " : "✗ "),
        holds ? yes : no,
      );

const MOST_ROWS = 12;

/**
 * A table that is not sorted; on a phone every row is a card. head: [{label, number: aligned right}], rows: cells, the
 * first of which names its row. Of a long one the first rows are shown, and the others when they are asked for.
 */
export function plainTable({ caption, head, rows, rowClass }) {
  const side = ({ number }) => (number ? "text-end" : undefined);
  const body = h(
    "tbody",
    {},
    rows.map((cells, place) =>
      h(
        "tr",
        { class: rowClass?.(place), hidden: rows.length > MOST_ROWS + 2 && place >= MOST_ROWS },
        cells.map((cell, at) =>
          at
            ? h("td", { class: side(head[at]) }, cellName(head[at].label), h("span", {}, cell))
            : h("th", { scope: "row", tabindex: -1 }, cell),
        ),
      ),
    ),
  );
  const table = h(
    "div",
    { class: "table-scroll plain", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      { class: "table table-sm align-middle as-cards" },
      h("caption", { class: "visually-hidden" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((column) => h("th", { scope: "col", class: side(column) }, column.label)),
        ),
      ),
      body,
    ),
  );
  const hidden = [...body.children].filter((row) => row.hidden);
  if (!hidden.length) return table;
  const show = (event) => {
    hidden.forEach((row) => (row.hidden = false));
    hidden[0].firstChild.focus();
    event.currentTarget.remove();
  };
  const all = t("model.rows.all", { count: number(rows.length) });
  return [table, h("button", { type: "button", class: "btn btn-sm btn-outline-secondary", on: { click: show } }, all)];
}

/** What a cell is, where its column's head is not shown: on a phone. */
export const cellName = (label) => h("span", { class: "cell-name", "aria-hidden": "true" }, label);

/** Buttons that lead to the sections of a page. */
export function jumps(sections) {
  const go = (heading) => {
    heading.scrollIntoView({ behavior: "smooth", block: "start" });
    heading.focus({ preventScroll: true });
  };
  return h(
    "nav",
    { class: "jumps", "aria-label": t("model.sections") },
    sections.map((each) =>
      h(
        "button",
        { type: "button", class: "btn btn-sm btn-outline-secondary", on: { click: () => go(each.firstChild) } },
        each.firstChild.textContent,
      ),
    ),
  );
}

// The view "Portfolio": a file is dropped, checked, valued and given back. `state.stage` tells how far it is.

import "./words.js";

import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { market } from "../../core/market.js";
import { t } from "../../core/words.js";
import { waiting } from "../../parts/notice.js";
import { checkedRows } from "./check.js";
import { columnsPanel, missing } from "./columns-panel.js";
import { matched } from "./columns.js";
import { decoded, parsed } from "./csv.js";
import { dropZone, MOST_ROWS } from "./drop.js";
import { problemsPanel } from "./problems.js";
import { progressPanel } from "./progress.js";
import { resultsPanel } from "./results.js";

export const view = { name: "portfolio", scopes: ["value"], render };

async function render(root, context) {
  const known = await market();
  const { state } = context;
  const title = h(
    "div",
    { class: "portfolio-title" },
    h("h1", { class: "h3" }, t("portfolio.title")),
    state.file && another(),
  );
  const place = h("div", { class: "grid" });
  fill(root, title, place);

  function another() {
    const again = () => {
      state.running?.abort();
      for (const name of Object.keys(state)) delete state[name];
      render(root, context);
    };
    return h(
      "button",
      { type: "button", class: "btn btn-outline-secondary", on: { click: again } },
      t("portfolio.other"),
    );
  }

  async function take(file) {
    try {
      fill(place, h("p", { role: "status" }, t("portfolio.reading", { name: file.name })), waiting(5));
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (looksBinary(bytes)) return show(t("portfolio.not_csv", { name: file.name }));
      const content = parsed(decoded(bytes));
      if (!content.rows.length) return show(t("portfolio.empty", { name: file.name }));
      if (content.rows.length > MOST_ROWS)
        return show(
          t("portfolio.too_many", { name: file.name, rows: number(content.rows.length), most: number(MOST_ROWS) }),
        );
      Object.assign(state, { file: { name: file.name, ...content }, places: matched(content.header, known) });
    } catch {
      return show(t("portfolio.unreadable", { name: file.name }));
    }
    return check();
  }

  async function check() {
    Object.assign(state, { rows: null, error: null });
    if (!missing(state.places, known).length) {
      const { rows, mark } = await checkedRows(state.file, state.places, known, context.signal);
      Object.assign(state, { rows, mark });
    }
    return render(root, context);
  }

  function show(wrong = null) {
    if (!state.file) return fill(place, dropZone(known, take, wrong));
    const redraw = () => !context.signal.aborted && render(root, context);
    const parts = [columnsPanel(state, known, check)];
    if (state.rows) parts.push(problemsPanel(state), progressPanel(state, redraw));
    if (state.rows?.some((row) => row.answer) && !state.running) parts.push(resultsPanel(state, known, context));
    return fill(place, parts);
  }

  return state.file && !state.rows && !missing(state.places, known).length ? check() : show();
}

const looksBinary = (bytes) =>
  bytes[0] === 0x50 && bytes[1] === 0x4b
    ? true
    : bytes[0] !== 0xff && bytes[0] !== 0xfe && bytes.subarray(0, 4096).includes(0);

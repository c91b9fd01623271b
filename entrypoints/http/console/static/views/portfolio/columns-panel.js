// The columns of a file and the fields they are.

import { h, newId } from "../../core/dom.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { wanted } from "./columns.js";

/** The names of the required fields that no column was chosen for. */
export const missing = (places, market) =>
  wanted(market)
    .filter(({ name, required }) => required && places[name] < 0)
    .map(({ name }) => name);

/** A panel where each field has its column; `check()` is called after a change. Open where something is missing. */
export function columnsPanel(state, market, check) {
  const lacking = missing(state.places, market);
  const choices = wanted(market).map(({ name, required }) => {
    const id = newId("column");
    const select = h(
      "select",
      {
        class: "form-select form-select-sm",
        id,
        disabled: Boolean(state.running),
        "aria-invalid": required && state.places[name] < 0 ? "true" : undefined,
      },
      h("option", { value: "-1" }, t("portfolio.no_column")),
      state.file.header.map((column, place) =>
        h("option", { value: place, selected: state.places[name] === place }, column || `(${place + 1})`),
      ),
    );
    select.addEventListener("change", () => {
      state.places = { ...state.places, [name]: Number(select.value) };
      check();
    });
    return h(
      "div",
      {},
      h(
        "label",
        { class: "form-label small mb-1", for: id },
        fieldName(name),
        required && h("span", { class: "text-body-secondary" }, ` · ${t("portfolio.required")}`),
      ),
      select,
    );
  });
  return h(
    "details",
    { class: "panel", open: lacking.length > 0 },
    h("summary", {}, h("h2", {}, `${t("portfolio.columns")} · ${state.file.name}`)),
    h("p", { class: "mt-2" }, t("portfolio.columns_text", { name: state.file.name })),
    lacking.length > 0 &&
      h(
        "p",
        { class: "text-danger", role: "alert" },
        t("portfolio.column_missing", { fields: lacking.map(fieldName).join(", ") }),
      ),
    h("div", { class: "columns-grid" }, choices),
  );
}

// Where a file is dropped or chosen.

import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { download } from "../../parts/copy.js";
import { written } from "./csv.js";

export const MOST_ROWS = 100_000;

/** The place to drop a file; `take(file)` is called with it. `wrong`: what was wrong with the last one. */
export function dropZone(market, take, wrong) {
  const input = h("input", {
    type: "file",
    id: "portfolio-file",
    class: "visually-hidden",
    accept: ".csv,.txt,.tsv,text/csv,text/plain",
    "aria-describedby": "portfolio-wrong portfolio-formats",
  });
  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  const zone = h(
    "label",
    { class: "drop", for: "portfolio-file" },
    h("span", { class: "drop-sign", "aria-hidden": "true" }, "⇩"),
    h("span", {}, t("portfolio.drop")),
  );
  const over = (inside) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", inside);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  const example = h(
    "button",
    {
      type: "button",
      class: "btn btn-link",
      on: { click: () => download("tasador-example.csv", exampleFile(market)) },
    },
    t("portfolio.example"),
  );
  return h(
    "section",
    { class: "panel" },
    h("p", {}, t("portfolio.lead")),
    input,
    zone,
    h("div", { class: "text-danger", role: "alert", id: "portfolio-wrong" }, wrong),
    h(
      "p",
      { class: "small text-body-secondary mt-2 mb-0", id: "portfolio-formats" },
      t("portfolio.formats", { most: number(MOST_ROWS) }),
      " ",
      example,
    ),
  );
}

function exampleFile(market) {
  const home = { id: "1", ...market.typical_home };
  const names = [
    "id",
    ...market.fields.map(({ name }) => name),
    ...[...market.features.numeric, ...market.features.categorical].map(({ name }) => name),
  ];
  const cells = names.map((name) => String(home[name] ?? ""));
  return `${written(names, ",")}\r\n${written(cells, ",")}\r\n`;
}

// What the forward test needs, where it has nothing to go by.

import { curl } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { copyBlock } from "../../parts/copy.js";

const EXAMPLE = {
  outcomes: [{ valuation_id: "019ab0c4-6f0c-7f0e-9a53-5f1f7a4f7f10", price: 187000, sold_on: "2026-10-14" }],
};

/** An explanation, and how sales are told. */
export const noOutcomes = (told) =>
  h(
    "div",
    { class: "panel" },
    h("h2", {}, t("coverage.empty")),
    h("p", {}, t("coverage.empty_text", { count: number(told.overall.valued) })),
    copyBlock(curl("POST", "/v1/outcomes", { body: EXAMPLE })),
    h("a", { class: "btn btn-outline-secondary btn-sm mt-3", href: "#/watch/valuations" }, t("coverage.to_valuations")),
  );

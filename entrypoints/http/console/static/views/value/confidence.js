// How sure a value is, and what makes it less so.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { limitInWords } from "../../core/limits.js";
import { confidenceName } from "../../core/names.js";
import { t } from "../../core/words.js";

/** The score on a bar, its level in words, and the error to be expected. */
export const confidence = ({ confidence_score: score, confidence_level: level, fsd }) =>
  h(
    "div",
    { class: "confidence" },
    h("div", { class: "eyebrow" }, t("value.confidence")),
    h(
      "div",
      { class: "confidence-line" },
      h("strong", { class: `level-${level}` }, confidenceName(level)),
      h("span", { class: "tabular" }, t("value.score", { score: number(score) })),
    ),
    h(
      "div",
      { class: "score", "aria-hidden": "true", vars: { "--score": `${score}%` } },
      h("span", { class: `fill-${level}` }),
    ),
    h(
      "p",
      { class: "mb-0" },
      t("value.fsd", { share: percent(fsd) }),
      " ",
      h("span", { class: "text-body-secondary" }, `(FSD ${number(fsd, 3)})`),
    ),
  );

/** What limits the confidence, and what the service says of it in its own words. Null where there is nothing. */
export function limits({ limiting_factors: factors, warnings }) {
  if (!factors.length && !warnings.length) return null;
  return h(
    "div",
    { class: "limits" },
    factors.length > 0 && [
      h("h3", {}, t("value.limits")),
      h(
        "ul",
        {},
        factors.map((slug) => h("li", {}, limitInWords(slug))),
      ),
    ],
    warnings.length > 0 &&
      h(
        "details",
        { open: !factors.length },
        h("summary", {}, t("value.warnings")),
        h(
          "ul",
          { lang: "en" },
          warnings.map((text) => h("li", {}, text)),
        ),
      ),
  );
}

// Whether homes can be valued, and what each part of the service said.

import { fill, h } from "../../core/dom.js";
import { has, t } from "../../core/words.js";
import { clockTime } from "./clock-time.js";
import { POLL_SECONDS } from "./poll.js";

/** Gives {element, update(answer)}; `answer` is that of GET /health/ready, null where there is none. */
export function readiness() {
  const verdict = h("strong", { role: "status" });
  const facts = h("span", { class: "facts" });
  const checks = h("ul", { class: "checks" });
  const warnings = h("div", {});
  const element = h(
    "div",
    { class: "panel readiness" },
    h("div", { class: "verdict" }, h("span", { class: "light", "aria-hidden": "true" }), verdict, facts),
    checks,
    warnings,
  );
  let answeredAt = new Date();

  function update(answer) {
    if (answer) answeredAt = new Date();
    element.dataset.state = !answer ? "unknown" : answer.ready ? "ready" : "not-ready";
    const said = !answer
      ? t("service.no_answer", { when: clockTime(answeredAt), seconds: POLL_SECONDS })
      : t(answer.ready ? "service.ready" : "service.not_ready");
    if (verdict.textContent !== said) verdict.textContent = said; // read aloud only when it changes
    if (!answer) return;
    fill(
      facts,
      h("span", {}, answer.serving ? t("service.serving", { version: answer.serving }) : t("service.no_model")),
      h("span", {}, t("service.workers", { alive: answer.workers.alive, wanted: answer.workers.wanted })),
      h("span", {}, t("service.looked", { when: clockTime(answeredAt) })),
    );
    fill(
      checks,
      Object.entries(answer.checks).map(([part, told]) => check(part, told)),
    );
    fill(
      warnings,
      answer.warnings.length > 0 &&
        h(
          "div",
          { class: "alert alert-warning mt-3 mb-0" },
          h("strong", {}, t("service.warnings")),
          h(
            "ul",
            { class: "mb-0" },
            answer.warnings.map((each) => h("li", { lang: "en" }, each)),
          ),
        ),
    );
  }
  return { element, update };
}

function check(part, told) {
  const fine = told === "ok";
  const name = has(`check.${part}`) ? t(`check.${part}`) : part.replaceAll("_", " ");
  return h(
    "li",
    { class: fine ? "level-high" : "level-low" },
    h("span", { "aria-hidden": "true" }, fine ? "✓" : "✗"),
    h("span", { class: "text-body" }, name),
    fine ? h("span", {}, t("service.ok")) : h("span", { lang: "en" }, told),
  );
}

// A valuation as it was answered, all that is on record of it, and what was said of it since.

import { get } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";
import { scopeMissing, waiting } from "../../parts/notice.js";
import { comparables, facts, home, percentiles } from "./record-facts.js";
import { answered, why } from "./record-answer.js";
import { since } from "./record-since.js";
import { outcomeForm, overrideForm } from "./tell.js";
import "./words-record.js";

/** Shows the record of this id in `root`. Throws Problem. */
export async function record(root, { state, signal }, id) {
  const back = h("a", { class: "small", href: "#/watch/valuations" }, "← ", t("record.back"));
  if (!session.may("value", "audit:read")) return fill(root, back, scopeMissing("audit:read"));
  fill(root, back, waiting(8));
  const drafts = ((state.drafts ??= {})[id] ??= {});
  let told;
  try {
    told = await get(`/v1/valuations/${encodeURIComponent(id)}`, null, signal);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return fill(
      root,
      back,
      h("div", { class: "alert alert-warning mt-3", role: "alert" }, t("record.not_found", { id })),
    );
  }
  const said = h("div", { class: "panel", "aria-live": "polite" });
  const renew = async () => {
    const again = await get(`/v1/valuations/${encodeURIComponent(id)}`, null, signal);
    fill(said, since(again));
  };
  fill(said, since(told));
  const forms = session.may("outcomes:write")
    ? [outcomeForm(told, drafts, renew, signal), overrideForm(told, drafts, renew, signal)]
    : scopeMissing("outcomes:write");
  return fill(
    root,
    back,
    h(
      "h2",
      { class: "h5 mt-2" },
      t("record.title"),
      " ",
      h("span", { class: "record-id" }, told.client_ref || told.valuation_id),
    ),
    h(
      "div",
      { class: "record" },
      h(
        "div",
        { class: "grid" },
        answered(told),
        why(told),
        comparables(told),
        h("div", { class: "grid told" }, said, forms),
      ),
      h("div", { class: "grid" }, facts(told), home(told), percentiles(told)),
    ),
  );
}

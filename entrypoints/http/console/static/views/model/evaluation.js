// What is kept of a version's evaluation on its holdout, asked for once and shown when it is there.

import { get } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { language, t } from "../../core/words.js";
import { trouble, waiting } from "../../parts/notice.js";
import { coded } from "./layout.js";

/** GET /v1/models/{version}/evaluation: it never changes, so it is kept in the view's state. Throws Problem. */
export async function evaluationOf({ state, signal }, version) {
  state.evaluations ??= new Map();
  if (!state.evaluations.has(version))
    state.evaluations.set(version, await get(`/v1/models/${version}/evaluation`, null, signal));
  return state.evaluations.get(version);
}

/**
 * A box that is filled with what `build` makes of what is awaited. Where that fails, `telling` says why in its place; a
 * box that is not telling goes, so that it is said once.
 */
export function later(promise, build, { telling = false, again } = {}) {
  const box = h("div", { class: "later" }, waiting(4));
  promise.then(
    (known) => fill(box, build(known)),
    (problem) => {
      if (problem.name === "AbortError") return;
      if (problem.status === undefined) throw problem;
      if (!telling) box.remove();
      else fill(box, problem.status === 404 ? unkept(problem) : trouble(problem, again));
    },
  );
  return box;
}

const unkept = (problem) =>
  h(
    "div",
    { class: "alert alert-info mb-0" },
    language() === "en" && problem.detail ? problem.detail : coded(t("model.unkept")),
  );

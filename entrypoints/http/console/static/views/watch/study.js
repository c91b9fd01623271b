// A study that takes the service a while: asked for, shown, and asked for again.

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { trouble, waiting } from "../../parts/notice.js";

const FRESH = 60_000; // milliseconds: a study so young is shown again as it is, in another language say

/**
 * `own`: where its answer is kept ({told, at}); `ask(signal)` gives the answer, `draw(answer)` what is shown of it.
 * Gives {element, renew}: `renew()` asks anew, and gives up what was asked before.
 */
export function study({ own, ask, draw, signal }) {
  const element = h("div", { class: "grid study", "aria-live": "polite" });
  let asked = new AbortController();
  signal.addEventListener("abort", () => asked.abort());

  async function renew() {
    asked.abort();
    asked = new AbortController();
    const { signal: mine } = asked;
    own.told = null;
    fill(element, h("p", { class: "text-body-secondary m-0" }, t("watch.studying")), waiting(6));
    try {
      const told = await ask(mine);
      Object.assign(own, { told, at: Date.now() });
      if (!mine.aborted) fill(element, draw(told));
    } catch (problem) {
      if (mine.aborted || problem.name === "AbortError") return;
      if (problem.status === undefined) throw problem;
      fill(element, trouble(problem, renew));
    }
  }

  if (own.told && Date.now() - own.at < FRESH) fill(element, draw(own.told));
  else renew();
  return { element, renew };
}

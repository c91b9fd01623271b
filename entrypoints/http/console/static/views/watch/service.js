// How the service does, looked at every few seconds.

import { ask, askText } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { trouble, waiting } from "../../parts/notice.js";
import { choice, field } from "../../parts/field.js";
import { taken } from "./counters.js";
import { details } from "./details.js";
import { remember, watched } from "./history.js";
import { readMetrics } from "./metrics-text.js";
import { POLL_SECONDS, poll } from "./poll.js";
import { readiness } from "./readiness.js";
import { tiles } from "./tiles.js";

/** Shows it in `root`, for as long as the view is shown. */
export async function service(root, { state, signal }) {
  state.service ??= { period: "start", history: { moments: [], points: [] } };
  const own = state.service;
  const [well, busy, more] = [readiness(), tiles(), details()];
  const notCounted = h("div", {});
  const body = h(
    "div",
    { class: "grid service-body" },
    busy.element,
    periods(own, draw),
    more.element,
    h("p", { class: "small text-body-secondary m-0" }, t("service.idle")),
  );
  let shown = false;
  fill(root, h("p", { class: "text-body-secondary" }, t("service.lead", { seconds: POLL_SECONDS })), waiting(5));

  function draw() {
    const last = own.history.moments.at(-1);
    if (!last) return;
    busy.update(own.history);
    more.update(own.period === "start" ? last : watched(own.history));
  }

  async function look() {
    const [ready, text] = await Promise.allSettled([askReady(signal), askText("/metrics", signal)]);
    if (signal.aborted) return;
    if (text.status === "fulfilled") remember(own.history, taken(readMetrics(text.value)));
    if (!shown)
      fill(
        root,
        h("p", { class: "text-body-secondary" }, t("service.lead", { seconds: POLL_SECONDS })),
        h("div", { class: "grid" }, well.element, notCounted, body),
      );
    shown = true;
    well.update(ready.status === "fulfilled" ? ready.value : null);
    fill(notCounted, text.status === "rejected" && ready.status === "fulfilled" && trouble(text.reason));
    body.classList.toggle("stale", text.status === "rejected");
    body.hidden = !own.history.moments.length;
    draw();
  }

  await poll(look, signal);
}

/** GET /health/ready, which tells the same with 503 where the service is not ready. */
const askReady = (signal) =>
  ask("GET", "/health/ready", { signal, token: null }).catch((problem) => {
    if (problem.told?.checks) return problem.told;
    throw problem;
  });

function periods(own, draw) {
  const options = ["start", "watched"].map((each) => [each, t(`period.${each}`)]);
  const change = (period) => {
    own.period = period;
    draw();
  };
  return h("div", { class: "period" }, field(t("period.label"), choice(options, own.period, change)).element);
}

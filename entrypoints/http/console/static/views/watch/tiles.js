// The figures of this very moment, each with a line of the last minutes.

import { fill, h } from "../../core/dom.js";
import { duration, number, percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { spark } from "../../parts/charts/index.js";
import { clockTime } from "./clock-time.js";
import { isWork, quantiles, sum } from "./counters.js";
import { now, watched } from "./history.js";

const LATENCY = "tasador_http_request_seconds";
const REQUESTS = "tasador_http_requests_total";

/** A duration that a histogram tells of, {value, beyond} or null, in words. */
export const within = (quantile) =>
  quantile?.beyond ? t("service.beyond", { limit: duration(quantile.value) }) : duration(quantile?.value);

const decimal = (value) => number(value, value < 10 ? 2 : value < 100 ? 1 : 0);

/** Gives {element, update(history)}. */
export function tiles() {
  const rate = tile("service.rate", "rate", decimal);
  const valuing = tile("service.valuing", "valuations", decimal);
  const latency = tile("service.p95", "p95", duration);
  const failing = tile("service.trouble", null);

  function update(history) {
    const start = history.moments.at(-1);
    const [here, all] = [now(history), watched(history)];
    const total = sum(start, REQUESTS, isWork);
    rate.update(
      here ? decimal(sum(here, REQUESTS, isWork) / here.seconds) : "–",
      t("service.rate_watched", {
        rate: all ? decimal(sum(all, REQUESTS, isWork) / all.seconds) : "–",
        minutes: duration(all ? all.seconds : 0),
        total: number(total),
      }),
      history,
    );
    valuing.update(
      here ? decimal((60 * sum(here, "tasador_valuations_total")) / here.seconds) : "–",
      t("service.valued_total", { total: number(sum(start, "tasador_valuations_total")) }),
      history,
    );
    const recent = all && sum(all, `${LATENCY}_count`, isWork) ? all : start;
    const [p50, p95, p99] = quantiles(recent, LATENCY, [0.5, 0.95, 0.99], isWork);
    latency.update(within(p95), t("service.p95_note", { p50: within(p50), p99: within(p99) }), history);
    const failed = sum(start, REQUESTS, (labels) => isWork(labels) && labels.status.startsWith("5"));
    failing.update(
      percent(total ? failed / total : 0, failed ? 2 : 0),
      t("service.trouble_note", { count: number(failed), total: number(total) }),
      history,
    );
    failing.element.classList.toggle("bad", failed > 0);
  }
  return {
    element: h(
      "div",
      { class: "tiles" },
      [rate, valuing, latency, failing].map(({ element }) => element),
    ),
    update,
  };
}

function tile(name, point, format) {
  const amount = h("div", { class: "amount" });
  const note = h("div", { class: "note" });
  const line = h("div", { class: "trend" });
  let chart = null;
  const element = h("div", { class: "tile" }, h("div", { class: "name" }, t(name)), amount, line, note);
  const update = (said, noted, { points }) => {
    amount.textContent = said;
    note.textContent = noted;
    const series = point ? points.map((each) => [each.at, each[point]]) : [];
    if (series.filter(([, y]) => y !== null).length < 2) return;
    const args = { points: series, format, xFormat: clockTime, label: t(name) };
    if (chart) chart.update(args);
    else fill(line, (chart = spark(args)));
  };
  return { element, update };
}

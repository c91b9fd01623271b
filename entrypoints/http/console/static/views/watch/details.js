// What was answered in a period: by status, confidence, reason and route; what waits, what is lost, who was turned away.

import { fill, h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { confidenceName, reasonName } from "../../core/names.js";
import { has, t } from "../../core/words.js";
import { bars, mix } from "../../parts/charts/index.js";
import { table } from "../../parts/table.js";
import { isWork, level, quantiles, sum, sumBy } from "./counters.js";
import { within } from "./tiles.js";

const REQUESTS = "tasador_http_requests_total";
const LATENCY = "tasador_http_request_seconds";

/** Gives {element, update(moment)}; `moment` is what was counted in the period, null where nothing can be said. */
export function details() {
  const element = h("div", { class: "service-details" });
  const routes = routeTable();
  const panels = {
    answers: panel("service.answers"),
    outcomes: panel("service.outcomes"),
    refusals: panel("service.refusals"),
    door: panel("service.door"),
    records: panel("service.records"),
    routes: panel("service.routes", routes.element),
  };
  const nothing = h("p", { class: "text-body-secondary" }, t("period.not_yet"));

  function update(moment) {
    if (!moment) return fill(element, nothing);
    if (!panels.answers.element.isConnected)
      fill(
        element,
        Object.values(panels).map((each) => each.element),
      );
    panels.answers.chart(mix, { parts: answerParts(moment), label: t("service.answers") });
    panels.outcomes.chart(mix, { parts: outcomeParts(moment), label: t("service.outcomes") });
    const refusals = [...sumBy(moment, "tasador_refused_valuations_total", "reason")].filter(([, count]) => count);
    const items = refusals
      .sort((one, other) => other[1] - one[1])
      .map(([reason, count]) => ({ label: reasonName(reason), value: count }));
    if (items.length) panels.refusals.chart(bars, { items, label: t("service.refusals"), axis: false });
    else panels.refusals.say(t("service.none_refused"));
    const turnedAway = doorRows(moment).filter(([, count]) => count);
    if (turnedAway.length) panels.door.list(turnedAway.map(([name, count]) => [name, number(count)]));
    else panels.door.say(t("door.nobody"));
    panels.records.list(recordRows(moment));
    routes.show(routeRows(moment));
    return undefined;
  }
  return { element, update };
}

function answerParts(moment) {
  const counts = { ok: 0, moved: 0, caller: 0, left: 0, failed: 0 };
  const kinds = { ok: "ok", moved: "other", caller: "warn", left: "medium", failed: "bad" };
  const group = (status) =>
    (status === "499" ? "left" : { 2: "ok", 3: "moved", 4: "caller", 5: "failed" }[status[0]]) ?? "failed";
  for (const [status, count] of sumBy(moment, REQUESTS, "status", isWork)) counts[group(status)] += count;
  return Object.entries(counts)
    .filter(([name, count]) => count || name === "ok" || name === "failed")
    .map(([name, count]) => ({ label: t(`answers.${name}`), count, kind: kinds[name] }));
}

function outcomeParts(moment) {
  const valued = sumBy(moment, "tasador_valuations_total", "confidence", ({ status }) => status === "valued");
  const refused = sum(moment, "tasador_valuations_total", ({ status }) => status === "refused");
  const levels = ["high", "medium", "low"].map((each) => ({
    label: confidenceName(each),
    count: valued.get(each) ?? 0,
    kind: each,
  }));
  return [...levels, { label: t("status.refused"), count: refused, kind: "refused" }];
}

function doorRows(moment) {
  const cause = (slug) => (has(`cause.${slug}`) ? t(`cause.${slug}`) : slug.replaceAll("_", " "));
  return [
    ...[...sumBy(moment, "tasador_refused_keys_total", "cause")].map(([slug, count]) => [
      t("door.refused", { cause: cause(slug) }),
      count,
    ]),
    [t("door.throttled"), sum(moment, "tasador_throttled_keys_total")],
    [t("door.limited"), sum(moment, "tasador_rate_limited_requests_total")],
  ];
}

function recordRows(moment) {
  const [p95] = quantiles(moment, "tasador_record_seconds", [0.95], ({ result }) => result === "recorded");
  return [
    [t("records.waiting"), number(level(moment, "tasador_valuation_log_waiting"))],
    [
      t("records.lost"),
      number(sum(moment, "tasador_unrecorded_valuations_total")),
      sum(moment, "tasador_unrecorded_valuations_total") > 0,
    ],
    [t("records.p95"), within(p95)],
    [t("records.queue"), number(level(moment, "tasador_log_queue"))],
    [
      t("records.dropped"),
      number(sum(moment, "tasador_log_dropped_total")),
      sum(moment, "tasador_log_dropped_total") > 0,
    ],
    [t("records.restarts"), number(sum(moment, "tasador_worker_restarts_total"))],
  ];
}

function routeRows(moment) {
  const rows = [...sumBy(moment, `${LATENCY}_count`, "route", isWork)].filter(([, count]) => count);
  return rows
    .sort((one, other) => other[1] - one[1])
    .map(([route, requests]) => {
      const own = (labels) => labels.route === route;
      const [p50, p95, p99] = quantiles(moment, LATENCY, [0.5, 0.95, 0.99], own);
      return {
        route,
        requests,
        p50,
        p95,
        p99,
        failed: sum(moment, REQUESTS, (labels) => own(labels) && labels.status.startsWith("5")),
      };
    });
}

function routeTable() {
  const time = (name, label) => ({ name, label: t(label), cell: (row) => within(row[name]), number: true });
  return table({
    caption: t("service.routes"),
    pageSize: 0,
    columns: [
      { name: "route", label: t("routes.route"), cell: ({ route }) => h("code", {}, route), head: true },
      { name: "requests", label: t("routes.requests"), cell: ({ requests }) => number(requests), number: true },
      time("p50", "routes.half"),
      time("p95", "routes.p95"),
      time("p99", "routes.p99"),
      { name: "failed", label: t("routes.failed"), cell: ({ failed }) => number(failed), number: true },
    ],
  });
}

function panel(name, content) {
  const body = h("div", {}, content);
  let [kind, figure] = [null, null];
  const other = (...children) => {
    kind = null;
    fill(body, children);
  };
  return {
    element: h("div", { class: `panel panel-${name.split(".")[1]}` }, h("h2", {}, t(name)), body),
    chart(make, args) {
      if (kind === make) return figure.update(args);
      other((figure = make(args)));
      kind = make;
      return undefined;
    },
    say: (text) => other(h("p", { class: "text-body-secondary m-0" }, text)),
    list: (rows) =>
      other(
        h(
          "dl",
          { class: "pairs" },
          rows.map(([label, said, bad]) => [
            h("dt", {}, label),
            h("dd", { class: bad ? "level-low" : undefined }, said),
          ]),
        ),
      ),
  };
}

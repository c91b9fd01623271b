// What was seen of the service while it was watched: the last minutes, kept in the view's state.

import { between, isWork, quantiles, sum } from "./counters.js";

const MINUTES = 10;
const NOW_SECONDS = 30; // "now" is the mean of so long: a single step would jump about
const LONG_PAUSE = 20; // after so many seconds without a look (a page in the background) the line is broken

/** Adds a moment to the history `{moments, points}`; older ones than MINUTES are let go. */
export function remember(history, moment) {
  const last = history.moments.at(-1);
  if (last) {
    const step = between(last, moment);
    if (step.seconds > LONG_PAUSE) history.points.push({ at: moment.at, rate: null, valuations: null, p95: null });
    else if (step.seconds > 0) history.points.push(pointOf(step));
  }
  history.moments.push(moment);
  const from = moment.at - MINUTES * 60_000;
  history.moments = history.moments.filter(({ at }) => at >= from);
  history.points = history.points.filter(({ at }) => at >= from);
}

/** What came in the last half minute; null before there are two moments. */
export function now(history) {
  const last = history.moments.at(-1);
  const first = history.moments.find(({ at }) => at >= last.at - NOW_SECONDS * 1000);
  return first && first !== last ? whole(history.moments.slice(history.moments.indexOf(first))) : null;
}

/** What came in all the minutes kept; null before there are two moments. */
export const watched = (history) => (history.moments.length > 1 ? whole(history.moments) : null);

// Step by step, so that what was counted between two restarts is not lost.
function whole(moments) {
  let sums = null;
  for (let place = 1; place < moments.length; place += 1) {
    const step = between(moments[place - 1], moments[place]);
    for (const [key, each] of sums?.counters ?? []) {
      const here = step.counters.get(key);
      if (here) here.value += each.value;
      else step.counters.set(key, each);
    }
    sums = step;
  }
  return { ...sums, seconds: (moments.at(-1).at - moments[0].at) / 1000 };
}

function pointOf(step) {
  const [p95] = quantiles(step, "tasador_http_request_seconds", [0.95], isWork);
  return {
    at: step.at,
    rate: sum(step, "tasador_http_requests_total", isWork) / step.seconds,
    valuations: (60 * sum(step, "tasador_valuations_total")) / step.seconds,
    p95: p95 ? p95.value : null,
  };
}

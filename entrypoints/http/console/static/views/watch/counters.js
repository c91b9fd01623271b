// Counters as they stand at one moment, what came between two moments, and what a histogram's buckets tell.

// One who asks whether the service is well is no business: neither checks nor this page's own questions are counted.
const IDLE_ROUTES = /^\/($|health|metrics|console)/;

/** What is watched of the samples of one moment: `counters` only ever rise, until a restart; `levels` go up and down. */
export function taken(samples, at = Date.now()) {
  const counters = new Map();
  const levels = new Map();
  for (const { name, labels, value } of samples) {
    const key = keyOf(name, labels);
    if (/_(total|bucket|count|sum)$/.test(name)) counters.set(key, { name, labels, value });
    else levels.set(key, { name, labels, value });
  }
  return { at, counters, levels };
}

/**
 * What came between two moments, in the form of the later one. A counter that fell began anew in between (a restart):
 * then all that it counts is new.
 */
export function between(earlier, later) {
  const counters = new Map();
  for (const [key, each] of later.counters) {
    const before = earlier.counters.get(key)?.value ?? 0;
    counters.set(key, { ...each, value: each.value < before ? each.value : each.value - before });
  }
  return { at: later.at, seconds: (later.at - earlier.at) / 1000, counters, levels: later.levels };
}

/** The sum of a counter; `fits(labels)` chooses among its series. */
export function sum(moment, name, fits = () => true) {
  let total = 0;
  for (const each of moment.counters.values()) if (each.name === name && fits(each.labels)) total += each.value;
  return total;
}

/** The sums of a counter by one of its labels, as a Map. */
export function sumBy(moment, name, label, fits = () => true) {
  const sums = new Map();
  for (const each of moment.counters.values()) {
    if (each.name === name && fits(each.labels))
      sums.set(each.labels[label], (sums.get(each.labels[label]) ?? 0) + each.value);
  }
  return sums;
}

/** The sum of a level, or null where there is none of this name. */
export function level(moment, name) {
  const found = [...moment.levels.values()].filter((each) => each.name === name);
  return found.length ? found.reduce((total, each) => total + each.value, 0) : null;
}

/** Whether these labels are of a route that callers use for their work. */
export const isWork = (labels) => !IDLE_ROUTES.test(labels.route ?? "");

/**
 * The quantiles of a histogram, by linear interpolation within its buckets, as Prometheus does it: [{value, beyond}] or
 * null where nothing was counted. `beyond`: it lies above the highest bound, which is `value`.
 */
export function quantiles(moment, name, shares, fits = () => true) {
  const sums = sumBy(moment, `${name}_bucket`, "le", fits);
  const buckets = [...sums].map(([le, count]) => ({ most: le === "+Inf" ? Infinity : Number(le), count }));
  buckets.sort((one, other) => one.most - other.most);
  const total = buckets.at(-1)?.count ?? 0;
  if (!total) return shares.map(() => null);
  return shares.map((share) => {
    const rank = share * total;
    const place = buckets.findIndex(({ count }) => count >= rank);
    const { most, count } = buckets[place];
    const least = place ? buckets[place - 1].most : 0;
    if (most === Infinity) return { value: least, beyond: true };
    const before = place ? buckets[place - 1].count : 0;
    return {
      value: count === before ? most : least + ((most - least) * (rank - before)) / (count - before),
      beyond: false,
    };
  });
}

const keyOf = (name, labels) =>
  `${name} ${Object.keys(labels)
    .sort()
    .map((each) => `${each}=${labels[each]}`)
    .join(",")}`;

// From figures to pixels, and the round figures that stand at an axis.

/** A scale that keeps proportions. `domain` and `range`: [from, to]. */
export function linear(domain, range) {
  const [low, high] = domain;
  const perUnit = (range[1] - range[0]) / (high - low || 1);
  const scale = (value) => range[0] + (value - low) * perUnit;
  return Object.assign(scale, { domain, range, ticks: (count) => ticks(low, high, count) });
}

/** A scale that keeps ratios: equal steps are equal factors. All figures are above zero. */
export function logarithmic(domain, range) {
  const straight = linear(domain.map(Math.log), range);
  const scale = (value) => straight(Math.log(value));
  return Object.assign(scale, { domain, range, ticks: (count) => factors(domain[0], domain[1], count) });
}

/** A scale of moments, in milliseconds; its ticks are whole minutes, hours, days, months or years. */
export function temporal(domain, range) {
  return Object.assign(linear(domain, range), { ticks: (count) => moments(domain[0], domain[1], count) });
}

/** The round figures from `low` to `high`: about `count`, at steps of 1, 2 or 5 times a power of ten. */
export function ticks(low, high, count = 5) {
  const step = roundStep((high - low) / Math.max(count, 1));
  if (!(step > 0) || !Number.isFinite(step)) return [low];
  const found = [];
  for (let each = Math.ceil(low / step - 1e-9); each * step <= high + step * 1e-9; each += 1)
    found.push(Number((each * step).toPrecision(12)));
  return found;
}

/** `domain`, made wider to the next round figures; a domain without width gets one. */
export function rounded([low, high], count = 5) {
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
  const step = roundStep((high - low) / count);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/** The least and the greatest of the figures; null and NaN are passed over. [0, 1] where there is none. */
export function extent(...lists) {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists)
    for (const value of list)
      if (value !== null && Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low <= high ? [low, high] : [0, 1];
}

/** The quantile of figures that are in ascending order. */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}

/** Figures in ascending order, without those that are none. */
export const ascending = (figures) =>
  Float64Array.from([...figures].filter((each) => each !== null && Number.isFinite(each))).sort();

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((each) => each >= (rough / power) * 0.999) * power;
}

function factors(low, high, count) {
  const decades = Math.log10(high / low);
  if (decades < 0.7) return ticks(low, high, count).filter((each) => each > 0);
  const digits = decades * 3 <= count + 1 ? [1, 2, 5] : decades * 2 <= count + 1 ? [1, 3] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
    for (const digit of digits)
      if (digit * 10 ** power >= low * 0.999 && digit * 10 ** power <= high * 1.001)
        found.push(Number((digit * 10 ** power).toPrecision(3)));
  return found;
}

const MINUTE = 60_000;
const STEPS = [1, 5, 10, 15, 30, 60, 180, 360, 720, 1440, 2880, 10_080, 20_160].map((each) => each * MINUTE);

function moments(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const step = STEPS.find((each) => each >= rough);
  if (step) {
    const zone = new Date(low).getTimezoneOffset() * MINUTE;
    const found = [];
    for (let each = Math.ceil((low - zone) / step) * step + zone; each <= high; each += step) found.push(each);
    return found;
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((each) => each * 30.4 * 1440 * MINUTE >= rough) ?? 240;
  const first = new Date(low);
  const found = [];
  for (let each = Math.ceil((first.getFullYear() * 12 + first.getMonth()) / months) * months; ; each += months) {
    const moment = new Date(Math.floor(each / 12), each % 12, 1).getTime();
    if (moment > high) return found;
    if (moment >= low) found.push(moment);
  }
}

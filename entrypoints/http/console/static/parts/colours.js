// The colours of steps and kinds, for what is drawn on a canvas; pictures and legends use the classes of charts.css.

/** How many steps the ramp has: from dark and blue (the least) to bright and yellow (the most). */
export const STEPS = 6;

const KINDS = {
  high: "high",
  ok: "high",
  medium: "medium",
  warn: "medium",
  low: "low",
  bad: "low",
  refused: "other",
  other: "other",
};
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colours of the steps in the present theme, the least first. */
export const ramp = () => Array.from({ length: STEPS }, (_, index) => token(`--ramp-${index + 1}`));

/** The colour of a kind (high, medium, low, refused, ok, warn, bad, other) in the present theme. */
export const kindColour = (kind) => token(`--chart-${KINDS[kind] ?? "other"}`);

/** The thin edge around points, in the present theme. */
export const edgeColour = () => token("--map-edge");

/** What only lies behind, in the present theme. */
export const mutedColour = () => token("--chart-muted");

/** What stands out in the present theme. */
export const strongColour = () => token("--chart-strong");

/** The bounds between steps that hold equally many of the figures: at most five, ascending, none twice. */
export function quantileBounds(figures) {
  const sorted = Float64Array.from(figures.filter((each) => each !== null && Number.isFinite(each))).sort();
  if (!sorted.length) return [];
  const bounds = Array.from(
    { length: STEPS - 1 },
    (_, index) => sorted[Math.floor((sorted.length * (index + 1)) / STEPS)],
  );
  return [...new Set(bounds)].filter((each) => each > sorted[0]);
}

/** The step of a figure, from 0: how many bounds it has reached. Fewer bounds are spread over the whole ramp. */
export function stepOf(figure, bounds) {
  let reached = 0;
  while (reached < bounds.length && figure >= bounds[reached]) reached += 1;
  return spread(reached, bounds.length + 1);
}

/** The step for the `index`-th of `count` classes. */
export const spread = (index, count) =>
  count < 2 ? Math.floor(STEPS / 2) : Math.round((index * (STEPS - 1)) / (count - 1));

// What the colours on a map stand for.

import { h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { STEPS, spread } from "../colours.js";

const title = (text) => text && h("li", {}, text);
const key = (kind, text) => h("li", {}, h("span", { class: `map-key ${kind}` }), text);

/** Steps of figures: `bounds` between them; `format` writes one. */
export function stepsLegend(bounds, format, named) {
  const texts = Array.from({ length: bounds.length + 1 }, (_, index) => {
    const [low, high] = [format(bounds[index - 1]), format(bounds[index])];
    if (!bounds.length) return null;
    return index === 0
      ? t("map.up-to", { high })
      : index === bounds.length
        ? t("map.from", { low })
        : t("map.between", { low, high });
  });
  return [title(named), ...texts.map((text, index) => text && key(`ramp-${spread(index, texts.length) + 1}`, text))];
}

/** Levels from 0 to 1: the whole ramp between two words. */
export const levelsLegend = ({ title: named, low, high }) => [
  title(named),
  h(
    "li",
    {},
    low,
    Array.from({ length: STEPS }, (_, index) => h("span", { class: `map-key ramp-${index + 1}` })),
    high,
  ),
];

/** Kinds, each with its word: [{kind, label}]. */
export const kindsLegend = (kinds, named) => [
  title(named),
  ...kinds.map(({ kind, label }) => key(`chart-kind-${kind}`, label)),
];

// The six figures that a model is judged by at first sight.

import { h } from "../../core/dom.js";
import { percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { FIGURES, interval, written } from "./figures.js";
import { within } from "./ranges.js";

/** Tiles with a figure each, what it means, and its 95 % interval where there is one. */
export function tiles(card) {
  const tile = (name, text, params = {}) => {
    const ends = interval(name, card);
    const outside = within(name, FIGURES[name].of(card)) === false;
    return h(
      "div",
      { class: "tile" },
      h("div", { class: "name" }, t(`model.name.${name}`)),
      h("div", { class: `amount${outside ? " level-low" : ""}` }, written(name, card)),
      h("div", { class: "explained" }, t(text, params)),
      ends && h("div", { class: "ends" }, t("model.interval", { ends })),
    );
  };
  return h(
    "div",
    { class: "model-tiles" },
    tile("mdape", "model.tile.mdape"),
    tile("pe10", "model.tile.pe10", { pe20: percent(card.metrics.pe20) }),
    tile("coverage", "model.tile.coverage", {
      level: percent(card.interval.level),
      width: percent(card.interval.mean_width),
    }),
    tile("median", "model.tile.median"),
    tile("cod", "model.tile.cod"),
    tile("mae", "model.tile.mae"),
  );
}

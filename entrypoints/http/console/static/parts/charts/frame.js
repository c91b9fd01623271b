// What every chart is: a figure with a picture, its gist in words, a legend and the same figures as a table.

import { fill, h, s } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { tips } from "./tip.js";
import "./words.js";

const MOST_ROWS = 1000;

/**
 * Makes a function that takes the arguments of a chart and returns its <figure>; the figure's `update(arguments)` shows
 * others in its place. `describe(arguments)` returns {label: the gist, draw, head, rows} and maybe `legend`. `draw(width)`
 * returns {height, nodes, marks} for so many pixels, so that letters never scale; `rows()` are the table's, of texts.
 */
export const charted = (name, describe) => (first) => {
  const svg = s("svg", { role: "img", class: "chart-svg" });
  const plot = h("div", { class: "chart-plot" }, svg);
  const legend = h("ul", { class: "chart-legend" });
  const caption = h("figcaption", {});
  const box = h("div", { class: "chart-table", tabindex: 0, role: "region" });
  const details = h("details", { class: "chart-data" }, h("summary", {}, t("chart.data")), box);
  const tip = tips(plot, svg);
  const figure = h("figure", { class: `chart chart-${name}` });
  let told = null;
  let width = 0;

  const draw = () => {
    if (!width) return;
    const { height, nodes, marks = [] } = told.draw(width);
    for (const [attribute, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
      svg.setAttribute(attribute, value);
    fill(svg, nodes);
    tip.over(marks);
  };
  // The table is made when it is asked for: most are never opened.
  const tabulate = () => details.open && fill(box, table(told));

  figure.update = (args) => {
    told = describe(args);
    svg.setAttribute("aria-label", told.label);
    box.setAttribute("aria-label", told.label);
    fill(caption, args.caption);
    fill(
      legend,
      (told.legend ?? []).map(({ kind, label }) => h("li", {}, h("span", { class: `chart-key ${kind}` }), label)),
    );
    fill(figure, args.caption && caption, told.legend?.length > 0 && legend, plot, told.table !== false && details);
    draw();
    tabulate();
  };
  details.addEventListener("toggle", tabulate);
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width) return;
    width = now;
    draw();
  }).observe(plot);
  figure.update(first);
  return figure;
};

/** A mark that can be met at any height, in a column; the tip stands at `at`. */
export const column = (at, [left, right], [top, bottom], lines) => ({
  at,
  box: [left, top, right - left, bottom - top],
  lines,
});

function table({ head, rows, label }) {
  const all = rows();
  const shown = all.slice(0, MOST_ROWS);
  return [
    h(
      "table",
      { class: "table table-sm" },
      h("caption", { class: "visually-hidden" }, label),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((each) => h("th", { scope: "col" }, each)),
        ),
      ),
      h(
        "tbody",
        {},
        shown.map(([first, ...others]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, first),
            others.map((each) => h("td", {}, each)),
          ),
        ),
      ),
    ),
    shown.length < all.length && h("p", {}, t("chart.cut", { shown: shown.length, all: all.length })),
  ];
}

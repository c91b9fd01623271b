// The middle half of the figures of each group, against a reference.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { asReference, axisBelow } from "./axes.js";
import { charted } from "./frame.js";
import { round, size, within } from "./letters.js";
import { bar, rows } from "./rows.js";
import { extent, linear, rounded } from "./scale.js";

/** {items: [{label, low, middle, high, count}], format, reference, label}: quartiles. */
export const boxes = charted("boxes", ({ items, format = number, reference, label }) => {
  const line = asReference(reference);
  const sorted = items.toSorted((a, b) => a.middle - b.middle);
  const domain = rounded(
    extent(
      line ? [line.at] : [],
      items.flatMap(({ low, middle, high }) => [low, middle, high]),
    ),
    5,
  );
  const counted = ({ count }) =>
    count === undefined || count === null ? null : t("boxes.count", { count: number(count) });

  function draw(width) {
    const place = rows(
      items.map((each) => ({ label: each.label, note: counted(each), figure: format(each.middle) })),
      width,
      line?.label ? size() * 1.9 : 2,
    );
    const scale = linear(domain, [place.left, place.right]);
    const axis = axisBelow(place, scale, format, width);
    const nodes = [
      axis.nodes,
      line && s("path", { class: "chart-reference", d: place.line(scale(line.at)) }),
      items.map(({ low, middle, high }, index) => [
        bar(scale, low, high, place.y(index), "chart-box"),
        s("path", { class: "chart-end", d: `M${round(scale(middle))} ${place.y(index) - 8}v16` }),
      ]),
      line?.label &&
        within(scale(line.at), size() * 1.2, line.label, [0, width], { kind: "chart-strong", strong: true }),
      place.nodes,
    ];
    const marks = items.map((each, index) => ({
      at: [scale(each.middle), place.y(index) - 9],
      box: place.box(index),
      lines: () => [
        each.label,
        `${t("boxes.middle")}: ${format(each.middle)}`,
        t("chart.between", { low: format(each.low), high: format(each.high) }),
        counted(each),
      ],
    }));
    return { height: place.bottom + axis.height + 6, nodes, marks };
  }

  const gist = () =>
    t("boxes.label", {
      label,
      low: format(sorted[0].middle),
      lowest: sorted[0].label,
      high: format(sorted.at(-1).middle),
      highest: sorted.at(-1).label,
    });
  return {
    label: items.length ? gist() : t("chart.empty", { label }),
    draw,
    head: [t("chart.label"), t("boxes.low"), t("boxes.middle"), t("boxes.high"), t("chart.count")],
    rows: () =>
      items.map((each) => [each.label, format(each.low), format(each.middle), format(each.high), number(each.count)]),
  };
});

// Two figures per label, one below the other: as in training, and as served.

import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { axisBelow } from "./axes.js";
import { charted } from "./frame.js";
import { bar, rows } from "./rows.js";
import { extent, linear, rounded } from "./scale.js";

/** {items: [{label, a, b}], aLabel, bLabel, format, label}: a or b may be null. */
export const paired = charted("paired", ({ items, aLabel, bLabel, format = number, label }) => {
  const domain = rounded(
    extent(
      [0],
      items.flatMap(({ a, b }) => [a, b]),
    ),
    5,
  );
  const known = (value) => value !== null && Number.isFinite(value);
  const widest = items.toSorted((one, other) => Math.abs(other.a - other.b) - Math.abs(one.a - one.b))[0];

  function draw(width) {
    const place = rows(
      items.map((each) => ({ label: each.label, figure: `${format(each.a)} · ${format(each.b)}` })),
      width,
      2,
    );
    const scale = linear(domain, [place.left, place.right]);
    const axis = axisBelow(place, scale, format, width);
    const nodes = [
      axis.nodes,
      items.map(({ a, b }, index) => [
        known(a) && bar(scale, 0, a, place.y(index) - 5, "chart-pair-a", 8),
        known(b) && bar(scale, 0, b, place.y(index) + 5, "chart-pair-b", 8),
      ]),
      place.nodes,
    ];
    const marks = items.map((each, index) => ({
      at: [scale(Math.max(each.a ?? 0, each.b ?? 0) / 2), place.y(index) - 9],
      box: place.box(index),
      lines: () => [each.label, `${aLabel}: ${format(each.a)}`, `${bLabel}: ${format(each.b)}`],
    }));
    return { height: place.bottom + axis.height + 6, nodes, marks };
  }

  return {
    label: items.length
      ? t("paired.label", { label, a: aLabel, b: bLabel, name: widest.label })
      : t("chart.empty", { label }),
    legend: [
      { kind: "chart-pair-a", label: aLabel },
      { kind: "chart-pair-b", label: bLabel },
    ],
    draw,
    head: [t("chart.label"), aLabel, bLabel],
    rows: () => items.map((each) => [each.label, format(each.a), format(each.b)]),
  };
});

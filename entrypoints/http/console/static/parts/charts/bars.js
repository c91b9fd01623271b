// A figure per row, from zero, maybe with its interval.

import { s } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { asReference, axisBelow } from "./axes.js";
import { charted } from "./frame.js";
import { round, size, within } from "./letters.js";
import { bar, rows } from "./rows.js";
import { extent, linear, rounded } from "./scale.js";

/** {items: [{label, value, low, high, note, kind?}], format, reference, label, axis?}: `axis: false` leaves the axis out. */
export const bars = charted("bars", ({ items, format = number, reference, label, axis: hasAxis = true }) => {
  const line = asReference(reference);
  const known = (value) => value !== null && Number.isFinite(value);
  const valued = items.filter(({ value }) => known(value)).toSorted((a, b) => a.value - b.value);
  const domain = rounded(
    extent(
      [0],
      line ? [line.at] : [],
      items.flatMap(({ value, low, high }) => [value, low ?? NaN, high ?? NaN]),
    ),
    5,
  );
  const interval = ({ low, high }) =>
    known(low ?? null) && known(high ?? null) ? t("chart.between", { low: format(low), high: format(high) }) : null;

  function draw(width) {
    const place = rows(
      items.map((each) => ({ ...each, figure: format(each.value) })),
      width,
      line?.label ? size() * 1.9 : 2,
    );
    const scale = linear(domain, [place.left, place.right]);
    const axis = hasAxis ? axisBelow(place, scale, format, width) : { nodes: [], height: 0 };
    const nodes = [
      axis.nodes,
      items.map((each, index) => [
        known(each.value) &&
          bar(scale, 0, each.value, place.y(index), each.kind ? `chart-kind-${each.kind}` : "chart-bar"),
        interval(each) && whisker(scale(each.low), scale(each.high), place.y(index)),
      ]),
      line && s("path", { class: "chart-reference", d: place.line(scale(line.at)) }),
      line?.label &&
        within(scale(line.at), size() * 1.2, line.label, [0, width], { kind: "chart-strong", strong: true }),
      place.nodes,
    ];
    const marks = items.map((each, index) => ({
      at: [known(each.value) ? scale(each.value / 2) : place.left, place.y(index) - 8],
      box: place.box(index),
      lines: () => [each.label, format(each.value), interval(each), each.note],
    }));
    return { height: place.bottom + axis.height + 6, nodes, marks };
  }

  const gist = () =>
    t("bars.label", {
      label,
      low: format(valued[0].value),
      lowest: valued[0].label,
      high: format(valued.at(-1).value),
      highest: valued.at(-1).label,
    });
  const [intervals, notes] = [items.some(interval), items.some(({ note }) => note)];
  return {
    label: valued.length ? gist() : t("chart.empty", { label }),
    draw,
    head: [
      t("chart.label"),
      t("chart.value"),
      ...(intervals ? [t("chart.from"), t("chart.to")] : []),
      ...(notes ? [t("chart.note")] : []),
    ],
    rows: () => [
      ...items.map((each) => [
        each.label,
        format(each.value),
        ...(intervals ? [format(each.low ?? NaN), format(each.high ?? NaN)] : []),
        ...(notes ? [each.note ?? ""] : []),
      ]),
      ...(line ? [[line.label || t("chart.reference"), format(line.at)]] : []),
    ],
  };
});

const whisker = (low, high, y) =>
  s("path", {
    class: "chart-whisker",
    d: `M${round(low)} ${y - 5}v10M${round(low)} ${y}H${round(high)}M${round(high)} ${y - 5}v10`,
  });

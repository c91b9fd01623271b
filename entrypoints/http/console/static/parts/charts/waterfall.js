// How a value comes about: from the starting point, effect by effect, to the total.

import { s } from "../../core/dom.js";
import { money, number, shortMoney } from "../../core/format.js";
import { t } from "../../core/words.js";
import { axisBelow } from "./axes.js";
import { charted } from "./frame.js";
import { round } from "./letters.js";
import { bar, rows } from "./rows.js";
import { extent, linear } from "./scale.js";

const MOST = 11; // effects of their own, beside the starting point, the others and the total
const THICK = 14;

/** {base, contributions: [{label, effect}], total, currency, baseLabel?, totalLabel?} */
export const waterfall = charted(
  "waterfall",
  ({ base, contributions, total, currency, baseLabel, totalLabel, label }) => {
    const steps = stepsOf(base, contributions);
    const signed = (effect) => money(effect, currency, { sign: true });
    const items = [
      { label: baseLabel ?? t("waterfall.base"), figure: money(base, currency) },
      ...steps.map((each) => ({ label: each.label, figure: signed(each.effect) })),
      { label: totalLabel ?? t("waterfall.total"), figure: money(total, currency) },
    ];
    const ends = { base: money(base, currency), total: money(total, currency) };

    function draw(width) {
      const place = rows(items, width, 2);
      const [low, high] = extent(
        [base, total],
        steps.map(({ to }) => to),
      );
      const margin = (high - low) * 0.04 || Math.abs(high) * 0.02 || 1;
      const scale = linear([low - margin, high + margin], [place.left, place.right]);
      const axis = axisBelow(place, scale, (each) => shortMoney(each, currency), width);
      const last = steps.length + 1;
      const pin = (at, row) =>
        s("path", {
          class: "chart-end",
          d: `M${round(scale(at))} ${place.y(row) - THICK / 2 - 1}V${place.y(row) + THICK / 2 + 1}`,
        });
      const joint = (at, row) => `M${round(scale(at))} ${place.y(row) + THICK / 2}V${place.y(row + 1) - THICK / 2}`;
      const nodes = [
        axis.nodes,
        s("path", {
          class: "chart-joint",
          d: [joint(base, 0), ...steps.map(({ to }, index) => joint(to, index + 1))].join(""),
        }),
        steps.map(({ from, to, effect }, index) =>
          bar(scale, from, to, place.y(index + 1), effect < 0 ? "chart-down" : "chart-up", THICK),
        ),
        pin(base, 0),
        pin(total, last),
        place.nodes,
      ];
      const mark = (index, from, to, lines) => ({
        at: [scale((from + to) / 2), place.y(index) - THICK / 2],
        box: place.box(index),
        lines,
      });
      const marks = [
        mark(0, base, base, () => [items[0].label, ends.base]),
        ...steps.map((each, index) =>
          mark(index + 1, each.from, each.to, () => [
            each.label,
            signed(each.effect),
            `${t("waterfall.so-far")}: ${money(each.to, currency)}`,
          ]),
        ),
        mark(last, total, total, () => [items[last].label, ends.total]),
      ];
      return { height: place.bottom + axis.height + 6, nodes, marks };
    }

    return {
      label: [
        label,
        steps.length
          ? t("waterfall.label", { ...ends, name: steps[0].label, effect: signed(steps[0].effect) })
          : t("waterfall.plain", ends),
      ]
        .filter(Boolean)
        .join(". "),
      draw,
      head: [t("chart.label"), t("waterfall.effect"), t("waterfall.so-far")],
      rows: () => [
        [items[0].label, "", ends.base],
        ...steps.map((each) => [each.label, signed(each.effect), money(each.to, currency)]),
        [items.at(-1).label, "", ends.total],
      ],
    };
  },
);

/** The effects, the largest first, with where each begins and ends; those beyond the first come last, in one. */
function stepsOf(base, contributions) {
  const sorted = contributions.toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const kept = sorted.length > MOST + 1 ? sorted.slice(0, MOST) : sorted;
  const others = sorted.slice(kept.length);
  if (others.length)
    kept.push({
      label: t("chart.others", { count: number(others.length) }),
      effect: others.reduce((sum, { effect }) => sum + effect, 0),
    });
  let at = base;
  return kept.map(({ label, effect }) => ({ label, effect, from: at, to: (at += effect) }));
}

// What a whole is made of: one bar, and a legend with the shares.

import { s } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { t } from "../../core/words.js";
import { charted } from "./frame.js";
import { round } from "./letters.js";

const HEIGHT = 22;
const GAP = 2;

/** {parts: [{label, count, kind}], label}: kinds are high, medium, low, refused, ok, warn, bad and other. */
export const mix = charted("mix", ({ parts, label }) => {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const share = (count) => (total ? count / total : 0);
  const said = ({ label: name, count }) =>
    `${name}: ${number(count)} (${percent(share(count), share(count) > 0 && share(count) < 0.1 ? 1 : 0)})`;
  const present = parts.filter(({ count }) => count > 0);

  function draw(width) {
    // No part that is there is so thin that it is not seen; the wide ones make room.
    const least = 4;
    const room = width - GAP * Math.max(present.length - 1, 0);
    const thin = present.filter(({ count }) => share(count) * room < least);
    const rest = present.filter((each) => !thin.includes(each)).reduce((sum, { count }) => sum + count, 0);
    const widthOf = (each) => (thin.includes(each) ? least : (each.count / rest) * (room - thin.length * least));
    let x = 0;
    const placed = present.map((each) => {
      const left = x;
      x += widthOf(each) + GAP;
      return { each, left, width: widthOf(each) };
    });
    const nodes = placed.map(({ each, left, width: wide }) =>
      s("rect", {
        class: `chart-kind-${each.kind ?? "other"}`,
        x: round(left),
        y: 1,
        width: round(wide),
        height: HEIGHT,
        rx: 2,
      }),
    );
    const nothing = s("rect", { class: "chart-nothing", x: 0.5, y: 1, width: width - 1, height: HEIGHT, rx: 2 });
    const marks = placed.map(({ each, left, width: wide }) => ({
      at: [left + wide / 2, 1],
      box: [left, 1, wide, HEIGHT],
      lines: () => [said(each)],
    }));
    return { height: HEIGHT + 4, nodes: total ? nodes : [nothing], marks };
  }

  return {
    label: total ? `${label}. ${parts.map(said).join("; ")}` : t("chart.empty", { label }),
    legend: parts.map((each) => ({ kind: `chart-kind-${each.kind ?? "other"}`, label: said(each) })),
    draw,
    head: [t("chart.label"), t("chart.count"), t("chart.share")],
    rows: () => parts.map((each) => [each.label, number(each.count), percent(share(each.count), 1)]),
  };
});

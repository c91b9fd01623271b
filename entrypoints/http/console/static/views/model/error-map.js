// Where values are too high, and where too low.

import { h } from "../../core/dom.js";
import { money, number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { makeMap } from "../../parts/map.js";
import { homeWords, pointsOf } from "./points.js";

const FAR = 1.1;

/** A map of the sales by whether their values are off by over a tenth; it goes when `signal` is aborted. */
export function errorMap(evaluation, signal, label = t("model.where")) {
  const container = h("div", { class: "model-map" });
  const { currency } = evaluation;
  const points = pointsOf(evaluation).map((each) => {
    const ratio = each.value / each.price;
    const figures = t("model.value-price", {
      value: money(each.value, currency),
      price: money(each.price, currency),
      ratio: number(ratio, 2),
    });
    return {
      latitude: each.latitude,
      longitude: each.longitude,
      kind: ratio > FAR ? "ok" : ratio < 1 / FAR ? "bad" : "other",
      label: `${homeWords(each)}\n${figures}`,
    };
  });
  const kinds = ["bad", "other", "ok"].map((kind) => ({
    kind,
    label: t(`model.map.${kind}`, { share: number((FAR - 1) * 100) }),
  }));
  makeMap(container, { label }).then((map) => {
    if (signal.aborted) return map.remove();
    signal.addEventListener("abort", () => map.remove(), { once: true });
    map.points(points, { legend: { title: t("model.ratio"), kinds } });
    return map.fit();
  });
  return container;
}

// What if the home were another: sliders that move the figure as they are dragged.

import { post } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { money, percent } from "../../core/format.js";
import { fieldName, reasonName } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { priceScale } from "../../parts/charts/index.js";
import { follow } from "./live.js";
import { known } from "./names.js";
import { makeSliders } from "./sliders.js";

const EVERY = 280; // milliseconds: each question is put on record by the service
const PATH = "/v1/valuations/what-if";

/** The panel's content. `state.changes`: fields as they might be; `state.changed`: the last answer, `state.changedBy` what it answers. */
export function whatIf({ market, state, signal, prices, onTake }) {
  const { answer, home } = state;
  const { currency } = answer;
  state.changes ??= {};
  const scaled = (each) => ({
    value: each.value,
    low: each.value_low,
    high: each.value_high,
    level: each.interval_level,
    currency,
    prices: (!state.changes.sector && prices?.prices) || [], // those of another sector are others
    pricesLabel: prices?.label,
  });
  const scale = priceScale(scaled(answer));
  const after = h("p", { class: "amount" });
  const against = h("p", { class: "against" });
  const effects = h("ul", { class: "effects" });
  const told = h("p", { class: "told", role: "status" });
  const take = h(
    "button",
    { type: "button", class: "btn btn-sm btn-primary", on: { click: () => onTake({ ...home, ...state.changes }) } },
    t("value.what-if.take"),
  );
  const reset = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary" }, t("value.what-if.reset"));
  const some = () => Object.keys(state.changes).length > 0;
  const asking = follow({
    every: EVERY,
    signal,
    send: (changes, stop) => post(PATH, { property: home, changes }, { level: state.sent.level }, stop),
    show(changed, changes) {
      Object.assign(state, { changed, changedBy: JSON.stringify(changes) });
      fill(told);
      draw();
    },
    fail: (problem) => fill(told, h("span", { class: "text-danger" }, problem.message)),
    wait: (seconds) => fill(told, seconds !== null && tn("value.wait", Math.ceil(seconds))),
  });

  function draw() {
    const changed = some() ? state.changed : null;
    take.disabled = reset.disabled = !some();
    scale.hidden = changed?.after.value === null;
    if (scale.hidden) {
      fill(after, "–");
      fill(against, t("value.refused", { reason: reasonName(changed.after.reason) }));
      return fill(effects);
    }
    const now = changed?.after ?? answer;
    scale.update(scaled(now));
    fill(after, money(now.value, currency));
    const { difference, difference_share: share } = changed ?? {};
    const sign = difference > 0 ? "+" : "";
    fill(
      against,
      changed
        ? [
            h(
              "strong",
              { class: difference < 0 ? "less" : "more" },
              `${money(difference, currency, { sign: true })} (${sign}${percent(share, 1)})`,
            ),
            " ",
            t("value.what-if.before", { value: money(changed.before.value, currency) }),
          ]
        : t("value.what-if.none"),
    );
    const most = Math.max(1, ...(changed?.effects ?? []).map(({ effect }) => Math.abs(effect)));
    return fill(
      effects,
      (changed?.effects ?? []).map(({ feature, effect }) =>
        h(
          "li",
          {},
          h("span", {}, fieldName(feature)),
          h("span", {
            class: `effect-bar ${effect < 0 ? "less" : "more"}`,
            "aria-hidden": "true",
            vars: { "--share": `${(Math.abs(effect) / most) * 50}%` },
          }),
          h("span", { class: "figure" }, money(effect, currency, { sign: true })),
        ),
      ),
    );
  }
  const sliders = makeSliders({
    market,
    home,
    onChange(name, value) {
      const changes = name === "sector" ? { sector: value, ...centreOf(value) } : { [name]: value };
      for (const [each, wanted] of Object.entries(changes)) {
        if (wanted === (home[each] ?? null)) delete state.changes[each];
        else state.changes[each] = wanted;
      }
      mark();
      if (some()) return asking.want({ ...state.changes });
      asking.stop();
      fill(told);
      return draw();
    },
  });
  // The same home in another sector stands elsewhere: with its own coordinates it would contradict its sector.
  const centreOf = (sector) => {
    const { latitude, longitude } = sector === home.sector ? home : known(market.sectors, sector);
    return { latitude, longitude };
  };
  const mark = () => sliders.forEach(({ name, element }) => element.classList.toggle("changed", name in state.changes));
  reset.addEventListener("click", () => {
    asking.stop();
    state.changes = {};
    sliders.forEach(({ show }) => show());
    mark();
    fill(told);
    draw();
    sliders[0]?.element.querySelector("input,select").focus();
  });
  sliders.forEach(({ name, show }) => name in state.changes && show(state.changes[name]));
  mark();
  draw();
  // Another language may have come between a question and its answer.
  if (some() && state.changedBy !== JSON.stringify(state.changes)) asking.want({ ...state.changes });
  return h(
    "div",
    { class: "what-if" },
    h(
      "div",
      { class: "sliders" },
      sliders.map(({ element }) => element),
    ),
    h(
      "div",
      { class: "outcome" },
      after,
      against,
      scale,
      effects,
      told,
      h("div", { class: "outcome-tools" }, take, reset),
      h("p", { class: "small text-body-secondary mb-0" }, t("value.what-if.sector"), " ", t("value.what-if.record")),
    ),
  );
}

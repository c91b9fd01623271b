// The view "Value": a home, what it is worth, how sure that is, and why.

import "./words.js";
import "./words-limits.js";

import { post } from "../../core/api.js";
import { fill, h, one } from "../../core/dom.js";
import { market as askMarket, sales } from "../../core/market.js";
import { t, tn } from "../../core/words.js";
import { trouble } from "../../parts/notice.js";
import { asTexts } from "./fields.js";
import { makeForm } from "./form.js";
import { patiently } from "./live.js";
import { makePlace } from "./place.js";
import { announced, showResult } from "./result.js";
import { makeSlots } from "./slots.js";

const PATH = "/v1/valuations";
const COMPARABLES = 8;
const EMPTY = () => ({
  typed: {},
  left: new Set(),
  server: {},
  level: null,
  sectorGuessed: null,
  near: null,
  answer: null,
  home: null,
  sent: null,
  changes: {},
  changed: null,
  changedBy: null,
  pending: null,
});

async function render(root, { state, signal }) {
  const market = await askMarket();
  if (signal.aborted) return;
  if (!state.typed) Object.assign(state, EMPTY());
  const columns = () => (market.can_map ? sales().catch(() => null) : Promise.resolve(null));
  const parts = { above: h("div", { class: "above" }), below: h("div", { class: "below" }) };
  const [paper, told, stale, problem] = [
    h("div", { class: "paper" }),
    h("p", { class: "visually-hidden", role: "status" }),
    h("div", { class: "stale" }),
    h("div"),
  ];
  const cleared = new AbortController();
  const own = AbortSignal.any([signal, cleared.signal]);
  let place = null;

  const again = () => {
    root.replaceChildren();
    return render(root, { state, signal });
  };
  const changed = () =>
    state.answer &&
    fill(stale, differs() && h("div", { class: "alert alert-secondary", role: "status" }, t("value.stale")));
  const differs = () => {
    const { home } = form.home();
    return (
      JSON.stringify(home) !== JSON.stringify(state.home) || (state.level ?? market.interval_level) !== state.sent.level
    );
  };
  const form = makeForm({
    market,
    state,
    signal: own,
    onChange(name) {
      place.follow(name);
      changed();
    },
    onSubmit: value,
    onTypical: () => take(market.typical_home),
    onClear() {
      state.running?.abort();
      Object.assign(state, EMPTY());
      cleared.abort();
      again().then(() => one("input", root)?.focus());
    },
  });
  place = makePlace({ market, state, signal: own, form, columns, onChange: changed });
  const slots = makeSlots({ panel: place.panel, signal: own });
  fill(form.slot, place.offers, slots.inForm);

  function take(home) {
    form.put(asTexts(home));
    ["sector", "latitude"].forEach(place.follow);
    changed();
  }
  /** Asks for the value of a home; without one, waits for what was asked before the view was drawn anew. */
  async function value(home) {
    if (told.dataset.busy) return;
    if (home) ask(home);
    const { pending } = state;
    told.dataset.busy = "yes";
    form.busy(true);
    fill(problem);
    parts.above.setAttribute("aria-busy", "true");
    try {
      state.waiting = (seconds) =>
        fill(problem, h("div", { class: "alert alert-info", role: "status" }, tn("value.wait", Math.ceil(seconds))));
      const answer = await pending.answer;
      if (own.aborted) return;
      Object.assign(state, {
        answer,
        home: pending.home,
        sent: { body: pending.home, query: pending.query, level: pending.query.level },
        changes: {},
        changed: null,
        changedBy: null,
      });
      fill(problem);
      await show();
      told.textContent = announced(answer);
      parts.above.firstElementChild?.scrollIntoView({
        block: innerWidth < 1100 ? "start" : "nearest",
        behavior: "smooth",
      });
    } catch (failed) {
      if (own.aborted || failed.name === "AbortError") return;
      if (failed.errors?.length) form.complain(failed.errors);
      else
        fill(
          problem,
          trouble(failed, () => value(pending.home)),
        );
    } finally {
      if (!own.aborted) state.pending = null;
      delete told.dataset.busy;
      form.busy(false);
      parts.above.removeAttribute("aria-busy");
    }
  }
  /** Sends what is asked, once: it goes on while the view is drawn anew, and ends with the session. */
  function ask(home) {
    const query = { explain: true, comparables: COMPARABLES, level: state.level ?? market.interval_level };
    const running = new AbortController();
    const answer = patiently(() => post(PATH, home, query, running.signal), {
      signal: running.signal,
      told: (seconds) => state.waiting(seconds),
    });
    Object.assign(state, { running, pending: { home, query, answer } });
  }
  async function show() {
    root.classList.toggle("has-sheet", state.answer.status === "valued");
    root.classList.add("has-answer");
    await showResult({
      market,
      state,
      signal: own,
      parts,
      paper,
      place,
      columns,
      onTake: (home) => {
        take(home);
        form.element.scrollIntoView({ block: "start", behavior: "smooth" });
        one("button[type=submit]", form.element).focus({ preventScroll: true });
      },
    });
    changed();
  }

  root.classList.remove("has-sheet", "has-answer");
  fill(
    root,
    h("h1", { class: "h3" }, t("value.title")),
    h(
      "div",
      { class: "value-grid" },
      h("div", { class: "value-form" }, form.element, problem),
      h("div", { class: "value-results" }, stale, parts.above, slots.besides, parts.below),
    ),
    paper,
    told,
  );
  slots.settle();
  keepInSight(one(".value-form", root), own);
  if (state.answer) await show();
  if (state.pending) value();
}

/** The form stays beside a long answer; one that is higher than the window stays with its end. */
function keepInSight(form, signal) {
  const place = () => form.style.setProperty("--top", `${Math.min(72, innerHeight - form.offsetHeight - 16)}px`);
  const watch = new ResizeObserver(place);
  watch.observe(form);
  addEventListener("resize", place, { signal });
  signal.addEventListener("abort", () => watch.disconnect());
}

export const view = { name: "value", title: "value.tab", scopes: ["value"], render };

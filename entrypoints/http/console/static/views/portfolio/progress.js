// The button that sends the homes, and how far they are.

import { fill, h } from "../../core/dom.js";
import { duration, number } from "../../core/format.js";
import { t, tn } from "../../core/words.js";
import { valueRows } from "./valuing.js";

/** `redraw()` shows the view as it stands; it is called when valuing ends, in whatever way. Leaving the view stops nothing. */
export function progressPanel(state, redraw) {
  state.redraw = redraw; // of the view as it was shown last
  const sound = state.rows.filter((row) => row.home);
  const left = sound.filter((row) => !row.answer).length;
  if (!left && !state.running) return null;
  if (state.running) return running(state);
  const done = sound.length - left;
  const label = done ? t("portfolio.go_on") : tn("portfolio.value", sound.length);
  const go = h(
    "button",
    {
      type: "button",
      class: "btn btn-primary btn-lg",
      disabled: !sound.length,
      on: { click: () => begin(state, redraw) },
    },
    label,
  );
  return h(
    "section",
    { class: "panel" },
    state.error && h("div", { class: "alert alert-danger", role: "alert" }, state.error.message),
    done > 0 && h("p", {}, t("portfolio.stopped", { done: number(done), total: number(sound.length) })),
    go,
  );
}

async function begin(state, redraw) {
  Object.assign(state, {
    running: new AbortController(),
    error: null,
    began: performance.now(),
    first: null,
    unsaved: true,
  });
  const told = (done, total) => {
    state.first ??= done;
    Object.assign(state, { done, total });
    state.tell?.();
  };
  const valuing = valueRows(state.rows, told, state.running.signal);
  redraw();
  try {
    await valuing;
  } catch (problem) {
    if (problem.name !== "AbortError") state.error = problem;
  }
  state.running = null;
  state.redraw();
}

function running(state) {
  const bar = h("progress", { max: state.total, value: state.done, "aria-label": t("portfolio.results") });
  const text = h("span", { role: "status" });
  state.tell = () => {
    bar.value = state.done;
    const seconds = (performance.now() - state.began) / 1000;
    const rate = (state.done - state.first) / seconds;
    const counts = { done: number(state.done), total: number(state.total) };
    fill(
      text,
      rate > 0
        ? t("portfolio.progress", { ...counts, rate: number(rate), left: duration((state.total - state.done) / rate) })
        : t("portfolio.progress_start", counts),
    );
  };
  state.tell();
  const stop = h(
    "button",
    { type: "button", class: "btn btn-outline-secondary", on: { click: () => state.running.abort() } },
    t("portfolio.stop"),
  );
  return h("section", { class: "panel running" }, bar, h("div", { class: "running-line" }, text, stop));
}

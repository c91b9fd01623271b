// The page put together: the bar, the views, and which of them is shown.

import "./words.js";

import { ask } from "./core/api.js";
import { fill, h, one } from "./core/dom.js";
import { ago } from "./core/format.js";
import { forget, market } from "./core/market.js";
import * as session from "./core/session.js";
import { language, speak, t } from "./core/words.js";
import { notice, scopeMissing, trouble, waiting } from "./parts/notice.js";
import { signIn } from "./views/sign-in.js";

// The views, each loaded when it is first shown: {name, scopes: any of which is needed}. Its module exports `view`, whose
// render(root, context) shows it. The context holds `state` (an object of the view's own that outlives its rendering:
// another language renders it anew; while its `unsaved` is true the browser asks before the page goes), `path` (what
// follows the view's name in the address), `signal` (aborted when it is left) and go(...path), which leads to a place
// within the page.
const VIEWS = [
  { name: "value", scopes: ["value"], load: () => import("./views/value/index.js") },
  { name: "portfolio", scopes: ["value"], load: () => import("./views/portfolio/index.js") },
  { name: "model", scopes: ["models:read"], load: () => import("./views/model/index.js") },
  { name: "watch", scopes: ["monitor:read", "audit:read", "value"], load: () => import("./views/watch/index.js") },
  { name: "keys", scopes: ["keys:admin"], load: () => import("./views/keys/index.js") },
];
const states = new Map(VIEWS.map((view) => [view.name, {}]));
let leaving = new AbortController();

function place() {
  try {
    return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return [""]; // no address of ours
  }
}

const go = (...path) => {
  location.hash = `#/${path.map(encodeURIComponent).join("/")}`;
};

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [name, ...path] = place();
  const view = VIEWS.find((each) => each.name === name) ?? VIEWS[0];
  drawBar(session.key() ? view : null);
  if (!session.key()) return signIn(one("#main"));
  document.title = `${t(`tab.${view.name}`)} · Tasador`;
  const root = h("div", { class: `view ${view.name}-view` });
  fill(one("#main"), root);
  if (!session.may(...view.scopes))
    return fill(root, h("h1", { class: "h3" }, t(`tab.${view.name}`)), scopeMissing(view.scopes[0]));
  fill(root, waiting(6));
  try {
    const loaded = await view.load();
    if (signal.aborted) return undefined;
    await loaded.view.render(root, { state: states.get(view.name), path, signal, go });
  } catch (problem) {
    if (signal.aborted || problem.name === "AbortError") return undefined;
    fill(root, trouble(problem.status === undefined ? new Error(t("app.failed")) : problem, show));
    if (problem.status === undefined) throw problem;
  }
}

function drawBar(current) {
  one("#skip").textContent = t("app.skip");
  const tabs = VIEWS.map((view) =>
    h(
      "a",
      { class: "tab", href: `#/${view.name}`, "aria-current": view === current ? "page" : undefined },
      h("span", {}, t(`tab.${view.name}`)),
    ),
  );
  fill(
    one("#bar"),
    h(
      "a",
      { class: "brand", href: "#/" },
      h("img", { src: new URL("icon.svg", import.meta.url).pathname, alt: "", width: 28, height: 28 }),
      "Tasador",
    ),
    current ? h("nav", { class: "tabs", "aria-label": t("app.views") }, tabs) : h("span", { class: "tabs" }),
    h("div", { class: "tools" }, current && holder(), switches()),
  );
}

function holder() {
  const served = h("span", { class: "served" });
  if (session.may("value"))
    market()
      .then((known) => (served.textContent = t("app.version", { version: known.version })))
      .catch(() => {});
  const { label, expires_at: expires } = session.who();
  const leave = h(
    "button",
    { type: "button", class: "btn btn-sm btn-outline-light", on: { click: () => session.end() } },
    t("session.leave"),
  );
  return [served, h("span", { class: "holder", title: t("session.expires", { when: ago(expires) }) }, label), leave];
}

const switches = () => [
  h(
    "button",
    {
      type: "button",
      class: "btn btn-sm btn-bar",
      lang: language() === "es" ? "en" : "es",
      on: { click: () => speak(language() === "es" ? "en" : "es") },
    },
    t("app.language"),
  ),
  h(
    "button",
    { type: "button", class: "btn btn-sm btn-bar", "aria-label": t("app.theme"), on: { click: turnTheme } },
    "◐",
  ),
];

function turnTheme() {
  const { dataset } = document.documentElement;
  dataset.bsTheme = dataset.bsTheme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("tasador.theme", dataset.bsTheme);
  } catch {
    // Storage may be forbidden: then it holds until the page is left.
  }
  document.dispatchEvent(new Event("tasador:theme"));
}

/** Takes up the key that the tab has kept, if any, and shows what there is to show. */
async function begin() {
  drawBar(null);
  const token = session.kept();
  try {
    if (token) session.begin(token, await ask("GET", "/v1/keys/current", { token }), true);
  } catch (problem) {
    if (problem.status !== 401) return fill(one("#main"), trouble(problem, begin)); // the key is kept: it may well be good
    session.end(t("session.rejected"));
  }
  return show();
}

/** Closes what lies over the page, but for a token, which could not be shown again. */
const closeDialogs = () =>
  document.querySelectorAll("dialog[open]:not(:has(.token))").forEach((dialog) => dialog.close());

addEventListener("hashchange", () => {
  closeDialogs();
  show();
  scrollTo(0, 0);
  one("#main").focus({ preventScroll: true });
});
document.addEventListener("tasador:language", show);
document.addEventListener("tasador:signed-in", show);
document.addEventListener("tasador:signed-out", (event) => {
  closeDialogs();
  for (const [name, state] of states) {
    state.running?.abort(); // what goes on in a view goes on with the key that began it, or not at all
    states.set(name, {});
  }
  forget();
  show();
  if (event.detail) notice(event.detail, "danger");
});
document.addEventListener("tasador:model", () => {
  forget();
  drawBar(VIEWS.find((each) => each.name === place()[0]) ?? VIEWS[0]);
});
addEventListener("beforeunload", (event) => {
  if ([...states.values()].some(({ unsaved }) => unsaved)) event.preventDefault(); // the browser asks
});
addEventListener("unhandledrejection", (event) => event.reason?.name === "AbortError" && event.preventDefault());

begin();

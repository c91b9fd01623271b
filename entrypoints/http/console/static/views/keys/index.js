// Keys: who may ask, for what, until when.

import { get } from "../../core/api.js";
import { fill, h, withCode } from "../../core/dom.js";
import { t, tn } from "../../core/words.js";
import { choice, field } from "../../parts/field.js";
import { createKey } from "./create.js";
import { keyTable } from "./key-table.js";
import { revokeKey } from "./revoke.js";
import { rotateKey } from "./rotate.js";
import { SOON_DAYS, expiresSoon } from "./soon.js";
import "./words.js";

export const view = {
  async render(root, { state, signal }) {
    state.which ??= "active";
    state.search ??= "";
    let told = await get("/v1/keys", null, signal);
    const list = keyTable({
      rotate: async (key) => (await rotateKey(key, signal)) && renew().then(() => count.focus()),
      revoke: async (key) => (await revokeKey(key)) && renew().then(() => count.focus()),
    });
    const count = h("p", { class: "small text-body-secondary m-0", role: "status", tabindex: -1 });
    const warnings = h("div", { class: "grid" });
    const draw = () => {
      const rows = told.keys
        .filter((key) => (state.which === "all" || key.state === "active") && fits(key, state.search))
        .reverse();
      list.show(rows, told.keys);
      count.textContent = tn("keys.shown", rows.length, { all: told.keys.length });
      const soon = told.keys.filter(expiresSoon);
      fill(
        warnings,
        soon.length > 0 &&
          h("div", { class: "alert alert-warning m-0" }, tn("keys.soon", soon.length, { days: SOON_DAYS })),
        told.unreadable > 0 &&
          h("div", { class: "alert alert-warning m-0" }, withCode(tn("keys.unreadable", told.unreadable))),
      );
    };
    const renew = async () => {
      told = await get("/v1/keys", null, signal);
      draw();
    };
    const create = h(
      "button",
      { type: "button", class: "btn btn-primary", on: { click: async () => (await createKey(signal)) && renew() } },
      t("keys.new"),
    );
    draw();
    fill(
      root,
      h("div", { class: "keys-head" }, h("h1", { class: "h3 m-0" }, t("tab.keys")), create),
      h("p", { class: "text-body-secondary" }, t("keys.lead")),
      h(
        "div",
        { class: "grid" },
        warnings,
        h("div", { class: "panel grid" }, asking(state, draw), count, list.element),
      ),
    );
  },
};

function asking(state, draw) {
  const change = (name) => (value) => {
    state[name] = value;
    draw();
  };
  const search = h("input", {
    class: "form-control",
    type: "search",
    value: state.search,
    autocomplete: "off",
    placeholder: t("keys.search_hint"),
    on: { input: (event) => change("search")(event.target.value) },
  });
  const which = choice(
    [
      ["active", t("keys.active")],
      ["all", t("keys.all")],
    ],
    state.which,
    change("which"),
  );
  return h(
    "div",
    { class: "keys-asked", role: "search" },
    field(t("keys.search"), search).element,
    field(t("keys.which"), which).element,
  );
}

const fits = (key, search) => {
  const wanted = search.trim().toLowerCase();
  return (
    !wanted || [key.id, key.label, key.created_by, ...key.scopes].some((each) => each.toLowerCase().includes(wanted))
  );
};

// The valuations on record, the newest first: searched, filtered, and more of them.

import { get } from "../../core/api.js";
import { fill, h, withCode } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import * as session from "../../core/session.js";
import { t, tn } from "../../core/words.js";
import { choice, field } from "../../parts/field.js";
import { scopeMissing, trouble, waiting } from "../../parts/notice.js";
import { valuationTable } from "./valuation-table.js";
import "./words-record.js";

const PAGE = 50;
const LONGEST = 100;
const TYPING_PAUSE = 300; // milliseconds
const AN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Shows it in `root`. */
export function valuations(root, { state, signal, go }) {
  if (!session.may("value", "audit:read")) return fill(root, scopeMissing("value"));
  state.list ??= { search: "", status: "", rows: null, next: null, searchedBackTo: null, unreadable: 0 };
  const own = state.list;
  const list = valuationTable((row) => go("watch", "valuation", row.valuation_id));
  const told = h("p", { class: "small text-body-secondary m-0", role: "status" });
  const below = h("div", { class: "list-below" });
  const holder = h("div", {}, waiting(8));
  const openId = h("div", {});
  let asked = new AbortController();
  signal.addEventListener("abort", () => asked.abort());

  async function load({ more = false, quiet = false } = {}) {
    asked.abort();
    asked = new AbortController();
    const { signal: mine } = asked;
    if (!more && !quiet) fill(holder, waiting(8));
    fill(below);
    try {
      const answer = await get(
        "/v1/valuations",
        { limit: PAGE, before: more ? own.next : null, status: own.status, search: own.search.trim() },
        mine,
      );
      if (mine.aborted) return;
      const unchanged = quiet && own.rows?.length && own.rows[0].valuation_id === answer.valuations[0]?.valuation_id;
      if (!unchanged) take(answer, more);
      draw();
    } catch (problem) {
      if (mine.aborted || problem.name === "AbortError") return;
      if (problem.status === undefined) throw problem;
      if (more || quiet) draw();
      fill(
        more || quiet ? below : holder,
        trouble(problem, () => load({ more })),
      );
    }
  }

  function take(answer, more) {
    const [rows, unreadable] = more ? [own.rows, own.unreadable] : [[], 0];
    Object.assign(own, {
      rows: [...rows, ...answer.valuations],
      unreadable: unreadable + answer.unreadable,
      next: answer.next,
      searchedBackTo: answer.searched_back_to,
    });
  }

  function draw() {
    if (!holder.contains(list.element)) fill(holder, list.element);
    const early = own.searchedBackTo && own.next;
    list.show(
      own.rows,
      t(early ? "list.none_so_far" : own.search.trim() || own.status ? "list.none_found" : "list.none"),
    );
    told.textContent = tn("list.shown", own.rows.length);
    fill(
      below,
      own.unreadable > 0 &&
        h("p", { class: "alert alert-warning m-0" }, withCode(tn("list.unreadable", own.unreadable))),
      early &&
        h("p", { class: "text-body-secondary m-0" }, t("list.searched_back", { when: moment(own.searchedBackTo) })),
      own.next &&
        h(
          "button",
          {
            type: "button",
            class: "btn btn-outline-secondary",
            on: { click: (event) => ((event.target.disabled = true), load({ more: true })) },
          },
          t(early ? "list.search_on" : "list.more"),
        ),
    );
    const id = own.search.trim();
    fill(openId, AN_ID.test(id) && h("a", { href: `#/watch/valuation/${id}` }, t("list.open_id", { id })));
  }

  fill(
    root,
    h("p", { class: "text-body-secondary" }, t(session.may("audit:read") ? "list.lead_all" : "list.lead_own")),
    h(
      "div",
      { class: "panel grid" },
      asking(own, () => load(), signal),
      openId,
      told,
      holder,
      below,
    ),
  );
  if (own.rows) draw();
  return load({ quiet: Boolean(own.rows) });
}

function asking(own, load, signal) {
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const typed = (event) => {
    own.search = event.target.value;
    clearTimeout(timer);
    timer = setTimeout(load, TYPING_PAUSE);
  };
  const search = field(
    t("list.search"),
    h("input", {
      class: "form-control",
      type: "search",
      value: own.search,
      maxlength: LONGEST,
      autocomplete: "off",
      placeholder: t("list.search_hint"),
      on: { input: typed },
    }),
  );
  const options = [
    ["", t("list.any")],
    ["valued", t("list.valued")],
    ["refused", t("list.refused")],
  ];
  const status = choice(options, own.status, (chosen) => {
    own.status = chosen;
    load();
  });
  const again = h(
    "button",
    { type: "button", class: "btn btn-outline-secondary", on: { click: load } },
    t("watch.again"),
  );
  return h(
    "div",
    { class: "study-asked", role: "search" },
    search.element,
    field(t("list.status"), status).element,
    again,
  );
}

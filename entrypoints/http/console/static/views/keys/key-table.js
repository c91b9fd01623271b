// Keys as rows; on a phone as cards.

import { h } from "../../core/dom.js";
import { ago, day, moment } from "../../core/format.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";
import { table } from "../../parts/table.js";
import { expiresSoon } from "./soon.js";

/** Gives {element, show(rows, all)}; `rotate(key)` and `revoke(key)` are asked for by buttons. */
export function keyTable({ rotate, revoke }) {
  let labels = new Map();
  const who = (name) => (labels.has(name) ? labels.get(name) : name);
  const time = (text) => (text ? h("time", { datetime: text, title: moment(text) }, ago(text)) : t("keys.never"));
  const { element, show } = table({
    caption: t("tab.keys"),
    pageSize: 50,
    empty: t("keys.none"),
    rowClass: (key) => (key.state === "active" ? "" : "over"),
    columns: [
      { name: "label", label: t("keys.label"), cell: named, value: (key) => key.label, head: true },
      {
        name: "scopes",
        label: t("keys.scopes"),
        cell: ({ scopes }) =>
          h(
            "span",
            { class: "scopes" },
            scopes.map((scope) => h("code", { title: t(`scope.${scope}`) }, scope)),
          ),
      },
      { name: "state", label: t("keys.state"), cell: (key) => stateOf(key, who), value: (key) => key.state },
      {
        name: "created",
        label: t("keys.created"),
        cell: (key) => [
          small("keys.created"),
          h("time", { datetime: key.created_at, title: moment(key.created_at) }, day(key.created_at)),
          key.created_by &&
            h("div", { class: "small text-body-secondary" }, t("keys.by", { who: who(key.created_by) })),
        ],
        value: (key) => key.created_at,
      },
      {
        name: "expires",
        label: t("keys.expires"),
        cell: (key) => [
          small("keys.expires"),
          h(
            "span",
            { class: expiresSoon(key) ? "level-medium fw-semibold" : undefined },
            expiresSoon(key) && h("span", { "aria-hidden": "true" }, "⚠ "),
            time(key.expires_at),
          ),
          h("div", { class: "small text-body-secondary" }, day(key.expires_at)),
        ],
        value: (key) => key.expires_at,
      },
      {
        name: "used",
        label: t("keys.used"),
        cell: (key) => [small("keys.used"), time(key.last_used_at)],
        value: (key) => key.last_used_at,
      },
      {
        name: "actions",
        label: h("span", { class: "visually-hidden" }, t("keys.actions")),
        cell: (key) => key.state === "active" && actions(key, rotate, revoke),
      },
    ],
  });
  return {
    element: h("div", { class: "key-rows" }, element),
    show(rows, all) {
      labels = new Map(all.map((key) => [key.id, key.label]));
      show(rows);
    },
  };
}

// Cards have no heads of columns.
const small = (name) => h("div", { class: "in-card" }, t(name));

const named = (key) => [
  h("span", { class: "key-label" }, key.label),
  key.id === session.who().id && h("span", { class: "badge own-key" }, t("keys.own")),
  h("div", {}, h("code", { class: "small text-body-secondary fw-normal" }, key.id)),
];

function stateOf(key, who) {
  const more = [
    key.replaced_by && t("keys.replaced", { who: key.replaced_by }),
    key.revoked_by && t("keys.by", { who: who(key.revoked_by) }),
    key.revoked_because && t("keys.because", { reason: key.revoked_because }),
  ];
  return [
    h("span", { class: `badge state-${key.state}` }, t(`state.${key.state}`)),
    more.filter(Boolean).map((each) => h("div", { class: "small text-body-secondary" }, each)),
  ];
}

function actions(key, rotate, revoke) {
  const button = (name, kind, act) =>
    h(
      "button",
      {
        type: "button",
        class: `btn btn-sm btn-outline-${kind}`,
        "aria-label": t(`${name}_of`, { label: key.label }),
        on: { click: () => act(key) },
      },
      t(name),
    );
  return h(
    "div",
    { class: "key-actions" },
    !key.replaced_by && button("keys.rotate", "secondary", rotate),
    button("keys.revoke", "danger", revoke),
  );
}

// Whether the homes valued are still those that the model learned from.

import { get } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, number, percent } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import * as session from "../../core/session.js";
import { t, tn } from "../../core/words.js";
import { bars } from "../../parts/charts/index.js";
import { choice, field } from "../../parts/field.js";
import { scopeMissing } from "../../parts/notice.js";
import { driftedField } from "./drift-field.js";
import { shares } from "./drift-shares.js";
import { sentences } from "./sentences.js";
import { study } from "./study.js";
import "./words-drift.js";

const DAYS = [7, 30, 90, 365];

/** Shows it in `root`. */
export function drift(root, { state, signal }) {
  if (!session.may("monitor:read")) return fill(root, scopeMissing("monitor:read"));
  state.drift ??= { days: "" };
  const own = state.drift;
  const options = [["", t("drift.default")], ...DAYS.map((days) => [days, tn("drift.last_days", days)])];
  const ask = (asked) => get("/v1/monitoring/drift", { days: own.days }, asked);
  const { element, renew } = study({ own, ask, draw: drawn, signal });
  const days = choice(options, own.days, (chosen) => {
    own.days = chosen;
    renew();
  });
  const again = h(
    "button",
    { type: "button", class: "btn btn-outline-secondary", on: { click: renew } },
    t("watch.again"),
  );
  fill(
    root,
    h("p", { class: "text-body-secondary" }, t("drift.lead")),
    h("div", { class: "study-asked" }, field(t("drift.days"), days).element, again),
    element,
  );
  return undefined;
}

function drawn(told) {
  const { method } = told;
  const verdict = !told.enough ? "too_few" : told.drifted ? "changed" : "same";
  const kind = { too_few: "info", changed: "warning", same: "success" }[verdict];
  const head = h(
    "div",
    { class: `alert alert-${kind} m-0` },
    h("h2", { class: "h5" }, t(`drift.${verdict}`)),
    told.enough
      ? sentences(told.sentences)
      : h("p", {}, t("drift.too_few_text", { fewest: number(method.fewest_homes), homes: number(told.homes) })),
    h("p", { class: "small mb-0 mt-2" }, asked(told)),
  );
  if (!told.enough) return head;
  const features = told.features.toSorted(
    (one, other) => other.drifted - one.drifted || (other.psi ?? 0) - (one.psi ?? 0),
  );
  const items = features.map((each) => ({
    label: fieldName(each.name),
    value: each.psi,
    kind: each.drifted ? "warn" : undefined,
  }));
  const reference = { at: method.psi, label: t("drift.psi_limit", { psi: number(method.psi, 3) }) };
  return [
    head,
    h(
      "div",
      { class: "panel" },
      h("h2", {}, t("drift.psi")),
      bars({ items, format: (each) => number(each, 3), reference, label: t("drift.psi") }),
      h(
        "p",
        { class: "small text-body-secondary mb-0" },
        t("drift.method", { level: percent(method.level), psi: number(method.psi, 3) }),
      ),
    ),
    h("div", { class: "panel" }, h("h2", {}, t("drift.unusual")), shares(told.shares)),
    h(
      "div",
      { class: "panel" },
      h("h2", {}, t("drift.fields")),
      features.map((each) => driftedField(each, told.currency)),
    ),
  ];
}

function asked(told) {
  const of = t("drift.of", {
    version: told.version,
    from: day(told.from),
    until: day(told.until),
    valuations: number(told.valuations),
    homes: number(told.homes),
    training: number(told.training_homes),
  });
  return told.unreadable ? `${of} ${tn("drift.unreadable", told.unreadable)}` : of;
}

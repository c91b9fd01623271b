// What is unusual about the homes: how many there are of it, and were before.

import { h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { limitInShort } from "../../core/limits.js";
import { fieldName, reasonName, shown } from "../../core/names.js";
import { has, t } from "../../core/words.js";
import { table } from "../../parts/table.js";

const MOST_NAMED = 3;

/** A table of the shares that the study tells of, those that rose first. */
export function shares(told) {
  const rows = told.toSorted((one, other) => other.drifted - one.drifted);
  const { element } = table({
    caption: t("drift.unusual"),
    pageSize: 0,
    rows,
    columns: [
      { name: "what", label: t("drift.what"), cell: what, head: true },
      { name: "now", label: t("drift.now"), cell: (each) => of(each.hits, each.homes), number: true },
      {
        name: "before",
        label: t("drift.before"),
        cell: (each) => of(each.training_hits, each.training_homes),
        number: true,
      },
      {
        name: "verdict",
        label: t("drift.verdict"),
        cell: ({ drifted }) =>
          h(
            "span",
            { class: `badge drift-${drifted ? "drifted" : "same"}` },
            t(drifted ? "drift.more" : "drift.not_more"),
          ),
      },
      { name: "which", label: t("drift.which"), cell: (each) => h("div", { class: "which" }, which(each)) },
    ],
  });
  return element;
}

const of = (hits, homes) => (homes ? `${percent(hits / homes, 1)} (${number(hits)} / ${number(homes)})` : "–");

const what = ({ kind, feature }) =>
  has(`share.${kind}`) ? t(`share.${kind}`, { field: feature ? fieldName(feature) : "" }) : kind.replaceAll("_", " ");

function which({ kind, counts }) {
  const named = kind === "unseen" ? shown : (name) => (has(`reason.${name}`) ? reasonName(name) : limitInShort(name));
  return Object.entries(counts)
    .slice(0, MOST_NAMED)
    .map(([name, count]) => `${named(name)} (${number(count)})`)
    .join(", ");
}

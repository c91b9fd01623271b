// The same by group: month, confidence, sector or version.

import { fill, h } from "../../core/dom.js";
import { number, percent } from "../../core/format.js";
import { confidenceName, shown } from "../../core/names.js";
import { has, locale, t } from "../../core/words.js";
import { bars } from "../../parts/charts/index.js";
import { choice, field } from "../../parts/field.js";
import { table } from "../../parts/table.js";
import { share } from "./coverage-figures.js";

const WAYS = ["confidence", "month", "sector", "version"];
const LEVELS = ["high", "medium", "low"];

/** A panel of the groups; `own.way`: by what they are grouped. */
export function groups(told, own) {
  const ways = [...WAYS, ...Object.keys(told.by).filter((each) => !WAYS.includes(each))].filter(
    (each) => each in told.by,
  );
  if (!ways.includes(own.way)) [own.way] = ways;
  const body = h("div", { class: "grid" });
  const draw = (way) => {
    own.way = way;
    fill(body, drawn(told, way));
  };
  const options = ways.map((each) => [each, wayName(each)]);
  draw(own.way);
  return h(
    "div",
    { class: "panel" },
    h("h2", {}, t("coverage.by")),
    h("div", { class: "period" }, field(t("coverage.way"), choice(options, own.way, draw)).element),
    body,
  );
}

function drawn(told, way) {
  const level = told.overall.figures.intervals.at(-1)?.promised;
  const rows = Object.entries(told.by[way]).map(([group, each]) => ({
    group,
    name: groupName(way, group),
    ...each,
    held: each.figures?.intervals.find(({ promised }) => promised === level)?.held,
  }));
  rows.sort(
    way === "sector"
      ? (one, other) => other.valued - one.valued
      : (one, other) =>
          place(way, one.group) - place(way, other.group) ||
          one.group.localeCompare(other.group, undefined, { numeric: true }),
  );
  const judged = rows.filter(({ held }) => held);
  const items = judged.map(({ name, held, valued }) => ({
    label: name,
    value: held.share,
    low: held.low,
    high: held.high,
    note: `n = ${number(valued)}`,
    kind: held.high < level ? "bad" : "ok",
  }));
  return [
    judged.length
      ? bars({
          items,
          format: share,
          reference: { at: level, label: t("coverage.promised_line", { level: percent(level) }) },
          label: t("coverage.share_held", { level: percent(level) }),
        })
      : h("p", { class: "m-0" }, t("coverage.none_enough")),
    figuresOf(rows, level),
    h("p", { class: "small text-body-secondary m-0" }, t("coverage.few")),
  ];
}

function figuresOf(rows, level) {
  const ratio = (name, label, of, digits = 1) => ({
    name,
    label,
    cell: (row) => percent(of(row), digits),
    value: (row) => of(row) ?? null,
    number: true,
  });
  const { element } = table({
    caption: t("coverage.by"),
    pageSize: 12,
    rows,
    columns: [
      { name: "group", label: t("coverage.group"), cell: ({ name }) => name, head: true },
      {
        name: "valued",
        label: t("coverage.valued"),
        cell: ({ valued }) => number(valued),
        value: ({ valued }) => valued,
        number: true,
      },
      {
        name: "refused",
        label: t("coverage.refused"),
        cell: ({ refused }) => number(refused),
        value: ({ refused }) => refused,
        number: true,
      },
      ratio("mdape", t("coverage.mdape"), ({ figures }) => figures?.mdape.value),
      ratio("held", t("coverage.held", { level: percent(level) }), ({ held }) => held?.share),
      ratio("pe10", t("coverage.pe10"), ({ figures }) => figures?.pe10.share),
      {
        name: "median",
        label: t("coverage.ratio"),
        cell: ({ figures }) => number(figures?.ratio_study.median, 3),
        value: ({ figures }) => figures?.ratio_study.median ?? null,
        number: true,
      },
      {
        name: "cod",
        label: "COD",
        cell: ({ figures }) => number(figures?.ratio_study.cod, 1),
        value: ({ figures }) => figures?.ratio_study.cod ?? null,
        number: true,
      },
    ],
  });
  return element;
}

const wayName = (way) => (way === "version" ? t("way.version") : has(`coverage.${way}`) ? t(`coverage.${way}`) : way);
const place = (way, group) => (way === "confidence" ? LEVELS.indexOf(group) : 0);

function groupName(way, group) {
  if (way === "confidence") return confidenceName(group);
  if (way === "sector") return shown(group);
  if (way !== "month") return group;
  return new Intl.DateTimeFormat(locale(), { month: "short", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${group}-01T00:00Z`),
  );
}

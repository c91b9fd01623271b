// The appraisal sheet: one page of A4, laid out beside the page that is seen, and shown on paper alone.

import { h } from "../../core/dom.js";
import { area, day, distance, moment, money, number, percent, place } from "../../core/format.js";
import { limitInWords } from "../../core/limits.js";
import { confidenceName, fieldName, shown } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { priceScale } from "../../parts/charts/index.js";
import { adjustmentsOf } from "./comparables.js";
import { levelText } from "./figure.js";
import { sheetMap } from "./sheet-map.js";
import { numberFields, withUnit } from "./units.js";

const PAGE = 266 * (96 / 25.4); // pixels between the margins of A4, a hair less than there is
const SMALLEST = 0.5;

/** The sheet of a valuation. `fit()` makes it one page, whatever it has to say: called once it is in the document. */
export function makeSheet({ answer, home, market, prices, sold }) {
  const printed = h("span");
  const element = h(
    "section",
    { class: "sheet", "aria-hidden": "true" },
    head(answer, printed),
    value(answer, home),
    priceScale({
      value: answer.value,
      low: answer.value_low,
      high: answer.value_high,
      level: answer.interval_level,
      currency: answer.currency,
      prices: prices?.prices ?? [],
      pricesLabel: prices?.label,
    }),
    h(
      "div",
      { class: "sheet-columns" },
      h(
        "div",
        {},
        facts(home, market),
        sheetMap({ home, comparables: answer.comparables, sold, label: t("value.map") }),
      ),
      h("div", {}, contributions(answer), doubts(answer)),
    ),
    comparables(answer),
    foot(),
  );
  return {
    element,
    fit() {
      printed.textContent = moment(new Date().toISOString());
      let zoom = 1;
      do {
        element.style.setProperty("--zoom", zoom);
        zoom -= 0.02;
      } while (element.getBoundingClientRect().height > PAGE && zoom > SMALLEST);
    },
  };
}

const head = (answer, printed) =>
  h(
    "header",
    {},
    h("div", {}, h("strong", { class: "sheet-brand" }, "Tasador"), h("h1", {}, t("value.sheet.title"))),
    h(
      "dl",
      {},
      [
        [t("value.id"), answer.valuation_id],
        answer.client_ref && [fieldName("client_ref"), answer.client_ref],
        [fieldName("valuation_date"), day(answer.valuation_date)],
        [t("value.model"), `${answer.model.version} (${answer.model.recipe})`],
        [t("value.sheet.trained"), moment(answer.model.trained_at)],
        [t("value.sheet.printed"), printed],
      ]
        .filter(Boolean)
        .map(pair),
    ),
  );

const pair = ([name, said]) => h("div", {}, h("dt", {}, name), h("dd", {}, said));

function value(answer, home) {
  const { currency } = answer;
  return h(
    "div",
    { class: "sheet-value" },
    h(
      "div",
      {},
      h("p", { class: "eyebrow" }, fieldName("value")),
      h("p", { class: "amount" }, money(answer.value, currency)),
      h("p", {}, t("value.per-m2", { price: money(answer.value / home.net_usable_area, currency) })),
    ),
    h(
      "div",
      {},
      h("p", { class: "eyebrow" }, t("value.interval", { level: levelText(answer.interval_level) })),
      h("p", { class: "middling" }, `${money(answer.value_low, currency)} – ${money(answer.value_high, currency)}`),
    ),
    h(
      "div",
      {},
      h("p", { class: "eyebrow" }, t("value.confidence")),
      h(
        "p",
        { class: "middling" },
        `${confidenceName(answer.confidence_level)} · ${t("value.score", { score: number(answer.confidence_score) })}`,
      ),
      h("p", {}, t("value.fsd", { share: percent(answer.fsd) })),
    ),
  );
}

function facts(home, market) {
  const further = market.features.categorical.map(({ name }) => [
    fieldName(name),
    home[name] ? shown(String(home[name])) : "–",
  ]);
  const numbers = numberFields(market).map((field) => [
    fieldName(field.name),
    typeof home[field.name] === "number" ? withUnit(field, home[field.name]) : "–",
  ]);
  const rows = [
    [fieldName("type"), shown(home.type)],
    [fieldName("sector"), shown(home.sector)],
    ...numbers,
    ...further,
    [fieldName("location"), place(home.latitude, home.longitude)],
  ];
  return [h("h2", {}, t("value.home")), h("dl", { class: "sheet-facts" }, rows.map(pair))];
}

function contributions({ explanation, value: total, currency }) {
  const most = Math.max(1, ...explanation.contributions.map(({ effect }) => Math.abs(effect)));
  const bar = (effect) =>
    h(
      "td",
      { class: "sheet-bar" },
      h("span", { class: effect < 0 ? "less" : "more", vars: { "--share": `${(Math.abs(effect) / most) * 50}%` } }),
    );
  const line = (name, amount, middle = h("td", {})) => h("tr", {}, h("th", {}, name), middle, h("td", {}, amount));
  return [
    h("h2", {}, t("value.why")),
    h(
      "table",
      {},
      h(
        "tbody",
        {},
        line(t("waterfall.base"), money(explanation.base_value, currency)),
        explanation.contributions.map(({ feature, effect }) =>
          line(fieldName(feature), money(effect, currency, { sign: true }), bar(effect)),
        ),
        h("tr", { class: "total" }, h("th", {}, fieldName("value")), h("td", {}), h("td", {}, money(total, currency))),
      ),
    ),
  ];
}

const doubts = ({ limiting_factors: factors, warnings }) => [
  h("h2", {}, t("value.limits")),
  factors.length
    ? h(
        "ul",
        {},
        factors.map((slug) => h("li", {}, limitInWords(slug))),
      )
    : h("p", {}, t("value.limits.none")),
  warnings.length > 0 &&
    h(
      "ul",
      { lang: "en", class: "fine" },
      warnings.map((text) => h("li", {}, text)),
    ),
];

function comparables({ comparables: sales, currency }) {
  const heads = [
    "#",
    t("value.sale"),
    fieldName("sold_on"),
    t("value.distance"),
    t("value.similarity"),
    fieldName("price"),
    t("value.adjustments"),
    t("value.adjusted"),
  ];
  const each = (sale) =>
    adjustmentsOf(sale)
      .map(([name, amount]) => `${fieldName(name)} ${money(amount, currency, { sign: true })}`)
      .join(" · ");
  const rooms = ({ n_rooms: count, n_bathroom: baths }) => `${tn("value.rooms", count)}, ${tn("value.baths", baths)}`;
  const line = (sale, index) => [
    index + 1,
    `${shown(sale.type)}, ${shown(sale.sector)}, ${area(sale.net_usable_area)}, ${rooms(sale)}`,
    day(sale.sold_on),
    distance(sale.distance_m),
    percent(sale.similarity),
    money(sale.price, currency),
    each(sale),
    money(sale.adjusted_price, currency),
  ];
  return [
    h("h2", {}, t("value.comparables")),
    h(
      "table",
      { class: "sheet-sales" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((text) => h("th", {}, text)),
        ),
      ),
      h(
        "tbody",
        {},
        sales.map((sale, index) =>
          h(
            "tr",
            {},
            line(sale, index).map((text) => h("td", {}, text)),
          ),
        ),
      ),
    ),
  ];
}

const foot = () => [h("h2", {}, t("value.sheet.about")), h("p", { class: "fine" }, t("value.sheet.limits"))];

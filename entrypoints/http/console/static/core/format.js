// Figures, days and amounts as the user writes them.

import { locale, t } from "./words.js";

const NOTHING = "–";
const known = new Map();

function formatter(kind, options) {
  const name = `${locale()} ${kind.name} ${JSON.stringify(options)}`;
  if (!known.has(name)) known.set(name, new kind(locale(), options));
  return known.get(name);
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A number with at most so many decimals. */
export const number = (value, decimals = 0) =>
  isNumber(value)
    ? formatter(Intl.NumberFormat, { maximumFractionDigits: decimals, useGrouping: "always" }).format(value)
    : NOTHING;

/** A share, such as 0.123, in per cent. */
export const percent = (share, decimals = 0) =>
  isNumber(share)
    ? formatter(Intl.NumberFormat, {
        style: "percent",
        maximumFractionDigits: decimals,
        minimumFractionDigits: decimals,
      }).format(share)
    : NOTHING;

/** An amount: whole units, in the currency's own form where `currency` is a code that is known, else with its name after it. */
export function money(value, currency, { sign = false, decimals = 0 } = {}) {
  if (!isNumber(value)) return NOTHING;
  const rounded = Number(Math.abs(value).toFixed(decimals));
  const before = rounded && value < 0 ? "-" : rounded && sign ? "+" : ""; // some locales write $-5
  try {
    const options = { style: "currency", currency, maximumFractionDigits: decimals, minimumFractionDigits: 0 };
    return before + formatter(Intl.NumberFormat, options).format(rounded);
  } catch {
    return `${before}${formatter(Intl.NumberFormat, { maximumFractionDigits: decimals }).format(rounded)} ${currency}`;
  }
}

/** An amount in few letters, for axes: 184 k, 1.2 M. */
export function shortMoney(value, currency) {
  if (!isNumber(value)) return NOTHING;
  const options = {
    notation: "compact",
    maximumFractionDigits:
      Math.abs(value) >= 1000 && Math.abs(value) < 10_000 ? 1 : value && Math.abs(value) < 1e6 ? 0 : 1,
  };
  try {
    return formatter(Intl.NumberFormat, {
      ...options,
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    }).format(value);
  } catch {
    return formatter(Intl.NumberFormat, options).format(value);
  }
}

/** An area in m2. */
export const area = (value) => (isNumber(value) ? `${number(value, 1)} m²` : NOTHING);

/** A distance in metres. */
export const distance = (metres) =>
  isNumber(metres)
    ? metres < 950
      ? `${number(Math.round(metres / 10) * 10)} m`
      : `${number(metres / 1000, 1)} km`
    : NOTHING;

/** A duration in seconds. */
export function duration(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  if (seconds < 1) return `${number(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 90) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  return seconds < 5400 ? `${number(seconds / 60)} min` : `${number(seconds / 3600, 1)} h`;
}

/** A day, given as "2026-11-23". It is the same day in every time zone. */
export function day(text) {
  if (!text) return NOTHING;
  const [year, month, date] = text.slice(0, 10).split("-").map(Number);
  return formatter(Intl.DateTimeFormat, { dateStyle: "medium", timeZone: "UTC" }).format(
    Date.UTC(year, month - 1, date),
  );
}

/** A moment, given in ISO 8601, in the user's time zone. */
export const moment = (text) =>
  text ? formatter(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text)) : NOTHING;

/** How long ago, or until when, a moment is. */
export function ago(text, now = Date.now()) {
  if (!text) return NOTHING;
  const seconds = (new Date(text) - now) / 1000;
  const units = [
    ["year", 31_557_600],
    ["month", 2_629_800],
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(Math.round(seconds / length), unit);
}

/** Coordinates. */
export const place = (latitude, longitude) => `${number(latitude, 5)}, ${number(longitude, 5)}`;

/** "yes" or "no". */
export const yesNo = (value) => t(value ? "word.yes" : "word.no");

/**
 * The number that a text means, NaN where it means none. Points and commas may both separate decimals: of two different
 * separators the last does; one that comes once does unless three digits follow it, when `mark` decides, which is the
 * decimal mark of the user's locale, or of a file.
 */
export function read(text, mark = decimalMark()) {
  const bare = String(text)
    .replace(/[\s   '’]/g, "")
    .replace("−", "-");
  if (!/^[+-]?(\d[\d.,]*|[.,]\d+)$/.test(bare)) return /^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(bare) ? Number(bare) : NaN;
  const points = bare.split(".").length - 1;
  const commas = bare.split(",").length - 1;
  let decimal = null;
  if (points && commas) decimal = bare.lastIndexOf(".") > bare.lastIndexOf(",") ? "." : ",";
  else if (points === 1 || commas === 1) {
    const found = points ? "." : ",";
    const [before, after] = bare.split(found);
    const grouped = after.length === 3 && /^[+-]?[1-9]\d{0,2}$/.test(before);
    decimal = grouped && found !== mark ? null : found;
  }
  if ((decimal === "." && points > 1) || (decimal === "," && commas > 1)) return NaN;
  const other = decimal === "." ? "," : ".";
  const whole = decimal ? bare.split(decimal)[0] : bare;
  const groups = whole.replace(/^[+-]/, "").split(decimal ? other : /[.,]/);
  if (groups.length > 1 && !(/^\d{1,3}$/.test(groups[0]) && groups.slice(1).every((each) => /^\d{3}$/.test(each))))
    return NaN;
  const plain = decimal ? bare.replaceAll(other, "").replace(decimal, ".") : bare.replace(/[.,]/g, "");
  return Number(plain);
}

/** A number as the user would type it: without groups, with their decimal mark. */
export const typed = (value) =>
  isNumber(value) ? formatter(Intl.NumberFormat, { maximumFractionDigits: 8, useGrouping: false }).format(value) : "";

const decimalMark = () =>
  formatter(Intl.NumberFormat, {})
    .formatToParts(1.5)
    .find((part) => part.type === "decimal").value;

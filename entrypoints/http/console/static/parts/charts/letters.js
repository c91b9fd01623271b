// Letters in pictures: how wide they are, where they are broken, and how they are kept off each other.

import { s } from "../../core/dom.js";

const SHARE_OF_ROOT = 0.78;
const pen = document.createElement("canvas").getContext("2d");
let family = null;

/** The size of letters in charts, in pixels: it grows with the user's own setting. */
export const size = () => parseFloat(getComputedStyle(document.documentElement).fontSize) * SHARE_OF_ROOT;

/** How wide a text is, in pixels. */
export function widthOf(text, { strong = false } = {}) {
  family ??= getComputedStyle(document.body).fontFamily;
  pen.font = `${strong ? 600 : 400} ${size()}px ${family}`;
  return pen.measureText(text).width;
}

/** The width of the widest. */
export const widest = (texts, options) => Math.max(0, ...texts.map((each) => widthOf(each, options)));

/** A text in at most `lines` lines of `width` pixels; what does not fit is cut. */
export function wrapped(text, width, lines = 2) {
  const words = String(text).split(/\s+/);
  const done = [];
  let line = "";
  while (words.length) {
    const longer = line ? `${line} ${words[0]}` : words[0];
    if (widthOf(longer) <= width) [line] = [longer, words.shift()];
    else if (done.length === lines - 1) return [...done, cut([line, ...words].join(" ").trim(), width)];
    else if (line) [line] = ["", done.push(line)];
    else [line] = [cut(words.shift(), width)];
  }
  return [...done, line];
}

/** A text of at most `width` pixels: its end gives way to three points. */
export function cut(text, width) {
  if (widthOf(text) <= width) return text;
  let kept = text;
  while (kept && widthOf(`${kept}…`) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

/** A text in a picture. `anchor`: "start", "middle" or "end"; `title`: the whole of it, where it is cut. */
export const letters = (x, y, text, { kind = "", anchor = "start", title } = {}) =>
  s(
    "text",
    { x: round(x), y: round(y), class: `chart-text ${kind}`.trim(), "text-anchor": anchor },
    title && title !== text && s("title", {}, title),
    text,
  );

/** A text of which the middle is at `x`, as far as it stays between `from` and `to`. */
export function within(x, y, text, [from, to], { kind = "", strong = false } = {}) {
  const half = widthOf(text, { strong }) / 2;
  return letters(Math.min(Math.max(x, from + half), Math.max(to - half, from + half)), y, text, {
    kind,
    anchor: "middle",
  });
}

/** Texts side by side, each as near to its `x` as the others let it: [{x, text}] to [{x, text}], `x` being middles. */
export function apart(texts, [from, to], { gap = 12, strong = false } = {}) {
  const placed = texts.map((each) => ({ ...each, half: widthOf(each.text, { strong }) / 2 })).sort((a, b) => a.x - b.x);
  // Neighbours make room for each other alike, then the ends of the room push back.
  for (let index = 1; index < placed.length; index += 1) {
    const [one, other] = [placed[index - 1], placed[index]];
    const over = one.x + one.half + gap - (other.x - other.half);
    if (over > 0) [one.x, other.x] = [one.x - over / 2, other.x + over / 2];
  }
  let edge = from;
  for (const each of placed) {
    each.x = Math.max(each.x, edge + each.half);
    edge = each.x + each.half + gap;
  }
  edge = to;
  for (const each of placed.toReversed()) {
    each.x = Math.min(each.x, edge - each.half);
    edge = each.x - each.half - gap;
  }
  return placed;
}

/** Coordinates to a tenth of a pixel: pictures of thousands of points stay light. */
export const round = (pixels) => Math.round(pixels * 10) / 10;

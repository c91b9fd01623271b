// What figures are called, with what they mean.

import { h } from "../../core/dom.js";
import { has, t } from "../../core/words.js";

/** The name of a figure and, below it, what it means. */
export const figureName = (name) => [
  h("span", { class: "figure-name" }, t(`model.name.${name}`)),
  h("small", { class: "explained d-block" }, t(`model.means.${name}`)),
];

/** A word of the API's in the user's language, or itself. */
export const word = (group, name) =>
  has(`model.${group}.${name}`) ? t(`model.${group}.${name}`) : name.replaceAll("_", " ");

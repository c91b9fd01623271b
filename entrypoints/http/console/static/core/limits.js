// What makes a value less sure. The API tells it in slugs that stay; more may come.

import { fieldName } from "./names.js";
import { has, t } from "./words.js";
import "./words-limits.js";

const OF_A_FIELD = ["beyond_seen", "unknown"];

/** A limiting factor as a sentence. */
export const limitInWords = (slug) => said("limit", slug);

/** A limiting factor in a few words. */
export const limitInShort = (slug) => said("limit.short", slug);

function said(group, slug) {
  if (has(`${group}.${slug}`)) return t(`${group}.${slug}`);
  const kind = OF_A_FIELD.find((each) => slug.startsWith(`${each}_`));
  return kind ? t(`${group}.${kind}`, { field: fieldName(slug.slice(kind.length + 1)) }) : slug.replaceAll("_", " ");
}

// What the API says of an outcome or an override, in the user's language.

import { day, number } from "../../core/format.js";
import { message } from "../../core/messages.js";
import { t } from "../../core/words.js";

const SAID = [
  [/^must not lie in the future$/, () => t("tell.future")],
  [/^must not lie before ([\d-]+)$/, (first) => t("tell.early", { day: day(first) })],
  [
    /^must be a number from (\S+) to (\S+)$/,
    (low, high) => t("tell.range", { low: number(Number(low), 2), high: number(Number(high)) }),
  ],
];

/** A message about a field. */
export function said(text) {
  for (const [pattern, words] of SAID) {
    const match = pattern.exec(text);
    if (match) return words(...match.slice(1));
  }
  return message(text);
}

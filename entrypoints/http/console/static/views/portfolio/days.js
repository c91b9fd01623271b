// Days as spreadsheets write them, which are 23/11/2026 here and 11/23/2026 there.

import { locale } from "../../core/words.js";

const WRITTEN = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/;

/** How a column of days is read: text -> "2026-11-23" where it is a day of that form, else the text as it is. */
export function daysOf(cells) {
  const parts = [...cells].map((cell) => WRITTEN.exec(cell.trim())).filter(Boolean);
  const monthFirst =
    parts.some(([, , second]) => second > 12) || (!parts.some(([, first]) => first > 12) && isMonthFirst());
  return (text) => {
    const [, first, second, year] = WRITTEN.exec(text.trim()) ?? [];
    if (!year) return text;
    const [month, day] = monthFirst ? [first, second] : [second, first];
    return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  };
}

/** Whether the user's own locale writes the month first; only asked where no day of the column tells. */
const isMonthFirst = () => new Intl.DateTimeFormat(locale()).formatToParts(0)[0].type === "month";

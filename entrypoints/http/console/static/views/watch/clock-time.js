// The time of day, to the second.

import { locale } from "../../core/words.js";

/** A moment (a Date, or milliseconds) as 20:47:05 in the user's locale and time zone. */
export const clockTime = (moment) => new Date(moment).toLocaleTimeString(locale(), { timeStyle: "medium" });

// The sales that the version is farthest off at.

import { area, day, money } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { fixed } from "./digits.js";
import { panel, plainTable } from "./layout.js";

/** The panel with their table. */
export function worst({ worst: sales, currency }) {
  return panel(
    t("model.worst.title"),
    t("model.worst.text"),
    plainTable({
      caption: t("model.worst.title"),
      head: [
        { label: t("model.sale") },
        { label: t("model.home") },
        { label: fieldName("net_usable_area"), number: true },
        { label: t("field.sold_on") },
        { label: t("model.value"), number: true },
        { label: t("model.price"), number: true },
        { label: t("model.ratio"), number: true },
      ],
      rows: sales.map((each) => [
        each.id,
        [each.type, each.sector].filter(Boolean).join(" · "),
        area(each.net_usable_area),
        day(each.sold_on),
        money(each.value, currency),
        money(each.price, currency),
        fixed(each.value / each.price, 2),
      ]),
    }),
  );
}

// The sales that a version learned from, those set aside, and how it was judged.

import { h } from "../../core/dom.js";
import { day, number, percent } from "../../core/format.js";
import { fieldName } from "../../core/names.js";
import { t, tn } from "../../core/words.js";
import { facts, pair, panel, section } from "./layout.js";
import { word } from "./names.js";

/** The section. */
export function dataSection({ card }) {
  const { data, validation, features } = card;
  const reasons = Object.entries(data.quarantined_by_reason);
  return section(
    t("model.data"),
    pair(
      panel(
        t("model.data.sales"),
        null,
        facts([
          [t("model.data.source"), data.source],
          [
            t("model.data.days"),
            data.first_sale
              ? t("model.between", { low: day(data.first_sale), high: day(data.last_sale) })
              : t("model.data.undated"),
          ],
          [t("model.data.read"), number(data.read)],
          [t("model.data.used"), number(data.used)],
          [
            t("model.data.quarantined"),
            [
              number(data.quarantined),
              reasons.length > 0 &&
                h(
                  "ul",
                  { class: "reasons" },
                  reasons.map(([reason, count]) => h("li", {}, `${number(count)} × ${word("quarantine", reason)}`)),
                ),
            ],
          ],
          [t("model.data.screened"), number(card.screened)],
        ]),
      ),
      panel(
        t("model.validation"),
        t(`model.validation.${validation.scheme}`),
        facts([
          [t("model.validation.train"), tn("model.sales", validation.train)],
          [
            t("model.validation.test"),
            [
              tn("model.sales", validation.test),
              validation.test_fraction &&
                ` (${t("model.validation.asked", { share: percent(validation.test_fraction) })})`,
            ],
          ],
          [
            t("model.features"),
            [
              ...[
                "type",
                "sector",
                "net_usable_area",
                "net_area",
                "n_rooms",
                "n_bathroom",
                "latitude",
                "longitude",
              ].map(fieldName),
              ...features.numeric,
              ...features.categorical,
            ].join(", "),
          ],
          [t("model.features.types"), features.types.join(", ")],
          [
            t("model.features.sectors"),
            h("details", {}, h("summary", {}, number(features.sectors.length)), features.sectors.join(", ")),
          ],
        ]),
      ),
    ),
  );
}

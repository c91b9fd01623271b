// What is on record: who made the version serve, from what it was built, and by what it is known again.

import { h } from "../../core/dom.js";
import { duration, number } from "../../core/format.js";
import { locale, t } from "../../core/words.js";
import { history } from "./history.js";
import { facts, pair, panel, section } from "./layout.js";
import { megabytes } from "./versions.js";

/** The section. */
export function recordSection({ model, card }) {
  const furthest = new Intl.NumberFormat(locale(), { notation: "scientific", maximumFractionDigits: 1 }).format(
    card.agreement.furthest,
  );
  return section(
    t("model.record"),
    pair(
      panel(t("model.history"), null, history(model.promotions)),
      panel(
        t("model.build"),
        null,
        facts([
          [
            t("model.build.training"),
            t("model.build.seed", { time: duration(card.training_seconds), seed: card.seed }),
          ],
          [t("model.build.currency"), card.currency],
          [
            t("model.build.libraries"),
            Object.entries(card.libraries)
              .map(([name, version]) => `${name} ${version}`)
              .join(", "),
          ],
          [t("model.column.size"), megabytes(model.artifact.size)],
          [t("model.build.digest"), h("code", {}, model.artifact.sha256)],
          [t("model.build.sales-digest"), h("code", {}, card.data.sha256)],
          [
            t("model.build.holdout-digest"),
            card.validation.holdout_sha256 && h("code", {}, card.validation.holdout_sha256),
          ],
          [
            t("model.build.agreement"),
            t("model.build.agreement.text", { homes: number(card.agreement.homes), furthest }),
          ],
        ]),
      ),
    ),
  );
}

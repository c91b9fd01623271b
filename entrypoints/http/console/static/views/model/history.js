// Who made which version serve, when and why.

import { h } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import { t } from "../../core/words.js";

/** Changes of the served version, the newest first; `models`: those that can be opened. */
export function history(changes, models = []) {
  if (!changes.length) return h("p", { class: "text-body-secondary mb-0" }, t("model.history.none"));
  const named = (version) =>
    models.some((each) => each.version === version) ? h("a", { href: `#/model/${version}` }, version) : version;
  return h(
    "ol",
    { class: "history", reversed: true },
    changes
      .toReversed()
      .map(({ version, action, at, by, reason, clock_behind: behind }) =>
        h(
          "li",
          {},
          h("div", {}, h("strong", {}, named(version), " "), t(`model.history.${action}`)),
          h(
            "div",
            { class: "text-body-secondary small" },
            t("model.history.by", { by, when: moment(at) }),
            behind && ` ${t("model.history.behind")}`,
          ),
          reason && h("div", { class: "reason" }, reason),
        ),
      ),
  );
}

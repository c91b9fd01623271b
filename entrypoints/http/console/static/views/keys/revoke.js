// The end of a key.

import { ask } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { ago } from "../../core/format.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";
import { confirm } from "../../parts/dialog.js";
import { notice } from "../../parts/notice.js";

/** Asks before it is revoked. Gives whether it was, and the user is still signed in. */
export async function revokeKey(key) {
  const own = key.id === session.who().id;
  const text = [
    t("revoke.text", { label: key.label, id: key.id }),
    h(
      "span",
      { class: "stops" },
      key.scopes.map((scope) => h("span", {}, `– ${t(`scope.${scope}`)}`)),
    ),
    key.last_used_at ? t("revoke.used", { when: ago(key.last_used_at) }) : t("revoke.unused"),
    own && h("strong", { class: "d-block mt-2 text-danger" }, t("revoke.own")),
  ];
  const action = (reason) => ask("DELETE", `/v1/keys/${key.id}`, { query: { reason } });
  const revoked = await confirm({
    title: t("keys.revoke_of", { label: key.label }),
    text,
    button: t("keys.revoke"),
    danger: true,
    reason: true,
    action,
  });
  if (!revoked) return false;
  if (own) session.end(t("revoke.own_done"));
  else notice(t("revoke.done", { label: key.label }));
  return !own;
}

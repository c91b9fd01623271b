// A new key in the place of one: both work for a while.

import { post } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import * as session from "../../core/session.js";
import { t } from "../../core/words.js";
import { asking } from "./asking.js";
import { lengthField } from "./durations.js";
import { showToken } from "./token.js";

const OVERLAPS = ["0m", "15m", "1h", "24h", "7d", "30d"];
const LENGTHS = ["", "30d", "90d", "180d", "366d"];

/** Asks how, and shows the new token once. Gives whether the key was rotated. */
export async function rotateKey(key, signal) {
  const own = key.id === session.who().id;
  const overlap = lengthField(t("rotate.overlap"), OVERLAPS, "1h", { least: 0 });
  const lifetime = lengthField(t("rotate.lifetime"), LENGTHS, "", { empty: "same" });
  const parts = { overlap: [overlap, "keys.wrong_time"], expires_in: [lifetime, "keys.wrong_lifetime"] };

  const check = () => {
    const wrong = Object.values(parts).filter(([part, text]) => {
      const { problem } = part.read();
      part.wrong(problem ? t(text) : null);
      return problem;
    });
    wrong[0]?.[0].focus();
    return !wrong.length;
  };
  const refuse = (problem) => {
    const known = problem.errors.filter((each) => each.field in parts);
    for (const each of known) parts[each.field][0].wrong(t(parts[each.field][1]));
    return !known.length;
  };
  const send = () =>
    post(`/v1/keys/${key.id}/rotate`, { overlap: overlap.read().text, expires_in: lifetime.read().text || null });
  const text = h(
    "p",
    { class: "m-0" },
    [t("rotate.text", { label: key.label, id: key.id }), own && t("rotate.own")].filter(Boolean).join(" "),
  );
  const content = [text, overlap.element, lifetime.element];
  const rotated = await asking({
    title: t("keys.rotate_of", { label: key.label }),
    content,
    button: t("keys.rotate"),
    check,
    send,
    refuse,
    signal,
  });
  if (!rotated) return false;
  const goOn = h(
    "button",
    { type: "button", class: "btn btn-primary", on: { click: () => takeUp(rotated) } },
    t("token.use"),
  );
  await showToken(rotated, {
    more: t("rotate.old", { id: rotated.replaces.id, when: moment(rotated.replaces.expires_at) }),
    actions: own ? [goOn] : [],
  });
  return true;
}

/** The user goes on with the new key, kept where the old one was. */
function takeUp({ id, label, scopes, created_at, expires_at, token }) {
  session.begin(token, { id, label, scopes, created_at, expires_at }, session.kept() !== null);
  document.dispatchEvent(new Event("tasador:signed-in"));
}

// How long something lasts, chosen from some lengths or given by hand, as the API writes it: 90m, 12h, 30d, 2w.

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { choice, field } from "../../parts/field.js";

const MINUTES = { m: 1, h: 60, d: 1440, w: 10_080 };
const LONGEST = 366 * MINUTES.d;
const OWN = "own";

/**
 * `lengths`: those to choose from, "" for what the API does by itself; `names`: what "" is called. Gives {element,
 * wrong(message), focus(), read()}; read() gives {text} or {problem: true} where it cannot be used; `least`: in minutes.
 */
export function lengthField(label, lengths, chosen, { least = 1, empty = null } = {}) {
  const own = h("div", { class: "own-length", hidden: true, role: "group", "aria-label": label });
  const amount = h("input", { class: "form-control", inputmode: "numeric", autocomplete: "off", value: "60" });
  const unit = choice(
    Object.keys(MINUTES).map((each) => [each, t(`time.${each}`)]),
    "d",
    () => {},
  );
  const options = [...lengths.map((each) => [each, t(`time.${each || empty}`)]), [OWN, t("time.own")]];
  const select = choice(options, chosen, (now) => {
    own.hidden = now !== OWN;
    if (now === OWN) amount.focus();
  });
  const main = field(label, select);
  const [amountField, unitField] = [field(t("time.amount"), amount), field(t("time.unit"), unit)];
  fill(own, amountField.element, unitField.element);
  const byHand = () => select.value === OWN;

  return {
    element: h("div", {}, main.element, own),
    wrong(message) {
      main.wrong(byHand() ? null : message);
      amountField.wrong(byHand() ? message : null);
    },
    focus: () => (byHand() ? amount : select).focus(),
    read() {
      if (!byHand()) return { text: select.value };
      const text = amount.value.trim();
      const minutes = /^\d{1,6}$/.test(text) ? Number(text) * MINUTES[unit.value] : NaN;
      return minutes >= least && minutes <= LONGEST ? { text: `${Number(text)}${unit.value}` } : { problem: true };
    },
  };
}

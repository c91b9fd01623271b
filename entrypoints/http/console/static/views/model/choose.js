// Two versions are chosen, to be seen beside each other.

import { h, newId } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { topPanel } from "./layout.js";
import { serving } from "./registry.js";

/** Two fields, each with the versions that have a card; a choice leads to the comparison at once where it shows already. */
export function chooser({ models, go }, one, other) {
  const known = models.filter(({ card }) => card).toReversed();
  const second = other ?? serving(known) ?? known[0];
  const first = one ?? known.find((each) => each !== second);
  const field = (label, chosen) => {
    const id = newId("version");
    const select = h(
      "select",
      { class: "form-select", id },
      known.map(({ version, card, serving: serves }) =>
        h(
          "option",
          { value: version, selected: version === chosen.version },
          [version, card.recipe, serves && t("model.state.serves")].filter(Boolean).join(" · "),
        ),
      ),
    );
    return { select, element: h("div", {}, h("label", { class: "form-label", for: id }, label), select) };
  };
  const [left, right] = [field(t("model.compare.first"), first), field(t("model.compare.second"), second)];
  const show = () => go("model", left.select.value, right.select.value);
  if (one) for (const { select } of [left, right]) select.addEventListener("change", show);
  const press = one
    ? h(
        "button",
        {
          type: "button",
          class: "btn btn-outline-secondary",
          on: { click: () => go("model", right.select.value, left.select.value) },
        },
        t("model.compare.swap"),
      )
    : h("button", { type: "button", class: "btn btn-primary", on: { click: show } }, t("model.compare.show"));
  const form = h("div", { class: "choose" }, left.element, right.element, press);
  return one ? h("div", { class: "panel" }, form) : topPanel(t("model.compare"), t("model.compare.text"), form);
}

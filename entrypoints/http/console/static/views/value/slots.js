// Where the map stands: beside the form where there is room; on a phone folded below the form, or below the comparables.

import { h } from "../../core/dom.js";
import { t } from "../../core/words.js";

/** Places for the map's `panel`. `settle()` puts it where it belongs. */
export function makeSlots({ panel, signal }) {
  const narrow = matchMedia("(max-width: 1099px)");
  const fold = (title) => {
    const details = h(
      "details",
      { class: "map-fold" },
      h("summary", { class: "btn btn-outline-secondary w-100" }, title),
    );
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      [inForm, beside].forEach((other) => other !== details && (other.open = false));
      details.append(panel);
    });
    return details;
  };
  const inForm = fold(t("value.map.fold"));
  const beside = fold(t("value.map.fold.sales"));
  const besides = h("div", { class: "map-beside" }, beside);
  const settle = () => {
    [inForm, beside].forEach((each) => (each.open = false));
    [inForm, beside].forEach((each) => (each.hidden = !narrow.matches));
    if (!narrow.matches) besides.append(panel);
    else inForm.append(panel);
  };
  narrow.addEventListener("change", settle, { signal });
  return { inForm, besides, settle };
}

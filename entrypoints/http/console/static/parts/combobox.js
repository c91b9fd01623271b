// A text field with suggestions that are searched without accents or case (WAI-ARIA: combobox with a listbox).

import { fill, h, newId } from "../core/dom.js";
import { normalised } from "../core/rules.js";
import { t, tn } from "../core/words.js";

const MOST_SHOWN = 60;

/**
 * `options`: [{name, note}]; `onChange(text)` is called as the text changes. Gives {element, input}; other texts than
 * those suggested may be typed. The input is labelled by whoever places it.
 */
export function combobox({ id = newId("choice"), value = "", options, onChange, required = false }) {
  const listId = newId("list");
  const input = h("input", {
    class: "form-control",
    id,
    value,
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    required,
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
  });
  const list = h("ul", {
    class: "combobox-list",
    role: "listbox",
    id: listId,
    hidden: true,
    "aria-label": t("combobox.list"),
  });
  const told = h("span", { class: "visually-hidden", role: "status" });
  const element = h("div", { class: "combobox" }, input, list, told);
  const searchable = options.map((option) => ({ ...option, bare: normalised(option.name) }));
  let shown = [];
  let active = -1;

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const choose = (option) => {
    input.value = option.name;
    close();
    onChange?.(option.name);
  };
  const point = (index) => {
    active = index;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    const item = list.children[index];
    if (!item) return;
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  };
  const search = (text) => {
    const bare = normalised(text);
    const hits = searchable.filter((option) => option.bare.includes(bare));
    hits.sort((one, other) => other.bare.startsWith(bare) - one.bare.startsWith(bare));
    shown = hits.slice(0, MOST_SHOWN);
    fill(
      list,
      shown.map((option) => {
        const item = h(
          "li",
          { role: "option", id: newId("option"), "aria-selected": "false" },
          h("span", {}, option.name),
          option.note && h("span", { class: "note" }, option.note),
        );
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the field keeps the focus
          choose(option);
        });
        return item;
      }),
    );
    list.hidden = !shown.length;
    input.setAttribute("aria-expanded", String(shown.length > 0));
    told.textContent = tn("combobox.found", hits.length);
    active = -1;
    input.removeAttribute("aria-activedescendant");
  };

  input.addEventListener("input", () => {
    search(input.value);
    onChange?.(input.value);
  });
  input.addEventListener("click", () => list.hidden && search(""));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) search("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      point((active + step + shown.length) % shown.length);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      choose(shown[active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    }
  });
  return { element, input };
}

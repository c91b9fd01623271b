// A text to be taken along.

import { h } from "../core/dom.js";
import { t } from "../core/words.js";

/** A button that copies `text` (or what `text()` gives). */
export function copyButton(text, label = t("word.copy")) {
  const button = h("button", { type: "button", class: "btn btn-sm btn-outline-secondary" }, label);
  button.addEventListener("click", async () => {
    const copied = await written(typeof text === "function" ? text() : text);
    button.textContent = t(copied ? "word.copied" : "word.copy_by_hand");
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

/** A block of text with a button that copies it. */
export const copyBlock = (text) =>
  h("div", { class: "copy-block" }, h("pre", { tabindex: 0 }, h("code", {}, text)), copyButton(text));

/** Gives a file to the user's downloads. */
export function download(name, content, type = "text/csv;charset=utf-8") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // forbidden, or a page without TLS that is not on loopback
  }
}

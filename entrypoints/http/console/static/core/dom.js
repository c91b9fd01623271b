// Elements, made in one line. Text is always text: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `attributes`: by name; `on` holds listeners, `vars` CSS variables, `props` properties of the element. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element, in the same way. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Puts `children` in the place of all that `element` holds. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** The first element within `root` that fits `selector`. */
export const one = (selector, root = document) => root.querySelector(selector);

/** The nodes of a text in which commands stand between backticks. */
export const withCode = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));

let last = 0;

/** An id that no other element has. */
export const newId = (prefix = "e") => `${prefix}-${++last}`;

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "vars")
      for (const [variable, set] of Object.entries(value)) element.style.setProperty(variable, set);
    else if (name === "props") Object.assign(element, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

const nodes = (children) =>
  children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);

// What the page says, in English and Spanish: each text stands once, as [English, Spanish].

const texts = new Map();

/** Makes texts known: {"value.title": ["Value a home", "Tasar una vivienda"], ...}. A name that is taken is an error. */
export function know(more) {
  for (const [name, pair] of Object.entries(more)) {
    if (texts.has(name)) throw new Error(`two texts are called ${name}`);
    texts.set(name, pair);
  }
}

/** "en" or "es". */
export const language = () => (document.documentElement.lang === "es" ? "es" : "en");

/** Changes the language, for good; `tasador:language` is told to the document. */
export function speak(chosen) {
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem("tasador.language", chosen);
  } catch {
    // Storage may be forbidden: then it holds until the page is left.
  }
  document.dispatchEvent(new Event("tasador:language"));
}

/** The text of this name, with `{name}` filled in from `params`. A name without a text is an error. */
export function t(name, params = {}) {
  const pair = texts.get(name);
  if (!pair) throw new Error(`there is no text ${name}`);
  return pair[language() === "es" ? 1 : 0].replace(/\{(\w+)\}/g, (whole, key) => params[key] ?? whole);
}

/** Whether there is such a text. */
export const has = (name) => texts.has(name);

/** The text for one of something, or for `count` of them: names end with `.one` and `.many`. */
export function tn(name, count, params = {}) {
  const rule = new Intl.PluralRules(language()).select(count);
  return t(`${name}.${rule === "one" ? "one" : "many"}`, { count: count.toLocaleString(locale()), ...params });
}

/** The locale of numbers and dates: the user's own, as far as it is of the language that was chosen. */
export function locale() {
  const wanted = language();
  const own = (navigator.languages ?? [navigator.language]).find((each) => each?.toLowerCase().startsWith(wanted));
  return own ?? (wanted === "es" ? "es-CL" : "en-US");
}

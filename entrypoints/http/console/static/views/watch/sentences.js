// The service's own sentences about its studies, said in Spanish where the user reads Spanish.

import { h } from "../../core/dom.js";
import { number } from "../../core/format.js";
import { limitInShort } from "../../core/limits.js";
import { fieldName } from "../../core/names.js";
import { has, language, t } from "../../core/words.js";

// Figures come as 1,234.5; the user may write them otherwise.
const withOwnMarks = (text) =>
  text?.replace(/\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+/g, (figure) => number(Number(figure.replaceAll(",", "")), 6));
const named = (slug) => fieldName(slug);
const ofHundred = (text) =>
  text === "none" || text === "none of the homes"
    ? "ninguna vivienda"
    : text.replace(" of 100 homes", " de cada 100 viviendas");
const more = (text) => text.replace(/ and others$/, language() === "es" ? " y otros" : "$&");
const MOVED = {
  "are larger": "son más grandes",
  "are smaller": "son más pequeñas",
  "have more rooms": "tienen más habitaciones",
  "have fewer rooms": "tienen menos habitaciones",
  "have more bathrooms": "tienen más baños",
  "have fewer bathrooms": "tienen menos baños",
  "lie farther north": "están más al norte",
  "lie farther south": "están más al sur",
  "lie farther east": "están más al este",
  "lie farther west": "están más al oeste",
  "are worth more": "valen más",
  "are worth less": "valen menos",
  "have higher figures": "tienen cifras más altas",
  "have lower figures": "tienen cifras más bajas",
};
const WAYS = { version: "la versión", month: "el mes", sector: "el sector", confidence: "la confianza" };
const DAY = ", amounts at the reference day of the price index";
const index = (text) => ` (índice de estabilidad ${text})`;
const atDay = (text) => (text ? ", con montos al día de referencia del índice de precios" : "");
const END = `(${DAY})? \\(population stability index ([\\d.]+)\\)\\.$`;
const IN_SPANISH = [
  [
    /^nothing has changed beyond what chance alone would bring\.$/,
    () => "Nada ha cambiado más allá de lo que traería el azar.",
  ],
  [
    /^differs beyond chance, but by less than is told of .*told of from ([\d.]+)\): (.+)\.$/,
    (least, list) =>
      `Difieren más allá del azar, pero por menos de lo que se avisa (índice de estabilidad desde ${least}): ${list.replace(/(\w+) \(/g, (_, name) => `${named(name)} (`)}.`,
  ],
  [
    new RegExp(`^(\\w+): homes asked for (.+): half are above (.+), in training half were above (.+?)${END}`),
    (name, moved, now, then, dated, psi) =>
      `${named(name)}: las viviendas consultadas ${MOVED[moved]}: la mitad supera ${now}; en el entrenamiento, ${then}${atDay(dated)}${index(psi)}.`,
  ],
  [
    new RegExp(`^(\\w+): homes asked for (.+): half have at least (.+), in training half had at least (.+?)${END}`),
    (name, moved, now, then, dated, psi) =>
      `${named(name)}: las viviendas consultadas ${MOVED[moved]}: la mitad tiene al menos ${now}; en el entrenamiento, ${then}${atDay(dated)}${index(psi)}.`,
  ],
  [
    new RegExp(
      `^(\\w+): homes asked for differ (more|less): the middle half lies between (.+) and (.+), in training between (.+) and (.+?)${END}`,
    ),
    (name, how, low, high, lowThen, highThen, dated, psi) =>
      `${named(name)}: las viviendas consultadas difieren ${how === "more" ? "más" : "menos"} entre sí: la mitad central está entre ${low} y ${high}; en el entrenamiento, entre ${lowThen} y ${highThen}${atDay(dated)}${index(psi)}.`,
  ],
  [
    new RegExp(
      `^(\\w+): (more|fewer) homes (?:of|with|in the band) '(.+)' are asked for: (.+), in training (.+?)${END}`,
    ),
    (name, how, label, now, then, dated, psi) =>
      `${named(name)}: se consultan ${how === "more" ? "más" : "menos"} viviendas con «${label}»: ${ofHundred(now)}; en el entrenamiento, ${ofHundred(then)}${atDay(dated)}${index(psi)}.`,
  ],
  [
    /^(\w+): (.+) are (?:in sectors|of types|of categories) that the model never saw: (.+)\.$/,
    (name, share, list) => `${named(name)}: ${ofHundred(share)} tienen un dato que el modelo nunca vio: ${more(list)}.`,
  ],
  [
    /^(\w+): it is not given for (.+), in training it was (?:not given for (.+)|given for all)\.$/,
    (name, now, then) =>
      `${named(name)}: falta en ${ofHundred(now)}; en el entrenamiento ${then ? `faltaba en ${ofHundred(then)}` : "no faltaba en ninguna"}.`,
  ],
  [
    /^refused: (.+) are refused, for (.+); (.+) that the model was judged by were\.$/,
    (now, list, then) =>
      `Rechazos: se rechazan ${ofHundred(now)}, por ${inReasons(list)}; de las que sirvieron para evaluar el modelo, ${ofHundred(then)}.`,
  ],
  [
    /^out of domain: (.+) are unlike what the model knows, by (.+); (.+) that it was judged by were\.$/,
    (now, list, then) =>
      `Fuera de lo conocido: ${ofHundred(now)} se apartan de lo que el modelo conoce, por ${inReasons(list)}; de las que sirvieron para evaluarlo, ${ofHundred(then)}.`,
  ],
  [
    /^Later sales of ([\d,]+) valued homes are known: of fewer than (\d+) nothing is judged\.$/,
    (count, fewest) =>
      `Se conocen las ventas posteriores de ${count} viviendas tasadas: con menos de ${fewest} no se juzga nada.`,
  ],
  [
    /^None of the (\d+) coverages is significantly below its promise\.$/,
    (count) => `Ninguna de las ${count} coberturas está significativamente por debajo de lo prometido.`,
  ],
  [
    /^(?:Overall|For (\w+) (.+?)), the (.+) held ([\d.]+) % of ([\d,]+) prices \(95 % interval ([\d.]+) to ([\d.]+)\), significantly below the ([\d.]+) % promised \(p (.+), corrected for (\d+) coverages\)\.$/,
    (way, group, what, held, count, low, high, promised, p, promises) =>
      `${way ? `Para ${WAYS[way] ?? way} ${group}` : "En total"}, ${inCoverage(what)} contuvo ${held} % de ${count} precios (intervalo de 95 %: ${low} a ${high}), significativamente menos que el ${promised} % prometido (p ${p.replace("below", "menor que")}, corregido por ${promises} coberturas).`,
  ],
];

const inReasons = (list) =>
  more(list).replace(/'(\w+)'/g, (_, slug) => (has(`reason.${slug}`) ? t(`reason.${slug}`) : limitInShort(slug)));
const ABOUT_REASONS = /^(refused|out of domain): /;
const inCoverage = (what) =>
  what.endsWith("interval") ? `el intervalo de ${what.replace(" interval", "")}` : "el margen de una FSD";

/** Sentences as a list, or a single one; those that are not known here stay in English. */
export const sentences = (texts) =>
  texts.length === 1
    ? sentence("p", texts[0])
    : h(
        "ul",
        { class: "sentences" },
        texts.map((text) => sentence("li", text)),
      );

function sentence(tag, text) {
  if (language() !== "es") return h(tag, {}, ABOUT_REASONS.test(text) ? inReasons(text) : text);
  for (const [pattern, said] of IN_SPANISH) {
    const match = pattern.exec(text);
    if (match) return h(tag, {}, said(...match.slice(1).map(withOwnMarks)));
  }
  return h(tag, { lang: "en" }, text);
}

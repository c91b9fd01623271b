// What the service finds unusual about a home, said in Spanish where the user reads Spanish. Unknown sentences stay.

import { read, number } from "./format.js";
import { fieldName } from "./names.js";
import { language } from "./words.js";

const figure = (text) => number(read(text, "."), 6);
const SIDES = { above: "por encima", below: "por debajo" };
const SLIPS = {
  "with latitude and longitude swapped": "con latitud y longitud intercambiadas",
  "with the latitude's sign turned": "con el signo de la latitud cambiado",
  "with the longitude's sign turned": "con el signo de la longitud cambiado",
  "with both signs turned": "con ambos signos cambiados",
};
const NUMBER = "([-0-9.,e+]+)";
const IN_SPANISH = [
  [
    new RegExp(
      `(\\w+) of ${NUMBER}( \\w+)? is (above|below) the ${NUMBER} to ${NUMBER}( \\w+)? of the sales that the model knows`,
      "g",
    ),
    (_, name, value, unit, side, low, high) =>
      `${fieldName(name)} de ${figure(value)}${unit === " m2" ? " m²" : ""} está ${SIDES[side]} de ${figure(low)} a ${figure(high)}, lo visto en las ventas que conoce el modelo`,
  ],
  [
    new RegExp(
      `the nearest sale is ${NUMBER} (k?m) away, while nearly all sales have another within ${NUMBER} (k?m)`,
      "g",
    ),
    (_, far, unit, usual, other) =>
      `la venta más cercana está a ${figure(far)} ${unit}, y casi todas las ventas tienen otra a menos de ${figure(usual)} ${other}`,
  ],
  [
    new RegExp(
      `the nearest sale in sector '(.+?)' is ${NUMBER} (k?m) away, while nearly all of its sales lie within ${NUMBER} (k?m) of its middle`,
      "g",
    ),
    (_, sector, far, unit, usual, other) =>
      `la venta más cercana del sector '${sector}' está a ${figure(far)} ${unit}, y casi todas las suyas a menos de ${figure(usual)} ${other} de su centro`,
  ],
  [/: its coordinates contradict it/g, () => ": sus coordenadas lo contradicen"],
  [/; (with [\w' ]+?) it would lie among them/g, (_, slip) => `; ${SLIPS[slip] ?? slip} quedaría entre ellas`],
  [
    new RegExp(
      `the usable area of ${NUMBER} m2 is ${NUMBER} times the whole area of ${NUMBER} m2, and at most ${NUMBER} times in the sales that the model knows`,
      "g",
    ),
    (_, usable, times, whole, most) =>
      `la superficie útil de ${figure(usable)} m² es ${figure(times)} veces la superficie total de ${figure(whole)} m²; en las ventas que conoce el modelo, como máximo ${figure(most)} veces`,
  ],
];

/** A sentence of the service about a home, such as `reason_detail`. */
export const finding = (text) =>
  language() === "es"
    ? IN_SPANISH.reduce((told, [pattern, said]) => told.replace(pattern, said), text ?? "")
    : (text ?? "");

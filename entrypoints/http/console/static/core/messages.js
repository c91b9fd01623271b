// The API's own messages, said in Spanish where the user reads Spanish. What is not known here is shown as it came.

import { language, t } from "./words.js";

const BOUND = "(-?[0-9.,e+]+)";
const KINDS = {
  "a number": "un número",
  text: "texto",
  "true or false": "verdadero o falso",
  null: "nulo",
  "a list": "una lista",
  "an object": "un objeto",
};
const IN_SPANISH = [
  [/^must be a finite number$/, () => "debe ser un número finito"],
  [new RegExp(`^must be greater than ${BOUND}$`), (bound) => `debe ser mayor que ${bound}`],
  [new RegExp(`^must be at least ${BOUND}$`), (bound) => `debe ser al menos ${bound}`],
  [new RegExp(`^must be at most ${BOUND}$`), (bound) => `debe ser como máximo ${bound}`],
  [/^must not be empty$/, () => "no debe estar vacío"],
  [/^must not hold control characters$/, () => "no debe tener caracteres de control"],
  [/^must have at most (\d+) characters$/, (most) => `debe tener como máximo ${most} caracteres`],
  [/^must be (a number|text), not (.+)$/, (what, not) => `debe ser ${KINDS[what]}, no ${KINDS[not] ?? not}`],
  [/^must be a date like ([0-9-]+), or null$/, (example) => `debe ser una fecha como ${example}`],
  [/^must be from ([0-9-]+) to ([0-9-]+)$/, (first, last) => `debe estar entre ${first} y ${last}`],
  [/^is missing$/, () => "falta"],
  [/^is not known here$/, () => "no se conoce aquí"],
];
const IN_OWN_WORDS = [
  "key-required",
  "rate-limited",
  "too-many-failed-keys",
  "keys-unavailable",
  "last-admin-key",
  "key-not-active",
  "model-store-unavailable",
];

/** A message about a field, as `errors[].message` has it. */
export function message(text) {
  if (language() !== "es") return text;
  for (const [pattern, said] of IN_SPANISH) {
    const match = pattern.exec(text);
    if (match) return said(...match.slice(1));
  }
  return text;
}

/** What a problem comes to, in a sentence or two. `told`: problem details (RFC 9457); status 0: nobody answered. */
export function inWords(status, told) {
  if (status === 0) return t("problem.unreachable");
  const kind = (told.type ?? "").split("/").pop();
  const scope = kind === "scope-missing" && /scope '([^']+)'/.exec(told.detail ?? "")?.[1];
  if (scope) return t("problem.scope", { scope });
  if (language() === "es" && IN_OWN_WORDS.includes(kind)) return t(`problem.${kind}`);
  if (told.errors?.length) return told.errors.map((each) => `${each.field}: ${message(each.message)}`).join("; ");
  return told.detail || told.title || t("problem.status", { status });
}

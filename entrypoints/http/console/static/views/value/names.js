// Types and sectors as they are shown: the market tells them in the form in which they are compared.

import { normalised } from "../../core/rules.js";

/** "north ames" as "North Ames"; a name that has capitals of its own stays as it is. */
export const shown = (name) => (name === name.toLowerCase() ? name.replace(/(^|[\s\-(/.'’])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase()) : name);

/** The type or sector of this name among those of the market, or undefined. */
export const known = (list, name) => {
  const wanted = normalised(name ?? "");
  return wanted ? list.find((each) => normalised(each.name) === wanted) : undefined;
};

// Types and sectors as they are looked up: the market tells them as the sales mostly write them.

import { normalised } from "../../core/rules.js";

/** The type or sector of this name among those of the market, or undefined. */
export const known = (list, name) => {
  const wanted = normalised(name ?? "");
  return wanted ? list.find((each) => normalised(each.name) === wanted) : undefined;
};

// What the served model knows of its market; asked for once for each version and key.

import { get } from "./api.js";

let asked = null;
let askedSales = new Map();

/** GET /v1/market. Throws Problem. */
export function market() {
  asked ??= get("/v1/market").catch((problem) => {
    asked = null;
    throw problem;
  });
  return asked;
}

/** GET /v1/market/sales, all or those of a sector. Throws Problem. */
export function sales(query = {}) {
  const name = JSON.stringify(query);
  if (!askedSales.has(name)) {
    askedSales.set(
      name,
      get("/v1/market/sales", query).catch((problem) => {
        askedSales.delete(name);
        throw problem;
      }),
    );
  }
  return askedSales.get(name);
}

/** Forgets what was told: another version is served, or another key is used. */
export function forget() {
  asked = null;
  askedSales = new Map();
}

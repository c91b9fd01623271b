// What the store of models says: its versions, in which order they served, and what stood before the present one.

import { get } from "../../core/api.js";

/** Every stored version, oldest first: the answer's `models`. Throws Problem. */
export const readModels = async (signal) => (await get("/v1/models", null, signal)).models;

/** The version that values are given with, or undefined. */
export const serving = (models) => models.find((model) => model.serving);

/** Every change of the served version, oldest first. */
export const promotions = (models) =>
  models.flatMap((model) => model.promotions).toSorted((one, other) => one.number - other.number);

/**
 * The versions that served, oldest first: the last serves now and the one before it is what a rollback leads to. Null
 * where the history has gaps, since versions that were removed take theirs along.
 */
export function servedStack(models) {
  const stack = [];
  for (const [index, { version, action, number }] of promotions(models).entries()) {
    if (number !== index + 1) return null;
    if (action === "rollback") stack.pop();
    else if (stack.at(-1) !== version) stack.push(version);
  }
  return stack;
}

/** Versions in the order of their numbers, as a figure to sort by. */
export const numberOf = (version) => Number(version.slice(1));

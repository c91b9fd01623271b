// Many homes sent to be valued, part by part.

import { post } from "../../core/api.js";

const HOMES_AT_ONCE = 250;
const MOST_WAITS = 30;

/**
 * Values the sound rows that have no `answer` yet, and gives each its own. `onProgress(done, total)` after each part.
 * Where the service is busy (429, 503 with Retry-After) it waits; other problems are thrown, and it may be called again
 * to go on. `signal` ends it.
 */
export async function valueRows(rows, onProgress, signal) {
  const sound = rows.filter((row) => row.home);
  const left = sound.filter((row) => !row.answer);
  let done = sound.length - left.length;
  onProgress(done, sound.length);
  for (let from = 0; from < left.length; from += HOMES_AT_ONCE) {
    const part = left.slice(from, from + HOMES_AT_ONCE);
    const { valuations } = await patiently(
      () => post("/v1/valuations/batch", { properties: part.map((row) => row.home) }, {}, signal),
      signal,
    );
    part.forEach((row, place) => (row.answer = valuations[place]));
    onProgress((done += part.length), sound.length);
  }
}

async function patiently(asking, signal) {
  for (let waits = 0; ; waits += 1) {
    try {
      return await asking();
    } catch (problem) {
      if (![429, 503].includes(problem.status) || !problem.retryAfter || waits >= MOST_WAITS) throw problem;
      await new Promise((resolve, reject) => {
        setTimeout(resolve, problem.retryAfter * 1000);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }
}

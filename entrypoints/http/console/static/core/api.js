// The public API, asked with the user's key. Failures are Problems, in the user's language as far as they are known.

import { inWords } from "./messages.js";
import * as session from "./session.js";
import { t } from "./words.js";

/** What the service answered instead (RFC 9457), or that it did not answer (status 0). */
export class Problem extends Error {
  constructor(status, told = {}, retryAfter = null) {
    super(inWords(status, told));
    this.status = status;
    this.kind = (told.type ?? "").split("/").pop();
    this.errors = told.errors ?? [];
    this.detail = told.detail ?? "";
    this.told = told;
    this.retryAfter = retryAfter;
  }
}

/** The JSON that is answered. Throws Problem. `body`: sent as JSON; `query`: parameters, those without a value are left out. */
export async function ask(method, path, { body, query, signal, token = session.key() } = {}) {
  const answer = await sent(method, address(path, query), body, token, signal);
  if (answer.ok) return answer.status === 204 ? null : await answer.json();
  const told = await answer.json().catch(() => ({}));
  const problem = new Problem(answer.status, told, Number(answer.headers.get("Retry-After")) || null);
  if (answer.status === 401 && token && token === session.key()) session.end(t("session.rejected"));
  throw problem;
}

/** The text that is answered, of a route that needs no key. Throws Problem. */
export async function askText(path, signal) {
  const answer = await sent("GET", path, undefined, null, signal);
  if (!answer.ok) throw new Problem(answer.status, {});
  return await answer.text();
}

export const get = (path, query, signal) => ask("GET", path, { query, signal });
export const post = (path, body, query, signal) => ask("POST", path, { body, query, signal });

/** The same request for a terminal. The key stands in a variable of the shell, so that it is not left in its history. */
export function curl(method, path, { body, query } = {}) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}${quoted(location.origin + address(path, query))}`,
    '-H "X-API-Key: $TASADOR_KEY"',
  ];
  if (body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  return lines.join(" \\\n  ");
}

function address(path, query = {}) {
  const given = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function sent(method, url, body, token, signal) {
  const headers = { Accept: "application/json" };
  if (token) headers["X-API-Key"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: "omit",
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
}

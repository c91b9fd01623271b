// The user's key: in memory, and in the tab's own storage where the user wants it there. Nowhere else.

const NAME = "tasador.key";
let token = null;
let holder = null;

/** The key, or null. */
export const key = () => token;

/** What the service says of the key: {id, label, scopes, expires_at}; null before sign-in. */
export const who = () => holder;

/** Whether the key has this scope, or one of these. */
export const may = (...scopes) => scopes.some((scope) => holder?.scopes.includes(scope));

/** The key that this tab has kept, or null. */
export function kept() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}

/** Takes up a key; `keep`: until the tab is closed, also when the page is loaded again. */
export function begin(newToken, newHolder, keep) {
  token = newToken;
  holder = newHolder;
  try {
    if (keep) sessionStorage.setItem(NAME, newToken);
    else sessionStorage.removeItem(NAME);
  } catch {
    // Storage may be forbidden: then the key lives as long as the page.
  }
}

/** Forgets the key. `because`: a text for the sign-in, or null. `tasador:signed-out` is told to the document. */
export function end(because = null) {
  begin(null, null, false);
  document.dispatchEvent(new CustomEvent("tasador:signed-out", { detail: because }));
}

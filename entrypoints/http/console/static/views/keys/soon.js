// Which keys expire before long.

/** Of a key that expires within so many days its holder is warned. */
export const SOON_DAYS = 14;

/** Whether a key is active and was not replaced, and expires within SOON_DAYS. */
export const expiresSoon = (key) =>
  key.state === "active" && !key.replaced_by && new Date(key.expires_at) - Date.now() < SOON_DAYS * 86_400_000;

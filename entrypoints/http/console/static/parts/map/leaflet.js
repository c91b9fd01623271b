// Leaflet, from the package that brings it: a script of its own, loaded with the first map.

let loading = null;

/** Leaflet's `L`. The promise fails where the script cannot be had; the next call tries again. */
export function leaflet() {
  if (globalThis.L) return Promise.resolve(globalThis.L);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../../vendor/leaflet.js", import.meta.url);
    script.addEventListener("load", () => resolve(globalThis.L));
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Error("the map's script could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}

/** The tiles that were configured for the map's ground: {url, credit}, or null: then nothing is asked of anybody. */
export function tiles() {
  const told = document.querySelector('meta[name="tasador-tiles"]');
  return told?.content ? { url: told.content, credit: told.dataset.attribution ?? "" } : null;
}

// Runs before anything is painted: the theme and the language that were chosen, or those of the browser.
(() => {
  const chosen = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage may be forbidden
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const spanish = (navigator.languages ?? [navigator.language])[0]?.toLowerCase().startsWith("es");
  document.documentElement.dataset.bsTheme = chosen("tasador.theme") ?? (dark ? "dark" : "light");
  document.documentElement.lang = chosen("tasador.language") ?? (spanish ? "es" : "en");
})();

"""The Chromium that the tests of the console run in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

# First the one without a screen, which starts and draws in half of the time.
_NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
)
WHAT_TO_DO = (
    "The browser tests need Chromium, and none could be installed: install it (Debian, Ubuntu: apt install chromium), "
    "or name one in TASADOR_TEST_CHROMIUM."
)
# Nothing of its own leaves the machine either, and it runs where there is no user namespace (as root, in containers).
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The path of an installed Chromium: the one that is named, one on the path, or Playwright's own."""
    if named := os.environ.get("TASADOR_TEST_CHROMIUM"):
        return named
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    shells = sorted(folder.glob("chromium*/chrome-*/*headless*shell*"))
    return str(shells[-1]) if shells else None


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A Chromium without windows, with a profile of its own."""
    path = find_chromium()
    if path is None:
        raise FileNotFoundError(WHAT_TO_DO)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_OPTIONS])
        yield browser
        browser.close()

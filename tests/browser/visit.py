"""A user's visit to the console: a page in a window, and what must never happen in one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

LOCALES = {"en": "en-US", "es": "es-CL"}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@dataclass
class Visit:
    """An open page. `wrong` collects what a sound page never does: errors, refused styles, requests to elsewhere."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def go(self, place: str = "") -> Page:
        """Opens a place of the console, such as `#/value`."""
        self.page.goto(f"{self.address}/{place}")
        return self.page

    def violations(self) -> list[str]:
        """What axe-core finds in the page as it stands."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]

    def overflows(self) -> bool:
        """Whether the page is wider than its window."""
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))

    def heard(self, message: ConsoleMessage) -> None:
        """Takes down what the browser complains of; a status that the API answered is no complaint of the page."""
        if message.type in {"error", "warning"} and not any(said in message.text for said in self.expected):
            self.wrong.append(f"{message.type}: {message.text}")

    def requested(self, request: Request) -> None:
        """Takes down requests that leave the host."""
        self.asked.append(f"{request.method} {urlsplit(request.url).path}")
        if urlsplit(request.url).scheme not in {"data", "blob"} and not request.url.startswith(self.address):
            self.wrong.append(f"a request left the host: {request.url}")


class Windows:
    """The windows of a browser by language, size and theme: what one visit loaded, the next need not load again."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: dict[tuple[str, str, str], BrowserContext] = {}

    def of(self, language: str, size: str, theme: str) -> BrowserContext:
        """Opened when it is first asked for."""
        kind = (language, size, theme)
        if kind not in self._opened:
            width, height = SIZES[size]
            self._opened[kind] = self._browser.new_context(
                viewport={"width": width, "height": height},
                locale=LOCALES[language],
                timezone_id="America/Santiago",
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
                accept_downloads=True,
            )
            self._opened[kind].set_default_timeout(20_000)
        return self._opened[kind]


@contextmanager
def visit(
    windows: Windows,
    address: str,
    token: str | None = None,
    language: str = "en",
    size: str = "desktop",
    theme: str = "light",
    expected: tuple[str, ...] = (),
) -> Iterator[Visit]:
    """A user who was never here, signed in with `token`; nothing wrong may have happened by the end of the visit.

    expected: parts of messages that are right here, such as that of a 404 which the test provokes.
    """
    window = windows.of(language, size, theme)
    page = window.new_page()
    if token:
        page.add_init_script(f"sessionStorage.setItem('tasador.key', {json.dumps(token)})")
    seen = Visit(page, address, expected=expected)
    page.on("console", seen.heard)
    page.on("pageerror", lambda error: seen.wrong.append(f"error: {error}"))
    page.on("request", seen.requested)
    try:
        yield seen
    finally:
        page.unroute_all()
        if page.url.startswith(address):
            page.evaluate("localStorage.clear()")
        page.close()
        window.clear_permissions()
    assert not seen.wrong, seen.wrong

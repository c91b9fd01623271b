"""Pictures of every view of the console, out of the real thing: `python -m scripts.screenshots`, or `make screenshots`.

Trains on the bundled sales, serves, asks for valuations as a few months of use would, and pictures each view at the
widths of a desk and of a phone. A home that is kept from an earlier run (TASADOR_SCREENSHOTS_HOME) is not trained anew.
"""

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from domain.api_key import Scope
from tests.browser.chromium import a_browser
from tests.browser.visit import Windows, visit
from tests.e2e.service import a_key, ordered, serving

REPOSITORY = Path(__file__).parents[1]
PICTURES = REPOSITORY / "docs" / "screenshots"
SALES = REPOSITORY / "data" / "ames_sales.csv"
_NUMBERS = ("net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude")
_QUALITY = 72
_FAR_AWAY = {"latitude": 40.4168, "longitude": -3.7038}
_HOME: dict[str, Any] = {
    "type": "OneFam",
    "sector": "North Ames",
    "net_usable_area": 110.55,
    "net_area": 877.93,
    "n_rooms": 6,
    "n_bathroom": 1,
    "latitude": 42.040944,
    "longitude": -93.618115,
    "client_ref": "file 2026-118",
    "valuation_date": "2009-05-01",
}


@dataclass(frozen=True)
class Picture:
    """What is pictured: its name, its place in the console, and what is done there first."""

    name: str
    place: str
    first: Callable[[Page], None]
    signed_in: bool = True


def main() -> None:
    """Makes all pictures anew, and the page that shows them."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with _home() as folder, a_browser() as browser:
        _trained(folder)
        token = a_key(folder, *(word for scope in Scope for word in ("--scope", scope.value)))
        for label, scope in (("Mortgage desk", "value"), ("Portal", "value"), ("Model desk", "models:read")):
            ordered(folder, "keys", "create", "--label", label, "--scope", scope)
        with serving(folder) as service:
            ids = _used(service.address, token)
            windows = Windows(browser)
            names = [
                _pictured(windows, service.address, token, picture, *window)
                for picture in _pictures(ids[0])
                for window in _windows(picture)
            ]
    _index(names)


@contextmanager
def _home() -> Any:
    kept = os.environ.get("TASADOR_SCREENSHOTS_HOME")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with TemporaryDirectory(prefix="tasador-screenshots-") as folder:
        yield Path(folder)


def _trained(folder: Path) -> None:
    """Two versions: a forest first, then the boosted recipe, which is served."""
    configuration = folder / "tasador.toml"
    if configuration.exists():
        return
    configuration.write_text(f"[data_source]\npath = {json.dumps(str(SALES))}\n")
    for words in (("train", "--recipe", "forest"), ("train",)):
        print(f"tasador {' '.join(words)}", flush=True)
        if ordered(folder, *words).code:
            sys.exit(f"tasador {' '.join(words)} failed")
    ordered(folder, "models", "promote", "v2", "--reason", "lower MdAPE")


def _used(address: str, token: str) -> list[str]:
    """Asks for valuations as months of use would, and tells what homes were sold for: ids, of the best record first."""
    with SALES.open(newline="", encoding="utf-8") as file:
        sales = list(csv.DictReader(file))[::12]
    homes = [{**_home_of(sale), "client_ref": f"file {2300 + place}"} for place, sale in enumerate(sales)]
    homes[5] |= _FAR_AWAY
    homes[40]["net_usable_area"] = 40_000
    with httpx.Client(base_url=address, headers={"X-API-Key": token}, timeout=60) as client:
        answer = client.post("/v1/valuations/batch", json={"properties": homes}).json()["valuations"]
        today = answer[0]["valuation_date"]
        told = [
            {"valuation_id": valued["valuation_id"], "price": float(sale["price"]), "sold_on": today}
            for valued, sale in zip(answer, sales, strict=True)
            if valued["status"] == "valued"
        ]
        client.post("/v1/outcomes", json={"outcomes": told[:160]}).raise_for_status()
        asked = {"explain": True, "comparables": 5}
        last = [client.post("/v1/valuations", params=asked, json=home).json() for home in (_HOME, *homes[:60])]
    return [valued["valuation_id"] for valued in last]


def _home_of(sale: Mapping[str, str]) -> dict[str, Any]:
    return {"type": sale["type"], "sector": sale["sector"], **{name: float(sale[name]) for name in _NUMBERS}}


def _pictures(valuation_id: str) -> list[Picture]:
    return [
        Picture("sign-in", "", _nothing, signed_in=False),
        Picture("value", "#/value", _valued),
        Picture("portfolio", "#/portfolio", _portfolio),
        Picture("model-versions", "#/model", _nothing),
        Picture("model-version", "#/model/v2", _nothing),
        Picture("model-comparison", "#/model/v1/v2", _nothing),
        Picture("watch-service", "#/watch", _nothing),
        Picture("watch-valuations", "#/watch/valuations", _nothing),
        Picture("watch-record", f"#/watch/valuation/{valuation_id}", _nothing),
        Picture("watch-drift", "#/watch/drift", _nothing),
        Picture("watch-forward-test", "#/watch/coverage", _nothing),
        Picture("keys", "#/keys", _nothing),
        Picture("key-new", "#/keys", _new_key),
    ]


def _windows(picture: Picture) -> list[tuple[str, str, str]]:
    """Size, language and theme: both sizes and both languages, and the views that show most in the dark too."""
    windows = [("desktop", "en", "light"), ("phone", "es", "light")]
    return [*windows, ("desktop", "es", "dark")] if picture.name in {"value", "watch-service"} else windows


def _pictured(
    windows: Windows, address: str, token: str, picture: Picture, size: str, language: str, theme: str
) -> str:
    name = f"{picture.name}-{size}-{language}-{theme}.jpg"
    print(name, flush=True)
    signed_in = token if picture.signed_in else None
    with visit(windows, address, signed_in, language=language, size=size, theme=theme) as seen:
        page = seen.go(picture.place)
        _settled(page)
        picture.first(page)
        _settled(page)
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=PICTURES / name, full_page=True, animations="disabled", type="jpeg", quality=_QUALITY)
    return name


def _settled(page: Page) -> None:
    """All that was asked for is answered and shown, and maps have drawn."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def _nothing(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()


def _valued(page: Page) -> None:
    form = page.locator(".value-view form")
    form.get_by_role("button").first.click()  # an ordinary home
    form.locator("button[type=submit]").click()
    expect(page.locator(".figure-value")).to_be_visible()


def _portfolio(page: Page) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "portfolio.csv"
        rows = SALES.read_text(encoding="utf-8").splitlines()
        broken = rows[7].split(",")
        broken[3] = "-80"
        path.write_text("\n".join([*rows[:7], ",".join(broken), *rows[8:400]]), encoding="utf-8")
        page.set_input_files("#portfolio-file", path)
        page.locator(".portfolio-view .btn-primary.btn-lg").click()
        expect(page.locator(".results .leaflet-container")).to_be_visible()


def _new_key(page: Page) -> None:
    page.locator(".keys-view .btn-primary").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _index(names: list[str]) -> None:
    """A page that shows all pictures."""
    told = "".join(f"\n## {name.removesuffix('.jpg').replace('-', ' ')}\n\n![]({name})\n" for name in names)
    (PICTURES / "README.md").write_text(
        f"# The console in pictures\n\nMade by `make screenshots`.\n{told}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()

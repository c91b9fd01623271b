"""The versions of the model: looked at, held against each other, put into service and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Visiting
from tests.browser.visit import Visit

BOTH = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone")])
SERVED = {"en": "2 versions are stored. Values are given with {}.", "es": "2 versiones guardadas. Se tasa con {}."}
SECTIONS = {
    "en": ["How good", "How fair", "How sure", "What it goes by", "Data", "Gate", "Record", "Farthest off"],
    "es": [
        "Qué tan buena",
        "Qué tan justa",
        "Qué tan segura",
        "En qué se basa",
        "Datos",
        "Control de ingreso",
        "Registro",
        "Las más alejadas",
    ],
}
FARTHEST = {"en": "The sales it is farthest off at", "es": "Las ventas donde más se aleja"}
ALL = {"en": "Show all {}", "es": "Mostrar las {} filas"}
COMPARE = {"en": "Compare", "es": "Comparar"}
BESIDE = {"en": "v1 and v2 beside each other", "es": "v1 y v2, lado a lado"}
ALIKE = {"en": "Both were judged by the same", "es": "Ambas se juzgaron con las mismas"}
SWAP = {"en": "⇄ Swap", "es": "⇄ Intercambiar"}
PROMOTE = {"en": "Put v1 into service", "es": "Poner v1 en servicio"}
ROLL_BACK = {"en": "Roll back to v2", "es": "Volver a v2"}
DO_IT = {"en": "Put into service", "es": "Poner en servicio"}
CANCEL = {"en": "Cancel", "es": "Cancelar"}
DONE = {"en": "{} serves now.", "es": "{} está en servicio."}
LACKS = {"en": "The key lacks the scope models:write", "es": "A la clave le falta el permiso models:write"}
UNKNOWN = {"en": "There is no version v99 here.", "es": "Aquí no hay una versión v99."}
BACK = {"en": "All versions", "es": "Todas las versiones"}


def card_of(console: Console, version: str) -> dict[str, Any]:
    answer = httpx.get(f"{console.service.address}/v1/models/{version}", headers={"X-API-Key": console.everything})
    card: dict[str, Any] = answer.json()["card"]
    return card


def in_percent(share: float, language: str) -> str:
    """A share as it is written with one decimal; what stands before the sign is the locale's own."""
    return f"{share:.1%}".removesuffix("%").replace(".", "," if language == "es" else ".")


def sound(seen: Visit) -> None:
    """Everything has come, can be read by everyone, and is no wider than the window."""
    expect(seen.page.locator("[aria-busy=true]")).to_have_count(0)
    assert seen.violations() == []
    assert not seen.overflows()


@contextmanager
def service_put_right(console: Console) -> Iterator[None]:
    """Whatever is changed in the block, v2 serves after it: other tests share the service."""
    try:
        yield
    finally:
        now = httpx.get(
            f"{console.service.address}/v1/models/current", headers={"X-API-Key": console.everything}
        ).json()
        if now["version"] != "v2":
            assert console.service.post("/v1/models/v2/promote", console.everything).status_code == 200


def confirmed(page: Page, button: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@BOTH
def test_a_version_is_found_among_all_and_shows_its_card_and_the_charts_of_its_evaluation(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    card = card_of(console, "v2")
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/model")
        expect(page.locator("main")).to_contain_text(SERVED[language].format("v2"))
        expect(page.locator(".versions tbody tr")).to_have_count(2)
        expect(page.locator(".versions tr.serves")).to_contain_text("boosted")
        sound(seen)

        page.locator(".versions tbody").get_by_role("button", name="v2", exact=True).click()
        for title in SECTIONS[language]:
            expect(page.get_by_role("heading", name=title, exact=True, level=2)).to_be_visible()
        expect(page.locator(".tile .amount").first).to_contain_text(in_percent(card["metrics"]["mdape"], language))
        sound(seen)
        for chart in ("scatter", "histogram", "boxes", "lines", "bars"):
            expect(page.locator(f".chart-{chart} svg > *").first).to_be_attached()
        assert "GET /v1/models/v2/evaluation" in seen.asked

        farthest = page.get_by_role("region", name=FARTHEST[language]).locator("tbody tr")
        count = farthest.count()
        assert count > 12
        expect(farthest.filter(visible=True)).to_have_count(12)
        page.get_by_role("button", name=ALL[language].format(count), exact=True).click()
        expect(farthest.filter(visible=True)).to_have_count(count)
        expect(farthest.nth(12).locator("th")).to_be_focused()


@BOTH
def test_two_versions_are_held_against_each_other_and_the_better_is_named(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    errors = [card_of(console, version)["metrics"]["mdape"] for version in ("v1", "v2")]
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/model")
        page.get_by_role("button", name=COMPARE[language], exact=True).click()
        expect(page.locator("h1")).to_have_text(BESIDE[language])
        expect(page.locator("main")).to_contain_text(ALIKE[language])
        row = page.locator("tr", has_text="MdAPE").first.locator("td")
        for cell, error in zip(row.all()[:2], errors, strict=True):
            expect(cell).to_contain_text(in_percent(error, language))
        expect(row.last).to_contain_text("v1" if errors[0] < errors[1] else "v2")
        sound(seen)
        expect(page.locator(".chart-scatter svg")).to_have_count(2)
        page.get_by_role("button", name=SWAP[language]).click()
        expect(row.first).to_contain_text(in_percent(errors[1], language))
        assert page.url.endswith("#/model/v2/v1")


@BOTH
def test_a_version_is_put_into_service_with_a_reason_and_taken_back(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    reason = f"<b>O'Higgins</b> {language}"
    with service_put_right(console), visiting(language=language, size=size) as seen:
        page = seen.go("#/model")
        page.get_by_role("button", name=PROMOTE[language]).click()
        expect(page.get_by_role("dialog")).to_contain_text("v2 (boosted, MdAPE")
        sound(seen)
        page.get_by_role("dialog").get_by_role("button", name=CANCEL[language]).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert not [asked for asked in seen.asked if asked.startswith("POST")]

        page.get_by_role("button", name=PROMOTE[language]).click()
        page.get_by_role("dialog").locator("input").fill(reason)
        confirmed(page, DO_IT[language])
        expect(page.locator("#notices")).to_contain_text(DONE[language].format("v1"))
        expect(page.locator("main")).to_contain_text(SERVED[language].format("v1"))
        expect(page.locator(".history li").first).to_contain_text(reason)
        expect(page.locator(".bar .served")).to_contain_text("v1")

        page.get_by_role("button", name=ROLL_BACK[language]).click()
        confirmed(page, ROLL_BACK[language])
        expect(page.locator("main")).to_contain_text(SERVED[language].format("v2"))
        sound(seen)
        current = f"{console.service.address}/v1/models/current"
        assert httpx.get(current, headers={"X-API-Key": console.everything}).json()["version"] == "v2"


@BOTH
def test_a_key_that_may_only_read_is_told_the_scope_and_changes_nothing(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    with visiting(console.new_key("models:read"), language=language, size=size) as seen:
        page = seen.go("#/model")
        expect(page.locator("main")).to_contain_text(LACKS[language])
        page.get_by_role("button", name=PROMOTE[language]).click(force=True)
        expect(page.locator("#notices")).to_contain_text(LACKS[language])
        expect(page.get_by_role("dialog")).to_have_count(0)
        sound(seen)


@BOTH
def test_a_version_that_is_not_there_is_told_with_a_way_back(visiting: Visiting, language: str, size: str) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/model/v99")
        expect(page.locator("main .alert")).to_have_text(UNKNOWN[language])
        sound(seen)
        page.get_by_role("link", name=BACK[language]).click()
        expect(page.locator(".versions tbody tr")).to_have_count(2)


def test_where_somebody_else_changed_what_serves_meanwhile_nothing_is_done(
    console: Console, visiting: Visiting
) -> None:
    with service_put_right(console), visiting() as seen:
        page = seen.go("#/model/v1")
        page.get_by_role("button", name=PROMOTE["en"]).click()
        assert console.service.post("/v1/models/v1/promote", console.everything).status_code == 200
        page.get_by_role("dialog").get_by_role("button", name=DO_IT["en"], exact=True).click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Somebody else has changed what serves")
        page.keyboard.press("Escape")
        expect(page.locator("h1")).to_contain_text("serves")
        assert not [asked for asked in seen.asked if asked.startswith("POST")]

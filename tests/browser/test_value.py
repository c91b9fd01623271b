"""A home is valued, explained, tried otherwise, printed and asked for again from a terminal."""

import re
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console, Visiting
from tests.browser.visit import Visit
from tests.e2e.service import HOME

BOTH = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone")])
CROSSED = pytest.mark.parametrize(("language", "size"), [("es", "desktop"), ("en", "phone")])
LABELS = {
    "type": ("Type", "Tipo"),
    "sector": ("Sector", "Sector"),
    "net_usable_area": ("Usable area", "Superficie útil"),
    "net_area": ("Total area", "Superficie total"),
    "n_rooms": ("Rooms", "Habitaciones"),
    "n_bathroom": ("Bathrooms", "Baños"),
    "latitude": ("Latitude", "Latitud"),
    "longitude": ("Longitude", "Longitud"),
    "valuation_date": ("Date of the value", "Fecha del valor"),
    "client_ref": ("Your reference", "Su referencia"),
}
VALUE = {"en": "Value the home", "es": "Tasar la vivienda"}
SCORE = {"en": "{} of 100", "es": "{} de 100"}
LEVEL = {
    "low": {"en": "low", "es": "baja"},
    "medium": {"en": "medium", "es": "media"},
    "high": {"en": "high", "es": "alta"},
}
FAR = {
    "en": ["outside of the market", "are they swapped, or is a minus sign missing?"],
    "es": ["fuera del mercado", "¿están invertidas o falta un signo menos?"],
}
BEYOND = {"en": "Usable area: beyond all known sales.", "es": "Superficie útil: fuera de lo visto en las ventas."}
TAKE = {"en": "Take over into the form", "es": "Llevar al formulario"}
BAD: dict[str, object] = {"net_usable_area": -5, "net_area": 0, "n_rooms": "many", "n_bathroom": -1, "latitude": 91}
BAD |= {"longitude": -181, "valuation_date": "1850-01-01", "client_ref": "r" * 101, "type": "", "sector": "x" * 201}
BAD_IN_SPANISH = {
    "type": "No debe estar vacío",
    "sector": "Debe tener como máximo 200 caracteres",
    "net_usable_area": "Debe ser mayor que 0",
    "net_area": "Debe ser mayor que 0",
    "n_rooms": "Debe ser un número, no texto",
    "n_bathroom": "Debe ser al menos 0",
    "latitude": "Debe ser como máximo 90",
    "longitude": "Debe ser al menos -180",
    "valuation_date": "Debe estar entre 1900-01-01 y 2200-12-31",
    "client_ref": "Debe tener como máximo 100 caracteres",
}


def field(page: Page, name: str, language: str) -> Locator:
    return page.locator(".home-form").get_by_label(LABELS[name][language == "es"], exact=True)


def typed(page: Page, home: dict[str, Any], language: str) -> None:
    """Fills in the form, with decimals as the user writes them."""
    expect(page.locator(".home-form")).to_be_visible()
    for name, value in home.items():
        decimal = isinstance(value, float) and language == "es"
        field(page, name, language).fill(str(value).replace(".", ",") if decimal else str(value))


def submit(page: Page, language: str) -> None:
    """Asks for the value, and waits for what comes of it."""
    page.get_by_role("button", name=VALUE[language], exact=True).click()
    expect(page.locator(".result-panel")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def whole(text: str) -> int:
    """The amount that is written in whole units: "+1.234 UF"."""
    figure = re.search(r"[-+]?\d[\d.,\s]*", text)
    assert figure, text
    return int(re.sub(r"[^\d-]", "", figure[0]))


def amounts(text: str) -> list[int]:
    """All amounts in the market's currency that are written in a sentence."""
    return [whole(each) for each in re.findall(r"[-+]?\d[\d.,]*\sUF", text)]


def sound(seen: Visit) -> None:
    """What stands there can be read by everyone, and is no wider than the window."""
    assert seen.violations() == []
    assert not seen.overflows()


def table_of(chart: Locator) -> list[list[str]]:
    """A chart's figures, as its table has them."""
    chart.locator("summary").click()
    expect(chart.locator("tbody tr").first).to_be_visible()  # made when it is opened
    return [row.locator("th, td").all_inner_texts() for row in chart.locator("tbody tr").all()]


@BOTH
def test_a_home_is_valued_as_the_api_values_it_and_every_figure_adds_up(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    said = console.service.post("/v1/valuations?explain=true&comparables=8", console.everything, HOME).json()
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        typed(page, HOME, language)
        submit(page, language)

        result = page.locator(".result-panel")
        assert whole(result.locator(".amount").inner_text()) == round(said["value"])
        ends = amounts(result.locator(".between").inner_text())
        assert ends == [round(said["value_low"]), round(said["value_high"])]
        expect(result.locator(".confidence")).to_contain_text(SCORE[language].format(said["confidence_score"]))
        expect(result.locator(".confidence strong")).to_have_text(LEVEL[said["confidence_level"]][language])
        expect(page.locator("p[role=status].visually-hidden")).to_contain_text(result.locator(".amount").inner_text())

        first, *steps, last = table_of(page.locator(".why-panel .chart"))
        base, effects, total = whole(first[2]), [whole(effect) for _, effect, _ in steps], whole(last[2])
        assert (base, total) == (round(said["explanation"]["base_value"]), round(said["value"]))
        assert sorted(effects) == sorted(round(each["effect"]) for each in said["explanation"]["contributions"])
        assert abs(base + sum(effects) - total) <= 1 + len(effects) / 2

        sales = page.locator(".comparables-panel tbody tr")
        expect(sales).to_have_count(len(said["comparables"]))
        for row, sale in zip(sales.all(), said["comparables"], strict=True):
            price, adjusted = (whole(cell) for cell in row.locator("td.text-end").all_inner_texts()[1:])
            assert (price, adjusted) == (round(sale["price"]), round(sale["adjusted_price"]))
            adjustments = [whole(each) for each in row.locator(".adjustment .figure").all_inner_texts()]
            assert abs(price + whole(row.locator(".net").inner_text()) - adjusted) <= 1
            assert abs(price + sum(adjustments) - adjusted) <= 1 + len(adjustments)
        sound(seen)

        sales.first.locator("button").click()
        expect(page.get_by_role("dialog")).to_contain_text(said["comparables"][0]["id"])
        sound(seen)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


@BOTH
def test_what_is_wrong_with_a_field_is_told_at_once_and_in_the_words_of_the_api(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    errors = console.service.post("/v1/valuations", console.everything, HOME | BAD).json()["errors"]
    messages = {each["field"]: each["message"][0].upper() + each["message"][1:] for each in errors}
    assert messages.keys() == BAD.keys() == BAD_IN_SPANISH.keys()
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        page.get_by_role("button", name=VALUE[language], exact=True).click()
        expect(page.locator(".home-form [aria-invalid=true]")).to_have_count(8)
        expect(field(page, "type", language)).to_be_focused()
        expect(page.locator(".home-form [role=alert]")).to_contain_text(
            ", ".join(LABELS[name][language == "es"] for name in [*HOME][:3])
        )

        typed(page, BAD, language)
        for name, message in (messages if language == "en" else BAD_IN_SPANISH).items():
            expect(field(page, name, language)).to_have_accessible_description(message)
        sound(seen)
        assert "POST /v1/valuations" not in seen.asked

        typed(page, {**HOME, "valuation_date": "2026-11-23", "client_ref": "R-1"}, language)
        expect(page.locator(".home-form [aria-invalid=true]")).to_have_count(0)
        expect(page.locator(".home-form [role=alert]")).to_be_empty()


@BOTH
def test_the_place_is_chosen_on_the_map_and_the_sector_found_without_its_accents(
    visiting: Visiting, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        if size == "phone":
            page.get_by_text("Elegir en el mapa").click()
        expect(page.locator(".map-legend li").first).to_be_visible()
        sector = field(page, "sector", language)
        sector.press_sequentially("nunoa")
        expect(page.locator(".combobox-list [role=option]:visible")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(sector).to_have_value(re.compile("ñuñoa", re.IGNORECASE))
        sound(seen)

        page.locator(".map-box").click()
        places = [field(page, name, language) for name in ("latitude", "longitude")]
        at = [float(each.input_value().replace(",", ".")) for each in places]
        assert at == pytest.approx([HOME["latitude"], HOME["longitude"]], abs=0.03)
        page.locator(".map-home").press("ArrowUp")
        expect(places[0]).not_to_have_value(str(at[0]).replace(".", "," if language == "es" else "."))
        assert float(places[0].input_value().replace(",", ".")) > at[0]

        sector.fill("")
        page.locator(".map-box").click(position={"x": 100, "y": 100})
        expect(sector).not_to_have_value("")


@BOTH
def test_a_home_that_is_refused_gets_a_reason_and_no_figure(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    home = {**HOME, "latitude": 51.5}
    said = console.service.post("/v1/valuations", console.everything, home).json()
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        typed(page, home, language)
        submit(page, language)
        detail = {"en": said["reason_detail"], "es": "la venta más cercana está a"}
        for text in [*FAR[language], detail[language]]:
            expect(page.locator(".result-panel")).to_contain_text(text)
        expect(page.locator(".amount, .what-if, .comparables-panel, .sheet")).to_have_count(0)
        sound(seen)


@CROSSED
def test_what_limits_the_confidence_is_said_beside_it(visiting: Visiting, language: str, size: str) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        typed(page, {**HOME, "net_usable_area": 290, "net_area": 300}, language)
        expect(page.locator(".home-form .said .note").first).to_be_visible()
        submit(page, language)
        expect(page.locator(".result-panel .limits")).to_contain_text(BEYOND[language])
        sound(seen)


@BOTH
def test_the_figure_follows_what_might_be_different_and_is_taken_over(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        typed(page, HOME, language)
        submit(page, language)
        outcome = page.locator(".what-if .amount")
        before = outcome.inner_text()
        page.locator(".what-if").get_by_label(LABELS["n_bathroom"][language == "es"], exact=True).press("End")
        expect(outcome).not_to_have_text(before)

        asked = {"property": HOME, "changes": {"n_bathroom": 3}}
        said = console.service.post("/v1/valuations/what-if", console.everything, asked).json()
        expect(page.locator(".what-if .against")).to_contain_text(before)
        assert whole(outcome.inner_text()) == round(said["after"]["value"])
        assert amounts(page.locator(".what-if .against").inner_text())[0] == round(said["difference"])
        sound(seen)

        page.get_by_role("button", name=TAKE[language]).click()
        expect(field(page, "n_bathroom", language)).to_have_value("3")
        expect(page.locator(".stale")).not_to_be_empty()
        after = outcome.inner_text()
        page.get_by_role("button", name=VALUE[language], exact=True).click()
        expect(page.locator(".result-panel .amount")).to_have_text(after)
        expect(page.locator(".stale")).to_be_empty()


@BOTH
def test_the_sheet_is_one_page_and_the_request_gives_the_same_value_from_a_terminal(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/value")
        typed(page, {**HOME, "client_ref": "O'Higgins 12, 3º"}, language)
        with page.expect_response("**/v1/valuations?*") as answer:
            submit(page, language)
        said = answer.value.json()

        page.locator(".request summary").click()
        command = page.locator(".request code").inner_text()
        assert console.everything not in page.content()
        key = {"TASADOR_KEY": console.everything, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["/bin/sh", "-c", f"{command} --silent --fail"], env=key, capture_output=True, check=True)
        again = page.evaluate("JSON.parse", done.stdout.decode())
        own = {"valuation_id"}
        assert {name: again[name] for name in again.keys() - own} == {name: said[name] for name in said.keys() - own}

        page.emulate_media(media="print")
        sheet = page.locator(".sheet")
        expect(sheet).to_be_visible()
        for text in [said["valuation_id"], "O'Higgins 12, 3º", "v2 (boosted)", "2026"]:
            expect(sheet).to_contain_text(text)
        expect(page.locator(".home-form")).to_be_hidden()
        printed = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_another_language_keeps_what_was_typed_what_came_of_it_and_what_was_tried(visiting: Visiting) -> None:
    with visiting() as seen:
        page = seen.go("#/value")
        typed(page, {**HOME, "net_area": 90.5, "client_ref": "R-1"}, "en")
        submit(page, "en")
        page.locator(".what-if").get_by_label("Rooms", exact=True).press("Home")
        expect(page.locator(".what-if .against strong")).to_be_visible()
        tried = whole(page.locator(".what-if .amount").inner_text())
        field(page, "n_rooms", "en").fill("-1")
        page.get_by_role("button", name="Español").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Tasar una vivienda")
        expect(field(page, "net_area", "es")).to_have_value("90,5")
        expect(field(page, "client_ref", "es")).to_have_value("R-1")
        expect(field(page, "n_rooms", "es")).to_have_accessible_description("Debe ser al menos 0")
        expect(page.locator(".what-if .against strong")).to_be_visible()
        assert whole(page.locator(".what-if .amount").inner_text()) == tried
        expect(page.locator(".stale")).not_to_be_empty()


def test_a_service_that_fails_or_asks_to_wait_loses_nothing_of_the_form(visiting: Visiting) -> None:
    with visiting(expected=("status of 500", "status of 429")) as seen:
        page = seen.go("#/value")
        typed(page, HOME, "en")
        answers = iter([500, 429])

        def fails_at_first(route) -> None:  # type: ignore[no-untyped-def]
            status = next(answers, None)
            headers = {"Retry-After": "1"}
            route.fulfill(status=status, headers=headers, json={"detail": "It broke."}) if status else route.continue_()

        page.route("**/v1/valuations?*", fails_at_first)
        page.get_by_role("button", name="Value the home", exact=True).click()
        expect(page.locator(".value-form .alert-danger")).to_contain_text("It broke.")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".value-form .alert-info")).to_contain_text("asks to wait a second")
        expect(page.locator(".result-panel .amount")).to_be_visible()
        expect(page.locator(".value-form .alert")).to_have_count(0)

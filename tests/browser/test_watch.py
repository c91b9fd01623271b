"""How the service does, what it valued, and whether its values can still be trusted, as it is watched."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Console, Visiting
from tests.e2e.service import HOME
from tests.fakes.sales import some_sales

BOTH = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone")])
ROWS = ".valuation-rows tbody tr"
EN, ES = "en", "es"
WHILE = 20_000  # milliseconds: a study, or the next look at the service, may take a while
LEVELS = {EN: ["high", "medium", "low", "refused"], ES: ["alta", "media", "baja", "rechazada"]}
SINCE_START = {EN: "{} since the start", ES: "{} desde la partida"}
SEARCH = {EN: "Search", ES: "Buscar"}
STATUS = {EN: "Status", ES: "Estado"}
NOTHING_FITS = {EN: "No valuation fits.", ES: "Ninguna tasación coincide."}
UNKNOWN = {EN: "No valuation {} is on record", ES: "No hay ninguna tasación {} registrada"}
NOT_SOLD = {EN: "No sale and no override was told yet.", ES: "Todavía no se informó ninguna venta ni corrección."}
PRICE = {EN: "Price, in UF", ES: "Precio, en UF"}
SOLD_ON = {EN: "Day of the sale", ES: "Fecha de la venta"}
SEND_SALE = {EN: "Record the sale", ES: "Registrar la venta"}
SOLD = {EN: "Sold for 5,250 UF", ES: "Vendida en 5.250 UF"}
VALUE = {EN: "Valuer's value, in UF", ES: "Valor del tasador, en UF"}
WHY = {EN: "Why", ES: "Por qué"}
VALUER = {EN: "Who answers for it", ES: "Quién responde por él"}
SEND_OVERRIDE = {EN: "Record the override", ES: "Registrar la corrección"}
OVERRIDDEN = {EN: "M. Rojas holds 4,901 UF: roof", ES: "M. Rojas sostiene 4.901 UF: roof"}
BAD_SALE = {
    EN: ["is missing", "must be a number", "must be a number from 0.01 to", "must not lie in the future"],
    ES: ["falta", "debe ser un número", "debe ser un número entre 0,01 y", "no debe ser futura"],
}
BAD_REASON = {EN: "must not hold control characters", ES: "no debe tener caracteres de control"}
STUDIED = {
    EN: re.compile("Something has changed|Nothing has changed"),
    ES: re.compile("Algo ha cambiado|Nada ha cambiado"),
}
TOO_FEW = {EN: "there are 12 in this time", ES: "en este plazo hay 12"}
LOOK_BACK = {EN: "Look back", ES: "Mirar atrás"}
SINCE = {EN: "Valuations from", ES: "Tasaciones desde"}
UNTIL = {EN: "until before", ES: "hasta antes del"}
SHOW = {EN: "Show", ES: "Mostrar"}
BAD_PERIOD = {EN: "must lie before the other day", ES: "debe ser anterior a la otra fecha"}
NO_SALES = {EN: "No later sale to judge by yet", ES: "Todavía no hay ventas posteriores con que juzgar"}
MISSING = {EN: "The key lacks the scope {}", ES: "A la clave le falta el permiso {}"}


@dataclass(frozen=True)
class OnRecord:
    """Valuations on record, as they were answered."""

    valued: dict[str, Any]
    refused: dict[str, Any]


@pytest.fixture(scope="module")
def on_record(console: Console) -> OnRecord:
    """One home that was valued and one that was refused, and 150 others, of which 40 were sold since."""

    def asked(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = console.service.post(path, console.everything, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    homes = some_sales(150, seed=1).drop(columns=["id", "price"]).to_dict("records")
    made = asked("/v1/valuations/batch", {"properties": homes})["valuations"]
    today = datetime.now(UTC).date().isoformat()
    sold = [
        {"valuation_id": each["valuation_id"], "price": each["value"], "sold_on": today}
        for each in made
        if each["value"]
    ]
    asked("/v1/outcomes", {"outcomes": sold[:40]})
    return OnRecord(
        asked("/v1/valuations?explain=true&comparables=3", {**HOME, "client_ref": "Watched-17"}),
        asked("/v1/valuations", {**HOME, "latitude": 51.5, "client_ref": "Watched-18"}),
    )


def counted(console: Console, name: str, **labels: str) -> int:
    """The sum of a counter over its series that have these labels."""
    lines = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", console.service.get("/metrics").text, re.MULTILINE)
    return int(sum(float(value) for of, value in lines if all(f'{each}="{labels[each]}"' in of for each in labels)))


def a_home(console: Console, token: str, reference: str) -> str:
    """The id of a valuation that this key asks for."""
    answer = console.service.post("/v1/valuations", token, {**HOME, "client_ref": reference})
    return str(answer.json()["valuation_id"])


def written(number: float, language: str) -> str:
    """A whole number as the user writes it."""
    return f"{number:,.0f}".replace(",", {EN: ",", ES: "."}[language])


def found(page: Page, language: str, text: str) -> None:
    page.get_by_label(SEARCH[language], exact=True).fill(text)


@BOTH
def test_the_figures_of_the_service_are_those_that_it_counts(
    console: Console, visiting: Visiting, on_record: OnRecord, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/watch")
        total = counted(console, "tasador_valuations_total")
        valued = counted(console, "tasador_http_request_seconds_count", route="/v1/valuations")
        expect(page.locator(".readiness")).to_have_attribute("data-state", "ready")
        expect(page.locator(".tiles")).to_contain_text(
            SINCE_START[language].format(written(total, language)), timeout=WHILE
        )
        page.locator(".panel-outcomes summary").click()
        rows = page.locator(".panel-outcomes tbody tr")
        expect(rows.locator("th")).to_have_text(LEVELS[language])
        levels = [{"status": "valued", "confidence": level} for level in LEVELS[EN][:3]]
        counts = [counted(console, "tasador_valuations_total", **each) for each in (*levels, {"status": "refused"})]
        expect(rows.locator("td:nth-child(2)")).to_have_text([written(each, language) for each in counts])
        assert sum(counts) == total
        row = page.locator(".panel-routes tbody tr", has=page.get_by_text("/v1/valuations", exact=True))
        expect(row.locator("td").first).to_have_text(written(valued, language))
        assert seen.violations() == []
        assert not seen.overflows()


def test_a_counter_that_fell_began_anew_and_a_quantile_is_read_as_prometheus_reads_it(visiting: Visiting) -> None:
    with visiting() as seen:
        page = seen.go("#/watch")
        expect(page.locator(".tiles")).to_be_visible()
        told = page.evaluate("""
        async () => {
            const at = (path) => import(new URL(path, document.querySelector("script[type=module]").src));
            const { readMetrics } = await at("views/watch/metrics-text.js");
            const { between, quantiles, sum, taken } = await at("views/watch/counters.js");
            const page = (count) => taken(readMetrics(`# HELP told
asked_total{route="/a \\\\"b\\\\", {c}"} ${count}
seconds_bucket{le="0.1"} 50
seconds_bucket{le="0.2"} 90
seconds_bucket{le="+Inf"} 100
not a line`), 0);
            return [
                sum(between(page(7), page(12)), "asked_total"),
                sum(between(page(12), page(5)), "asked_total", ({ route }) => route === '/a "b", {c}'),
                quantiles(page(1), "seconds", [0.5, 0.7, 0.95]),
            ];
        }
        """)
    assert told[:2] == [5, 5]
    assert [(round(each["value"], 9), each["beyond"]) for each in told[2]] == [(0.1, False), (0.15, False), (0.2, True)]


@BOTH
def test_a_valuation_is_found_by_its_reference_and_its_row_opens_its_record(
    visiting: Visiting, on_record: OnRecord, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/watch/valuations")
        expect(page.locator(ROWS)).to_have_count(50)
        page.get_by_label(STATUS[language]).select_option("refused")
        found(page, language, "watched-1")
        expect(page.locator(ROWS)).to_have_count(1)
        expect(page.locator(ROWS)).to_contain_text("Watched-18")
        found(page, language, "Watched-17")
        expect(page.locator(".valuation-rows")).to_contain_text(NOTHING_FITS[language])
        page.get_by_label(STATUS[language]).select_option("valued")
        expect(page.locator(ROWS)).to_have_count(1)
        value = f"{written(on_record.valued['value'], language)} UF"
        expect(page.locator(ROWS)).to_contain_text(value)
        assert seen.violations() == []
        assert not seen.overflows()
        page.locator(ROWS).get_by_text("Watched-17").click()
        expect(page.locator(".record-value")).to_have_text(value)
        expect(page.locator(".record")).to_contain_text(on_record.valued["valuation_id"])
        expect(page.locator(".record table")).to_have_count(1)
        assert seen.violations() == []
        assert not seen.overflows()


def test_the_next_valuations_are_shown_below_and_an_id_opens_one(visiting: Visiting, on_record: OnRecord) -> None:
    with visiting() as seen:
        page = seen.go("#/watch/valuations")
        page.get_by_role("button", name="Show more").click()
        expect(page.locator(ROWS)).to_have_count(100)
        found(page, EN, on_record.refused["valuation_id"])
        expect(page.locator(ROWS)).to_have_count(1)
        page.get_by_role("link", name="Open the valuation").click()
        expect(page.locator(".record")).to_contain_text("No value was given")
        expect(page.locator(".record")).to_contain_text(on_record.refused["reason_detail"])


def test_a_search_that_stopped_early_goes_on_and_what_could_not_be_read_is_told(
    console: Console, visiting: Visiting, on_record: OnRecord
) -> None:
    asked: list[str] = []

    def stopped_early(route: Route) -> None:
        """As of a record so long that a search stops, with a place that was damaged."""
        asked.append(route.request.url)
        if "before=" in route.request.url:
            return route.continue_()
        early = {"valuations": [], "next": place, "searched_back_to": "2026-01-31T12:00:00Z", "unreadable": 1}
        return route.fulfill(json=early)

    with visiting(language=ES, size="phone") as seen:
        page = seen.go("#/watch/valuations")
        expect(page.locator(ROWS)).to_have_count(50)
        newest = httpx.get(
            f"{seen.address}/v1/valuations?limit=1", headers={"X-API-Key": console.everything}, timeout=30
        )
        place = newest.json()["next"]
        page.route("**/v1/valuations?*", stopped_early)
        found(page, ES, "d")
        told = page.locator(".valuation-rows")
        expect(told).to_contain_text("Hasta aquí no se encontró nada.")
        below = page.locator(".list-below")
        expect(below).to_contain_text("31-01-2026")
        expect(below).to_contain_text("tasador audit verify")
        assert seen.violations() == []
        assert not seen.overflows()
        below.get_by_role("button").click()
        expect(page.locator(ROWS)).to_have_count(50)
        expect(below).to_contain_text("tasador audit verify")
    assert len([each for each in asked if "before=" in each]) == 1


@BOTH
def test_a_sale_and_an_override_are_told_on_the_record_and_appear_there(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    valuation = a_home(console, console.everything, "To be sold")
    today = datetime.now(UTC).date()
    missing, no_number, beyond, future = BAD_SALE[language]
    with visiting(language=language, size=size, expected=("status of 400",)) as seen:
        page = seen.go(f"#/watch/valuation/{valuation}")
        since = page.locator(".told > [aria-live]")
        expect(since).to_contain_text(NOT_SOLD[language])
        price, day = page.get_by_label(PRICE[language]), page.get_by_label(SOLD_ON[language])
        sale = page.locator("form.tell").first
        send = page.get_by_role("button", name=SEND_SALE[language])
        send.click()
        expect(sale.locator(".invalid-feedback")).to_have_text([missing, missing])
        expect(price).to_be_focused()
        price.fill("dear")
        send.click()
        expect(sale.locator(".invalid-feedback").first).to_have_text(no_number)
        price.fill("-5")
        day.fill((today + timedelta(days=3)).isoformat())
        send.click()
        expect(sale).to_contain_text(beyond)
        expect(sale).to_contain_text(future)
        assert seen.violations() == []
        page.get_by_role("button", name={EN: "Español", ES: "English"}[language]).click()
        page.get_by_role("button", name={EN: "English", ES: "Español"}[language]).click()
        expect(price).to_have_value("-5")
        price.fill(written(5250, language))
        day.fill(today.isoformat())
        send.click()
        expect(since).to_contain_text(SOLD[language])
        expect(price).to_have_value("")

        page.get_by_label(VALUE[language]).fill({EN: "4900.5", ES: "4900,5"}[language])
        page.get_by_label(WHY[language], exact=True).fill("roof\u0007")
        page.get_by_label(VALUER[language]).fill("M. Rojas")
        page.get_by_role("button", name=SEND_OVERRIDE[language]).click()
        expect(page.locator("form.tell").last).to_contain_text(BAD_REASON[language])
        page.get_by_label(WHY[language], exact=True).fill("roof")
        page.get_by_role("button", name=SEND_OVERRIDE[language]).click()
        expect(since).to_contain_text(OVERRIDDEN[language])
        expect(since.locator("li")).to_have_count(2)
        assert not seen.overflows()
    answer = httpx.get(
        f"{console.service.address}/v1/valuations/{valuation}", headers={"X-API-Key": console.everything}
    ).json()
    assert [(each["price"], each["sold_on"]) for each in answer["outcomes"]] == [(5250, today.isoformat())]
    assert [(each["value"], each["reason"], each["valuer"]) for each in answer["overrides"]] == [
        (4900.5, "roof", "M. Rojas")
    ]


@BOTH
def test_a_valuation_that_is_not_on_record_is_told(visiting: Visiting, language: str, size: str) -> None:
    nobody = "019ab0c4-6f0c-7f0e-9a53-5f1f7a4f7f10"
    with visiting(language=language, size=size, expected=("status of 404",)) as seen:
        page = seen.go(f"#/watch/valuation/{nobody}")
        expect(page.get_by_role("alert")).to_contain_text(UNKNOWN[language].format(nobody))
        assert seen.violations() == []
        assert not seen.overflows()


@BOTH
def test_drift_is_told_field_by_field_or_why_there_is_nothing_to_tell(
    visiting: Visiting, on_record: OnRecord, language: str, size: str
) -> None:
    def of_few(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "enough": False, "homes": 12, "features": []})

    with visiting(language=language, size=size) as seen:
        page = seen.go("#/watch/drift")
        expect(page.locator(".study .alert")).to_contain_text(STUDIED[language], timeout=WHILE)
        page.locator(".drift-field").first.locator("summary").first.click()
        expect(page.locator(".drift-field")).not_to_have_count(0)
        assert seen.violations() == []
        assert not seen.overflows()
        page.route("**/v1/monitoring/drift?days=7", of_few)
        page.get_by_label(LOOK_BACK[language]).select_option("7")
        expect(page.locator(".study .alert")).to_contain_text(TOO_FEW[language])
        expect(page.locator(".drift-field")).to_have_count(0)


@BOTH
def test_the_forward_test_shows_what_was_promised_and_held_or_why_it_cannot(
    visiting: Visiting, on_record: OnRecord, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/watch/coverage")
        expect(page.locator(".study .tile").first).to_be_visible(timeout=WHILE)
        assert int(page.locator(".study .tile .amount").first.inner_text()) >= 40
        assert seen.violations() == []
        assert not seen.overflows()
        show = page.get_by_role("button", name=SHOW[language], exact=True)
        page.get_by_label(SINCE[language]).fill("2020-02-01")
        page.get_by_label(UNTIL[language]).fill("2020-01-01")
        show.click()
        expect(page.locator(".study-asked .invalid-feedback").first).to_have_text(BAD_PERIOD[language])
        expect(page.get_by_label(SINCE[language])).to_be_focused()
        page.get_by_label(SINCE[language]).fill("2019-12-01")
        show.click()
        expect(page.locator(".study h2")).to_have_text(NO_SALES[language])
        assert seen.violations() == []
        assert not seen.overflows()


@BOTH
def test_a_key_that_may_only_value_sees_its_own_valuations_and_is_told_what_the_rest_needs(
    console: Console, visiting: Visiting, on_record: OnRecord, language: str, size: str
) -> None:
    old = console.new_key("value")
    a_home(console, old, "Before")
    rotated = console.service.post(f"/v1/keys/{old.split('_')[1]}/rotate", console.everything).json()
    a_home(console, rotated["token"], "After")
    with visiting(rotated["token"], language=language, size=size) as seen:
        page = seen.go("#/watch/valuations")
        expect(page.locator(ROWS)).to_have_count(2)
        expect(page.locator(ROWS).first).to_contain_text("After")
        expect(page.locator(ROWS).first.locator("code")).to_have_text(rotated["id"])
        expect(page.locator(ROWS).last).to_contain_text("Before")
        expect(page.locator(ROWS).last.locator("code")).to_have_count(0)
        page.locator(ROWS).last.get_by_text("Before").click()
        expect(page.locator(".record .alert")).to_contain_text(MISSING[language].format("outcomes:write"))
        for part in ("drift", "coverage"):
            seen.go(f"#/watch/{part}")
            expect(page.locator(".watch-part > .alert")).to_contain_text(MISSING[language].format("monitor:read"))
        assert seen.violations() == []
        assert not seen.overflows()
    assert not [each for each in seen.asked if "monitoring" in each]

"""A portfolio is dropped, checked, valued, looked through and taken away again."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Visiting
from tests.e2e.service import HOME

FIELDS = [*HOME]
IN_SPANISH = {
    "type": "Tipo",
    "sector": "Comuna",
    "net_usable_area": "Superficie útil",
    "net_area": "Superficie total",
    "n_rooms": "Habitaciones",
    "n_bathroom": "Baños",
    "latitude": "Latitud",
    "longitude": "Longitud",
}
LANGUAGES = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone"), ("es", "desktop")])
PROBLEMS = {
    "en": ["is missing", "must be greater than 0", "must be a number, not text", "has 10 cells"],
    "es": ["falta", "debe ser mayor que 0", "debe ser un número, no texto", "tiene 10 celdas"],
}
SEND = {"en": "Value 7 homes", "es": "Tasar 7 viviendas"}
DOWNLOAD = {"en": "Download the results", "es": "Descargar los resultados"}


def a_file(folder: Path) -> Path:
    """Ten homes as a Spanish spreadsheet writes them; the third, fifth and seventh with problems, the last far away."""
    rows = [{"Rol": f"R-{place}", **{IN_SPANISH[name]: HOME[name] for name in FIELDS}} for place in range(10)]
    rows[2]["Superficie útil"] = ""
    rows[4]["Superficie total"] = "-5"
    rows[6]["Habitaciones"] = "tres"
    rows[9]["Latitud"] = "51,5"
    lines = [";".join(rows[0]), *(";".join(str(cell).replace(".", ",") for cell in row.values()) for row in rows)]
    path = folder / "cartera.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig"))
    return path


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))


def dropped(page: Page, file: Path) -> None:
    expect(page.locator(".drop")).to_be_visible()
    page.set_input_files("#portfolio-file", file)


@LANGUAGES
def test_a_file_is_checked_valued_and_given_back_with_its_own_columns(
    visiting: Visiting, tmp_path: Path, language: str, size: str
) -> None:
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/portfolio")
        dropped(page, a_file(tmp_path))
        for said in PROBLEMS[language][:3]:
            expect(page.locator("main")).to_contain_text(said)
        assert not [asked for asked in seen.asked if "batch" in asked]
        assert seen.violations() == []

        page.get_by_role("button", name=SEND[language]).click()
        expect(page.locator(".results")).to_be_visible()
        expect(page.locator(".results canvas, .results .leaflet-container").first).to_be_visible()
        assert seen.violations() == []
        assert not seen.overflows()
        with page.expect_download() as download:
            page.get_by_role("button", name=DOWNLOAD[language]).click()
        download.value.save_as(tmp_path / "valued.csv")

    given = rows_of(a_file(tmp_path))
    back = rows_of(tmp_path / "valued.csv")
    assert [{name: row[name] for name in given[0]} for row in back] == given
    assert [row["reason"] for row in back] == [
        *("", "", "invalid_property", "", "invalid_property", "", "invalid_property", "", "", "outside_market")
    ]
    assert {row["status"] for row in back if not row["reason"]} == {"valued"}
    assert all(float(row["value"].replace(",", ".")) > 0 for row in back if row["status"] == "valued")


def test_a_value_is_the_one_that_the_api_gives_to_the_last_digit(
    console: Console, visiting: Visiting, tmp_path: Path
) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        dropped(page, a_file(tmp_path))
        page.get_by_role("button", name="Value 7 homes").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the results").click()
        download.value.save_as(tmp_path / "valued.csv")
    row = rows_of(tmp_path / "valued.csv")[0]
    said = console.service.post("/v1/valuations", console.everything, HOME).json()
    assert [float(row[name].replace(",", ".")) for name in ("value", "value_low", "value_high", "fsd")] == [
        said[name] for name in ("value", "value_low", "value_high", "fsd")
    ]


def test_columns_of_other_names_are_chosen_by_hand(visiting: Visiting, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    names = [f"c{place}" for place in range(len(FIELDS))]
    file.write_text(",".join(names) + "\n" + ",".join(str(HOME[name]) for name in FIELDS) + "\n")
    with visiting() as seen:
        page = seen.go("#/portfolio")
        dropped(page, file)
        expect(page.get_by_role("alert").first).to_contain_text("Type, Sector, Usable area")
        for name, label in zip(
            names,
            ["Type", "Sector", "Usable area", "Total area", "Rooms", "Bathrooms", "Latitude", "Longitude"],
            strict=True,
        ):
            page.get_by_label(label + " · required", exact=True).select_option(label=name)
        page.get_by_role("button", name="Value one home").click()
        expect(page.locator(".results")).to_contain_text("1 of 1 rows")


def test_what_is_no_table_is_told(visiting: Visiting, tmp_path: Path) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        for name, content, said in [
            ("homes.xlsx", b"PK\x03\x04whatever", "homes.xlsx is not a CSV file"),
            ("empty.csv", b"", "empty.csv has no rows"),
            ("names.csv", b"type,sector\n", "names.csv has no rows"),
            ("noise.csv", bytes(range(256)), "noise.csv is not a CSV file"),
        ]:
            (tmp_path / name).write_bytes(content)
            dropped(page, tmp_path / name)
            expect(page.get_by_role("alert").first).to_contain_text(said)


def test_where_the_service_fails_in_between_nothing_is_lost_and_it_goes_on(visiting: Visiting, tmp_path: Path) -> None:
    rows = [FIELDS, *([str(HOME[name]) for name in FIELDS] for _ in range(600))]
    (tmp_path / "many.csv").write_text("\n".join(",".join(row) for row in rows))
    asked: list[int] = []
    with visiting(expected=("status of 500",)) as seen:
        page = seen.go("#/portfolio")

        def second_fails(route) -> None:  # type: ignore[no-untyped-def]
            asked.append(len(route.request.post_data_json["properties"]))
            route.fulfill(status=500, json={"detail": "It broke."}) if len(asked) == 2 else route.continue_()

        page.route("**/v1/valuations/batch", second_fails)
        dropped(page, tmp_path / "many.csv")
        page.get_by_role("button", name="Value 600 homes").click()
        expect(page.locator(".alert-danger")).to_contain_text("It broke.")
        expect(page.locator("main")).to_contain_text("Stopped after 250 of 600 homes")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator(".results")).to_contain_text("600 of 600 rows")
    assert asked == [250, 250, 250, 100]


def test_what_one_user_began_does_not_go_on_under_the_key_of_the_next(
    console: Console, visiting: Visiting, tmp_path: Path
) -> None:
    rows = [FIELDS, *([str(HOME[name]) for name in FIELDS] for _ in range(600))]
    (tmp_path / "many.csv").write_text("\n".join(",".join(row) for row in rows))
    keys: list[str] = []
    with visiting(None, expected=("status of 429",)) as seen:
        page = seen.go("#/portfolio")

        def busy(route) -> None:  # type: ignore[no-untyped-def]
            keys.append(route.request.headers["x-api-key"])
            route.fulfill(status=429, json={}, headers={"Retry-After": "1"}) if len(keys) == 2 else route.continue_()

        page.route("**/v1/valuations/batch", busy)
        page.locator("#key").fill(console.everything)
        page.keyboard.press("Enter")
        dropped(page, tmp_path / "many.csv")
        page.get_by_role("button", name="Value 600 homes").click()
        expect(page.locator(".running")).to_contain_text("250 of 600")
        page.get_by_role("button", name="Sign out").click()
        page.locator("#key").fill(console.value_only)
        page.keyboard.press("Enter")
        dropped(page, tmp_path / "many.csv")
        page.get_by_role("button", name="Value 600 homes").click()
        expect(page.locator(".results")).to_contain_text("600 of 600 rows")
    assert keys == [console.everything] * 2 + [console.value_only] * 3


def test_rows_are_sorted_searched_and_opened_and_another_language_loses_nothing(
    visiting: Visiting, tmp_path: Path
) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        dropped(page, a_file(tmp_path))
        page.get_by_role("button", name="Value 7 homes").click()
        page.get_by_label("Search in the rows").fill("R-9")
        expect(page.locator(".results-rows tbody tr")).to_have_count(1)
        page.get_by_label("Search in the rows").fill("")
        page.get_by_label("Show").select_option(label="refused")
        expect(page.locator(".results-rows tbody tr")).to_have_count(4)
        page.get_by_role("button", name="Line", exact=False).last.click()
        page.get_by_role("button", name="Español").click()
        expect(page.locator(".results-rows tbody tr")).to_have_count(4)
        page.locator(".results-rows tbody button").first.click()
        expect(page.get_by_role("dialog")).to_contain_text("R-")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_browser_asks_before_results_are_lost_that_nobody_has_taken(visiting: Visiting, tmp_path: Path) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        dropped(page, a_file(tmp_path))
        page.get_by_role("button", name="Value 7 homes").click()
        expect(page.locator(".results")).to_be_visible()
        with page.expect_event("dialog") as asked:
            page.evaluate("setTimeout(() => location.reload())")
        assert asked.value.type == "beforeunload"
        asked.value.dismiss()
        expect(page.locator(".results")).to_be_visible()
        with page.expect_download():
            page.get_by_role("button", name="Download the results").click()
        page.reload()
        expect(page.locator(".results")).to_have_count(0)


BAD_HOMES: list[dict[str, object]] = [
    HOME,
    {**HOME, "net_area": 0},
    {**HOME, "latitude": 91, "longitude": -181},
    {**HOME, "n_rooms": -1, "n_bathroom": 1e7},
    {**HOME, "sector": "\u00b4", "type": " "},
    {**HOME, "net_usable_area": 2e9},
    {**HOME, "type": "x" * 201, "sector": "a\u0007b"},
    {**HOME, "valuation_date": "2026-02-30"},
    {**HOME, "valuation_date": "1850-01-01", "client_ref": "r" * 101},
]
CHECKED = """
async (homes) => {
    const base = document.querySelector("script[type=module]").src;
    const { checked } = await import(new URL("core/rules.js", base));
    const known = await (await import(new URL("core/market.js", base))).market();
    const typed = (home) => Object.fromEntries(Object.entries(home).map(([name, value]) => [name, String(value)]));
    return homes.map((home) => checked(typed(home), known, Number).problems);
}
"""


def test_the_page_says_of_a_home_what_the_api_says_of_it(console: Console, visiting: Visiting) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        expect(page.locator(".drop")).to_be_visible()
        by_page = page.evaluate(CHECKED, BAD_HOMES)
    for home, problems in zip(BAD_HOMES, by_page, strict=True):
        answer = console.service.post("/v1/valuations", console.everything, home).json()
        by_api = {each["field"]: each["message"] for each in answer.get("errors", [])}
        assert {each["field"]: each["message"] for each in problems} == by_api

"""Coming in and going out, and what every view has in common."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console, Visiting
from tests.cli.command import run

BOTH = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone")])
VIEWS = ("value", "portfolio", "model", "watch", "keys")
REFUSED = ("the server responded with a status of 401",)
TITLE = {"en": "Enter your key", "es": "Ingrese su clave"}
ENTER = {"en": "Enter", "es": "Entrar"}
LEAVE = {"en": "Sign out", "es": "Salir"}
WRONG = {"en": "This key is not valid", "es": "Esta clave no es válida"}
MISSING = {"en": "The key lacks the scope keys:admin", "es": "A la clave le falta el permiso keys:admin"}


@BOTH
def test_a_key_opens_the_console_and_is_forgotten_when_its_user_leaves(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    with visiting(None, language=language, size=size) as seen:
        page = seen.go()
        expect(page.get_by_role("heading", name=TITLE[language])).to_be_visible()
        assert seen.violations() == []
        page.locator("#key").fill(console.value_only)
        page.get_by_role("button", name=ENTER[language], exact=True).click()
        expect(page.locator(".value-view form")).to_be_visible()
        assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])").count("tsd_") == 0
        page.get_by_role("button", name=LEAVE[language]).click()
        expect(page.locator("#key")).to_have_value("")


def test_a_key_stays_in_its_tab_where_its_user_asks_for_that(console: Console, visiting: Visiting) -> None:
    with visiting(None) as seen:
        page = seen.go("#/portfolio")
        page.locator("#key").fill(console.value_only)
        page.get_by_label("Keep it in this tab").check()
        page.keyboard.press("Enter")
        expect(page.locator(".drop")).to_be_visible()
        page.reload()
        expect(page.locator(".drop")).to_be_visible()
        assert page.evaluate("JSON.stringify({...localStorage})").count("tsd_") == 0


@BOTH
def test_a_wrong_key_is_told_and_may_be_corrected(visiting: Visiting, language: str, size: str) -> None:
    with visiting(None, language=language, size=size, expected=REFUSED) as seen:
        page = seen.go()
        page.get_by_role("button", name=ENTER[language], exact=True).click()
        expect(page.locator("#key-wrong")).to_contain_text("tsd_")
        page.locator("#key").fill("tsd_wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#key-wrong")).to_contain_text(WRONG[language])
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#key")).to_have_attribute("aria-invalid", "true")


def test_a_key_that_is_revoked_meanwhile_leads_back_to_the_sign_in_with_the_reason(
    console: Console, visiting: Visiting
) -> None:
    token = console.new_key("keys:admin")
    with visiting(token, expected=REFUSED) as seen:
        page = seen.go("#/keys")
        expect(page.locator("table, .key-card").first).to_be_visible()
        assert run("keys", "revoke", token.split("_")[1], "--config", console.folder / "tasador.toml").code == 0
        page.reload()
        expect(page.locator("#key")).to_be_visible()


@BOTH
def test_where_a_scope_is_missing_the_view_says_which(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    with visiting(console.value_only, language=language, size=size) as seen:
        expect(seen.go("#/keys").locator(".alert")).to_contain_text(MISSING[language])
        assert seen.violations() == []


@pytest.mark.parametrize(
    ("language", "size", "theme"),
    [("en", "desktop", "light"), ("es", "desktop", "dark"), ("es", "phone", "light"), ("en", "phone", "dark")],
)
def test_every_view_is_clean_for_axe_and_fits_its_window(
    visiting: Visiting, language: str, size: str, theme: str
) -> None:
    with visiting(language=language, size=size, theme=theme) as seen:
        for view in VIEWS:
            page = seen.go(f"#/{view}")
            expect(page.locator(f".{view}-view h1")).to_be_visible()
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            assert seen.violations() == [], view
            assert not seen.overflows(), view
            assert page.evaluate("document.documentElement.dataset.bsTheme") == theme


def test_an_address_that_is_none_leads_to_the_sign_in(visiting: Visiting) -> None:
    with visiting(None) as seen:
        expect(seen.go("#/%").locator("#key")).to_be_visible()


def test_a_kept_key_that_cannot_be_checked_is_kept_and_one_that_is_refused_is_forgotten(visiting: Visiting) -> None:
    with visiting(expected=("status of 429", *REFUSED)) as seen:
        seen.page.route("**/v1/keys/current", lambda route: route.fulfill(status=429, json={"detail": "Too many."}))
        page = seen.go("#/portfolio")
        expect(page.locator(".alert-danger")).to_contain_text("Too many.")
        assert page.evaluate("sessionStorage.getItem('tasador.key')")
        page.unroute("**/v1/keys/current")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".drop")).to_be_visible()
        page.route("**/v1/keys/current", lambda route: route.fulfill(status=401, json={"detail": "No."}))
        page.evaluate("location.reload()")
        expect(page.locator("#notices")).to_contain_text("The key is not valid any more")


def test_the_language_and_the_theme_are_changed_at_once_and_remembered(visiting: Visiting) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        expect(page.locator("h1")).to_have_text("Value a portfolio")
        page.get_by_role("button", name="Español").click()
        expect(page.locator("h1")).to_have_text("Tasar una cartera")
        page.get_by_role("button", name="Claro u oscuro").click()
        page.reload()
        expect(page.locator("h1")).to_have_text("Tasar una cartera")
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_it_can_be_walked_through_by_keyboard_alone(visiting: Visiting) -> None:
    with visiting() as seen:
        page = seen.go("#/portfolio")
        expect(page.locator("h1")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator("#skip")).to_be_focused()
        for _ in range(3):
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Portfolio")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".model-view h1")).to_be_visible()


def test_a_service_that_does_not_answer_is_told_and_asked_again(visiting: Visiting) -> None:
    with visiting(expected=("ERR_FAILED",)) as seen:
        page = seen.go("#/portfolio")
        expect(page.locator(".drop")).to_be_visible()
        page.route("**/v1/keys", lambda route: route.abort())
        page.goto(f"{seen.address}/#/keys")
        expect(page.locator(".alert-danger")).to_contain_text("Tasador does not answer")
        page.unroute("**/v1/keys")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".alert-danger")).to_have_count(0)

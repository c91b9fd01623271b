"""Keys are issued, given to somebody, rotated and revoked."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Visiting

BOTH = pytest.mark.parametrize(("language", "size"), [("en", "desktop"), ("es", "phone")])
ROWS = ".key-rows tbody tr"
EN, ES = "en", "es"
NEW = {EN: "Issue a key", ES: "Emitir una clave"}
ISSUE = {EN: "Issue", ES: "Emitir"}
LABEL = {EN: "Whose key it is, or what for", ES: "De quién es, o para qué"}
LIFETIME = {EN: "How long it lives", ES: "Cuánto dura"}
AMOUNT = {EN: "How many", ES: "Cuánto"}
SEARCH = {EN: "Search", ES: "Buscar"}
WHICH = {EN: "Show", ES: "Mostrar"}
COPY = {EN: "Copy the token", ES: "Copiar la clave"}
COPIED = {EN: "Copied", ES: "Copiado"}
KEPT = {EN: "I have kept it", ES: "Ya la guardé"}
ROTATE = {EN: "Rotate", ES: "Renovar"}
OVERLAP = {EN: "The old key goes on working for", ES: "La clave anterior sigue sirviendo"}
BAD_OVERLAP = {EN: "must be a whole number", ES: "debe ser un número entero"}
OLD_WORKS = {EN: "The old key {} works until", ES: "La clave anterior {} sirve hasta"}
REVOKE = {EN: "Revoke", ES: "Revocar"}
REASON = {EN: "Reason", ES: "Motivo"}
REVOKED = {EN: "revoked", ES: "revocada"}
BECAUSE = {EN: "because: left the company", ES: "motivo: left the company"}
BAD_LABEL = {EN: "must be 1 to 100 printable characters", ES: "debe tener de 1 a 100 caracteres imprimibles"}
API_SAYS = {EN: "A key's label is 1 to 100 printable characters", ES: "debe tener de 1 a 100 caracteres imprimibles"}
BAD_LIFETIME = {EN: "must be a whole number above 0", ES: "debe ser un número entero mayor que 0"}
NO_SCOPE = {EN: "choose at least one", ES: "elija al menos uno"}
STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])"


def issued(console: Console, label: str, *scopes: str) -> dict[str, Any]:
    """A new key of this label, with its token."""
    answer = console.service.post("/v1/keys", console.everything, {"label": label, "scopes": scopes})
    return dict(answer.json())


def current(console: Console, token: str) -> httpx.Response:
    """What the service says of the key of this token."""
    return httpx.get(f"{console.service.address}/v1/keys/current", headers={"X-API-Key": token}, timeout=30)


def found(page: Page, language: str, text: str) -> None:
    """Looks for a key; one is there."""
    page.get_by_label(SEARCH[language], exact=True).fill(text)
    expect(page.locator(ROWS)).to_have_count(1)


@BOTH
def test_a_key_is_issued_and_its_token_is_shown_once(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    label = f"Mortgage desk {language}"
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/keys")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name=NEW[language]).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(LABEL[language]).fill(f"  {label} ")
        dialog.get_by_label("models:read").check()
        dialog.get_by_role("combobox", name=LIFETIME[language]).select_option("30d")
        assert seen.violations() == []
        assert not seen.overflows()
        dialog.get_by_role("button", name=ISSUE[language], exact=True).click()
        shown = page.locator("#new-token")
        expect(shown).to_contain_text("tsd_")
        token = shown.inner_text()
        expect(page.get_by_role("button", name=COPY[language])).to_be_focused()
        assert seen.violations() == []
        assert not seen.overflows()
        page.keyboard.press("Enter")
        expect(dialog.locator(".token button")).to_have_text(COPIED[language])
        assert page.evaluate("navigator.clipboard.readText()") == token
        page.get_by_role("button", name=KEPT[language]).click()
        expect(page.locator("dialog")).to_have_count(0)  # gone from the page, not only closed
        assert token not in page.content()
        assert token not in page.evaluate(STORED)
        found(page, language, label.upper())
        expect(page.locator(ROWS)).to_contain_text("models:read")
        assert seen.violations() == []
        assert not seen.overflows()
    said = current(console, token).json()
    assert (said["label"], said["scopes"]) == (label, ["models:read", "value"])
    assert said["expires_at"][:10] > said["created_at"][:10]


@BOTH
def test_what_a_key_cannot_be_is_told_at_the_field(visiting: Visiting, language: str, size: str) -> None:
    with visiting(language=language, size=size, expected=("status of 400",)) as seen:
        page = seen.go("#/keys")
        page.get_by_role("button", name=NEW[language]).click()
        dialog = page.get_by_role("dialog")
        label = dialog.get_by_label(LABEL[language])
        issue = dialog.get_by_role("button", name=ISSUE[language], exact=True)
        dialog.get_by_label("value", exact=True).uncheck()
        dialog.get_by_role("combobox", name=LIFETIME[language]).select_option("own")
        amount = dialog.get_by_role("group", name=LIFETIME[language]).get_by_label(AMOUNT[language])
        for wrong in ("0", "400", "1.5", "soon"):
            amount.fill(wrong)
            issue.click()
            expect(amount).to_have_attribute("aria-invalid", "true")
        expect(dialog).to_contain_text(BAD_LIFETIME[language])
        expect(dialog).to_contain_text(BAD_LABEL[language])
        expect(dialog).to_contain_text(NO_SCOPE[language])
        expect(label).to_be_focused()
        assert seen.violations() == []
        assert not seen.overflows()
        assert not [each for each in seen.asked if each == "POST /v1/keys"]
        amount.fill("2")
        dialog.get_by_label("value", exact=True).check()
        label.fill("\u200b")  # nothing that is printed, which the service alone knows
        issue.click()
        expect(dialog).to_contain_text(API_SAYS[language])
        expect(label).to_be_focused()
        expect(amount).not_to_have_attribute("aria-invalid", "true")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


@BOTH
def test_a_key_is_rotated_and_both_work_during_the_overlap(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    old = issued(console, f"Branch {language}", "value", "monitor:read")
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/keys")
        found(page, language, old["id"])
        page.locator(ROWS).get_by_role("button", name=ROTATE[language]).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("combobox", name=OVERLAP[language]).select_option("own")
        by_hand = dialog.get_by_role("group", name=OVERLAP[language])
        by_hand.get_by_label(AMOUNT[language]).fill("-1")
        rotate = dialog.get_by_role("button", name=ROTATE[language], exact=True)
        rotate.click()
        expect(by_hand.get_by_label(AMOUNT[language])).to_be_focused()
        expect(by_hand).to_contain_text(BAD_OVERLAP[language])
        dialog.get_by_role("combobox", name=OVERLAP[language]).select_option("24h")
        assert seen.violations() == []
        assert not seen.overflows()
        rotate.click()
        expect(dialog).to_contain_text(OLD_WORKS[language].format(old["id"]))
        token = page.locator("#new-token").inner_text()
        page.keyboard.press("Escape")
        expect(dialog.get_by_role("alert")).not_to_be_empty()  # it has not been copied
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        new = current(console, token).json()
        expect(page.locator(ROWS)).to_contain_text(new["id"])
        expect(page.locator(ROWS).get_by_role("button")).to_have_count(1)
    assert (new["label"], new["scopes"]) == (old["label"], sorted(old["scopes"]))
    assert current(console, old["token"]).status_code == 200


@BOTH
def test_a_key_is_revoked_with_a_reason_and_opens_nothing_any_more(
    console: Console, visiting: Visiting, language: str, size: str
) -> None:
    key = issued(console, f"Former valuer {language}", "value")
    assert current(console, key["token"]).status_code == 200
    with visiting(language=language, size=size) as seen:
        page = seen.go("#/keys")
        found(page, language, key["label"])
        page.locator(ROWS).get_by_role("button", name=REVOKE[language]).click()
        dialog = page.get_by_role("dialog")
        assert seen.violations() == []
        assert not seen.overflows()
        dialog.get_by_label(REASON[language]).fill("left the company")
        dialog.get_by_role("button", name=REVOKE[language], exact=True).click()
        expect(page.locator(".notice")).to_contain_text(key["label"])
        expect(page.locator(ROWS).get_by_role("button")).to_have_count(0)
        assert current(console, key["token"]).status_code == 401
        page.get_by_label(WHICH[language], exact=True).select_option("all")
        expect(page.locator(ROWS)).to_contain_text(REVOKED[language])
        expect(page.locator(ROWS)).to_contain_text(BECAUSE[language])
        assert seen.violations() == []
        assert not seen.overflows()


def test_whoever_rotates_the_own_key_goes_on_with_the_new_one_and_signs_out_by_revoking_it(
    console: Console, visiting: Visiting
) -> None:
    own = issued(console, "Own key", "keys:admin")
    with visiting(own["token"]) as seen:
        page = seen.go("#/keys")
        found(page, EN, "Own key")
        page.locator(ROWS).get_by_role("button", name="Rotate").click()
        page.get_by_role("dialog").get_by_role("button", name="Rotate", exact=True).click()
        page.get_by_role("button", name="Go on with the new key").click()
        expect(page.locator(ROWS, has_text="this key").get_by_role("button")).to_have_count(2)
        page.locator(ROWS, has_text="this key").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("dialog")).to_contain_text("you will be signed out")
        page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
        expect(page.locator("#key")).to_be_visible()
        expect(page.locator(".notice")).to_contain_text("Your key was revoked")
        assert page.evaluate(STORED).count("tsd_") == 0


def test_nobody_hands_on_a_scope_that_the_own_key_lacks(console: Console, visiting: Visiting) -> None:
    with visiting(console.new_key("keys:admin")) as seen:
        page = seen.go("#/keys")
        page.get_by_role("button", name="Issue a key").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("models:write")).to_be_disabled()
        expect(dialog.get_by_label("keys:admin")).to_be_enabled()
        expect(dialog).to_contain_text("Your own key lacks this scope")

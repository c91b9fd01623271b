"""`tasador keys`: issued once, never kept, revoked for good."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.api_key import Scope, Token
from tests.cli.command import Command


@pytest.fixture(autouse=True, params=["sql", "csv"])
def kept_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where keys are kept."""
    monkeypatch.setenv("TASADOR_KEY_STORE__KIND", request.param)


def key_events() -> list[dict[str, str]]:
    (log,) = Path("var/logs").glob("keys-*.log")
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


class TestCreate:
    def test_issues_the_first_key_of_a_fresh_installation(self, here: Path, tasador: Command) -> None:
        created = tasador("keys", "create", "--label", "web", "--json")
        assert (created.code, created.err) == (0, "")
        issued = created.json
        assert {"id", "token", "scopes", "expires_at"} <= set(issued)
        assert issued["scopes"] == ["value"]
        token = Token.parse(issued["token"])
        assert token
        assert token.key_id == issued["id"]
        lifetime = datetime.fromisoformat(issued["expires_at"]) - datetime.fromisoformat(issued["created_at"])
        assert lifetime == timedelta(days=90)

    def test_issues_a_second_beside_the_first(self, tasador: Command) -> None:
        labels = ["first", 'Ñandú, "Ltda"; =1', "[red]third[/red]"]
        for label in labels:
            assert tasador("keys", "create", "--label", label).code == 0
        assert [key["label"] for key in tasador("keys", "list", "--json").json] == labels
        assert all(label in tasador("keys", "list").out for label in labels)

    def test_shows_the_token_to_a_person_once(self, tasador: Command) -> None:
        created = tasador("keys", "create", "--label", "web", "--expires-in", "2h")
        token = Token.parse(created.out.splitlines()[0])
        assert token
        assert f"This is key {token.key_id} for 'web' (value)" in created.out
        assert token.secret not in tasador("keys", "list").out + tasador("keys", "list", "--json").out

    def test_leaves_the_secret_nowhere(self, here: Path, tasador: Command) -> None:
        secret = Token.parse(tasador("keys", "create", "--label", "web", "--json").json["token"])
        assert secret
        tasador("keys", "revoke", secret.key_id)
        files = [file for file in here.rglob("*") if file.is_file()]
        assert files
        assert [file for file in files if secret.secret.encode() in file.read_bytes()] == []

    def test_gives_the_scopes_and_the_lifetime_that_are_asked_for(self, tasador: Command) -> None:
        words = [word for scope in Scope for word in ("--scope", scope.value)]
        issued = tasador("keys", "create", "--label", "all", *words, "--expires-in", "2w", "--json").json
        assert issued["scopes"] == sorted(Scope)
        assert datetime.fromisoformat(issued["expires_at"]) - datetime.fromisoformat(issued["created_at"]) == timedelta(
            14
        )

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ([], "Missing option '--label'"),
            (["--label", ""], "A key's label is 1 to 100 printable characters"),
            (["--label", "two\nlines"], "A key's label is 1 to 100 printable characters"),
            (["--label", "x" * 101], "A key's label is 1 to 100 printable characters"),
            (["--label", "x", "--scope", "all"], "There is no scope 'all': choose from value, models:read, "),
            (["--label", "x", "--scope", "value,keys:admin"], "There is no scope 'value,keys:admin'"),
            (["--label", "x", "--expires-in", "tomorrow"], "'tomorrow' is no lifetime"),
            (["--label", "x", "--expires-in", "0d"], "'0d' is no lifetime"),
            (["--label", "x", "--expires-in", "-1d"], "'-1d' is no lifetime"),
            (["--label", "x", "--expires-in", "367d"], "at most 366 days"),
            (["--label", "x", "--expires-in", "999999w"], "at most 366 days"),
        ],
    )
    def test_refuses_what_cannot_be(self, here: Path, tasador: Command, words: list[str], told: str) -> None:
        refused = tasador("keys", "create", *words)
        assert refused.code == 2
        assert told in refused.told
        assert tasador("keys", "list", "--json").json == []


def spoil(folder: Path) -> None:
    """Takes its label from the key of this label, by hand."""
    file = folder / "var/keys.csv"
    if file.exists():
        file.write_text(file.read_text().replace(",spoiled,", ",,"))
        return
    with closing(sqlite3.connect(folder / "var/tasador.db")) as connection, connection:
        connection.execute("UPDATE api_keys SET label = '' WHERE label = 'spoiled'")


class TestList:
    def test_of_none_says_how_to_make_one(self, tasador: Command) -> None:
        assert tasador("keys", "list").out.startswith("There are no keys yet: create one with `tasador keys create")

    def test_tells_the_state_of_each(self, tasador: Command) -> None:
        ids = [tasador("keys", "create", "--label", label, "--json").json["id"] for label in ("first", "second")]
        tasador("keys", "revoke", ids[0])
        listed = tasador("keys", "list", "--json").json
        assert [(key["id"], key["state"]) for key in listed] == [(ids[0], "revoked"), (ids[1], "active")]
        assert "secret_hash" not in listed[0]

    def test_shows_the_others_where_one_cannot_be_read_and_fails(self, here: Path, tasador: Command) -> None:
        ids = [tasador("keys", "create", "--label", label, "--json").json["id"] for label in ("good", "spoiled")]
        spoil(here)
        as_json, listed = tasador("keys", "list", "--json"), tasador("keys", "list")
        assert [key["id"] for key in as_json.json] == ids[:1]
        assert ids[0] in listed.out
        assert (as_json.code, listed.code) == (1, 1)
        assert as_json.line == listed.line
        assert "is no key: label must be 1 to 100 printable characters" in listed.line

    def test_of_none_that_can_be_read_does_not_say_that_there_are_none(self, here: Path, tasador: Command) -> None:
        tasador("keys", "create", "--label", "spoiled")
        spoil(here)
        assert tasador("keys", "list").code == 1
        assert "label must be" in tasador("keys", "list").told

    def test_is_a_line_a_key_where_a_program_reads_it(self, tasador: Command) -> None:
        tasador("keys", "create", "--label", "a long label " * 7, "--scope", "value", "--scope", "audit:read")
        assert len(tasador("keys", "list").out.splitlines()) == 2


class TestRevoke:
    def test_is_for_good_and_its_first_time_stands(self, tasador: Command) -> None:
        key_id = tasador("keys", "create", "--label", "web", "--json").json["id"]
        first = tasador("keys", "revoke", key_id, "--json")
        again = tasador("keys", "revoke", key_id, "--json")
        assert (first.code, again.code) == (0, 0)
        assert first.json["revoked_at"] == again.json["revoked_at"] is not None
        assert "is revoked" in tasador("keys", "revoke", key_id).out

    def test_of_an_unknown_key_is_refused(self, tasador: Command) -> None:
        refused = tasador("keys", "revoke", "000000000000")
        assert refused.code == 1
        assert refused.told.startswith("There is no key 000000000000 in ")

    def test_by_a_whole_token_is_refused_without_repeating_it(self, tasador: Command) -> None:
        token = Token.generate()
        refused = tasador("keys", "revoke", token.reveal())
        assert refused.code == 1
        assert "not the id of a key" in refused.told
        assert token.secret not in refused.told

    def test_keeps_the_reason(self, tasador: Command) -> None:
        key_id = tasador("keys", "create", "--label", "web", "--json").json["id"]
        assert (
            tasador("keys", "revoke", key_id, "--reason", "lost laptop", "--json").json["revoked_because"]
            == "lost laptop"
        )
        assert "lost laptop" in tasador("keys", "list").out
        refused = tasador("keys", "revoke", key_id, "--reason", "two\nlines")
        assert (refused.code, refused.told.startswith("A reason must be one line")) == (2, True)

    def test_of_the_last_admin_takes_force(self, tasador: Command) -> None:
        key_id = tasador("keys", "create", "--label", "boss", "--scope", "keys:admin", "--json").json["id"]
        refused = tasador("keys", "revoke", key_id)
        assert refused.code == 1
        assert "last that may manage keys" in refused.told
        assert tasador("keys", "revoke", key_id, "--force").code == 0


class TestRotate:
    def test_gives_a_key_a_successor(self, tasador: Command) -> None:
        old = tasador("keys", "create", "--label", "web", "--expires-in", "30d", "--json").json
        rotated = tasador("keys", "rotate", old["id"], "--overlap", "2h", "--json")
        assert rotated.code == 0
        new = rotated.json
        assert {"id", "token", "scopes", "expires_at"} <= set(new)
        token = Token.parse(new["token"])
        assert token
        assert token.key_id == new["id"] != old["id"]
        overlap = datetime.fromisoformat(new["replaces"]["expires_at"]) - datetime.fromisoformat(new["created_at"])
        assert overlap == timedelta(hours=2)
        told = {key["id"]: key for key in tasador("keys", "list", "--json").json}
        assert (told[old["id"]]["replaced_by"], told[new["id"]]["replaced_by"]) == (new["id"], None)
        assert f"replaced by {new['id']}" in tasador("keys", "list").out

    def test_tells_a_person_what_becomes_of_the_old_one(self, tasador: Command) -> None:
        old = tasador("keys", "create", "--label", "web", "--json").json["id"]
        told = tasador("keys", "rotate", old).out.splitlines()
        assert Token.parse(told[0])
        assert told[-1].startswith(f"It replaces key {old}, which is valid until ")

    @pytest.mark.parametrize(
        ("words", "told", "code"),
        [
            (["--overlap", "tomorrow"], "'tomorrow' is no overlap", 2),
            (["--overlap", "-1h"], "'-1h' is no overlap", 2),
            (["--expires-in", "0d"], "'0d' is no lifetime", 2),
            (["--expires-in", "400d"], "at most 366 days", 2),
        ],
    )
    def test_refuses_what_cannot_be(self, tasador: Command, words: list[str], told: str, code: int) -> None:
        key_id = tasador("keys", "create", "--label", "web", "--json").json["id"]
        refused = tasador("keys", "rotate", key_id, *words)
        assert (refused.code, told in refused.told) == (code, True)
        assert len(tasador("keys", "list", "--json").json) == 1

    def test_of_a_revoked_key_is_refused(self, tasador: Command) -> None:
        key_id = tasador("keys", "create", "--label", "web", "--json").json["id"]
        tasador("keys", "revoke", key_id)
        refused = tasador("keys", "rotate", key_id)
        assert (refused.code, refused.told) == (
            1,
            f"Key {key_id} is revoked, so that it cannot be rotated: issue another.",
        )


class TestEvents:
    def test_tell_what_happened_by_whom_in_order(self, tasador: Command) -> None:
        old = tasador("keys", "create", "--label", "web", "--json").json["id"]
        new = tasador("keys", "rotate", old, "--json").json["id"]
        tasador("keys", "revoke", old, "--reason", "no longer needed")
        tasador("keys", "rotate-pepper")
        events = tasador("keys", "events", "--json").json
        told = [(event["action"], event["key_id"]) for event in events]
        assert told == [("issued", old), ("issued", new), ("rotated", old), ("revoked", old), ("pepper_rotated", "")]
        assert all(event["by"] for event in events)
        assert events[3]["detail"] == "no longer needed"
        assert [event["action"] for event in tasador("keys", "events", new, "--json").json] == ["issued"]
        assert "no longer needed" in tasador("keys", "events").out

    def test_are_told_in_full_on_a_narrow_terminal(self, tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("entrypoints.cli.session._UNWRAPPED", 80)
        words = [word for scope in Scope for word in ("--scope", scope.value)]
        key = tasador("keys", "create", "--label", "desk " * 10, *words, "--json").json
        tasador("keys", "revoke", key["id"], "--force", "--reason", "because " * 10)
        for out in (tasador("keys", "list").out, tasador("keys", "events").out):
            assert key["id"] in out.split()
            assert key["created_at"][:10] in out.split()
            assert "…" not in out
            assert out.count("because") == 10
        [issued, _] = tasador("keys", "events", "--json").json
        assert issued["detail"].endswith(f"until {key['expires_at'][:16].replace('T', ' ')} UTC")

    def test_of_no_key_at_all_is_said(self, tasador: Command) -> None:
        assert tasador("keys", "events").out == "Nothing has happened to any key yet.\n"


class TestRotatePepper:
    def test_keys_come_under_the_new_pepper_and_the_file_keeps_both(self, here: Path, tasador: Command) -> None:
        tasador("keys", "create", "--label", "old")
        before = json.loads((here / "var/pepper.json").read_text())
        rotated = tasador("keys", "rotate-pepper", "--json")
        after = json.loads((here / "var/pepper.json").read_text())
        assert after["current"] == rotated.json["pepper"] != before["current"]
        assert before["peppers"].items() < after["peppers"].items()
        assert (here / "var/pepper.json").stat().st_mode & 0o777 == 0o600

    def test_is_refused_where_the_environment_holds_it(self, tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TASADOR_KEY_STORE__PEPPER_VARIABLE", "OUR_PEPPERS")
        monkeypatch.setenv("OUR_PEPPERS", "one:" + "ab" * 32)
        assert tasador("keys", "create", "--label", "web").code == 0
        refused = tasador("keys", "rotate-pepper")
        assert refused.code == 1
        assert "environment variable OUR_PEPPERS" in refused.told


class TestTheLogOfKeys:
    def test_holds_what_came_and_went(self, tasador: Command) -> None:
        key_id = tasador("keys", "create", "--label", "web", "--json").json["id"]
        tasador("keys", "revoke", key_id)
        tasador("keys", "revoke", key_id)
        assert [(event["action"], event["key_id"], event["label"]) for event in key_events()] == [
            ("issued", key_id, "web"),
            ("revoked", key_id, "web"),
        ]

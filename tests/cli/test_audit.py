"""`tasador audit`: the record of valuations, over one kept in memory."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from dependency_injector import providers

from config.container import Container
from config.settings import Settings
from tests.cli.command import Command, Ran
from tests.fakes.office import HOME, Office

FIRST = "segment-1"


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """What the commands find on record, and what wrote it."""
    monkeypatch.setenv("LOGNAME", "ana")
    office = Office()
    parts = {
        "clock": office.clock,
        "evidence_archive": office.log,
        "evidence_signer": office.signer,
        "model_repository": office.models,
        "key_store": office.keys,
    }
    given = {name: providers.Object(part) for name, part in parts.items()}
    monkeypatch.setattr("config.container.Container", partial(Container, **given))
    return office


def refused(ran: Ran, code: int = 1) -> str:
    """The one line that a refused command tells."""
    assert ran.code == code
    return ran.told


class TestVerify:
    def test_of_no_evidence_does_not_say_that_it_is_sound(self, office: Office, tasador: Command, here: Path) -> None:
        assert refused(tasador("audit", "verify")).startswith(
            f"There is no evidence to verify: {here}/var/valuations does not exist."
        )

    def test_says_that_all_is_as_it_was_recorded(self, office: Office, tasador: Command, here: Path) -> None:
        (here / "var/valuations").mkdir(parents=True)
        assert tasador("audit", "verify").out == "Nothing is on record yet.\n"
        ids = [office.value(client_ref="file 7"), office.value()]
        assert tasador("audit", "erase", "--id", ids[0], "--because", "asked for", "--yes").code == 0
        office.value()
        assert tasador("audit", "verify").out.splitlines() == [
            "register: 4 events, in order, each signed by a trusted key",
            "records: 3 in 2 segments, each as it was recorded",
            "note: 1 segment with 1 record not sealed yet: what is cut off at an open end cannot be missed",
            "erased: the content of 1 record, as registered",
        ]
        found = tasador("audit", "verify", "--json").json
        assert (found["sound"], found["records"], found["erased"], found["faults"]) == (True, 3, 1, [])

    def test_tells_which_segment_has_been_open_for_far_too_long(self, office: Office, tasador: Command) -> None:
        office.value()
        assert "has been open" not in tasador("audit", "verify").out
        office.clock.advance(timedelta(hours=5))
        ran = tasador("audit", "verify")
        assert ran.code == 0
        assert f"note: segment {FIRST} has been open for 300 minutes, and segment_minutes is 60" in ran.out

    def test_names_every_fault_in_a_line(self, office: Office, tasador: Command) -> None:
        ids = [office.value() for _ in range(4)]
        office.log.tend(close_all=True)
        entries = office.log.sealed[FIRST]
        entries[1] = replace(entries[1], content=b"{}")
        del entries[2]
        ran = tasador("audit", "verify", "--segment", FIRST)
        assert ran.code == 1
        assert ran.out.splitlines()[:2] == [
            f"segment {FIRST}: record 2 (valuation {ids[1]}) was changed: its content is not what was recorded",
            f"segment {FIRST}: record 3 is missing, beside {ids[1]} and {ids[3]}",
        ]
        assert ran.line == "2 faults found in the evidence"
        faults = tasador("audit", "verify", "--json").json["faults"]
        assert [(fault["segment"], fault["number"]) for fault in faults] == [(FIRST, 2), (FIRST, 3)]

    def test_finds_a_register_that_was_cut_off_by_the_heads_kept_elsewhere(
        self, office: Office, tasador: Command, here: Path
    ) -> None:
        office.value()
        office.log.tend(close_all=True)
        told = tasador("audit", "heads", "heads.json").out
        assert told == "1 signed event written to heads.json, the last is event 2: keep them elsewhere.\n"
        assert json.loads((here / "heads.json").read_text()) == tasador("audit", "heads").json
        assert tasador("audit", "heads", "-").json == tasador("audit", "heads").json
        assert (here / "heads.json").stat().st_mode & 0o777 == 0o600
        assert "heads: 1 exported event, all in the register" in tasador("audit", "verify", "--heads", "heads.json").out
        office.log.forget()
        ran = tasador("audit", "verify", "--heads", "heads.json")
        fault, looked_at = ran.out.splitlines()
        assert fault.startswith(
            "segment segment-1: event 2 of the register (closed segment-1) was exported, and is not there any more"
        )
        assert (ran.code, looked_at) == (1, "looked at: 0 events of the register, 0 records in 0 segments")

    def test_refuses_what_it_cannot_go_by(self, office: Office, tasador: Command, here: Path) -> None:
        assert refused(tasador("audit", "verify", "--segment", "x")) == (
            "The register of the evidence knows no segment 'x'."
        )
        for content in ("{", '{"closed": 1}', "\x00\xff"):
            (here / "heads.json").write_text(content)
            assert "is not what `tasador audit heads` exports" in refused(
                tasador("audit", "verify", "--heads", "heads.json"), 2
            )
        assert "does not exist" in refused(tasador("audit", "verify", "--heads", "none.json"), 2)
        assert refused(tasador("audit", "heads", "none/heads.json")) == (
            "none/heads.json cannot be written: no such file or directory."
        )

    def test_shows_the_public_key_to_pin(self, office: Office, tasador: Command) -> None:
        assert tasador("audit", "signing-key").out == '[valuation_log]\ntrusted_keys = ["test:a"]\n'
        assert tasador("audit", "signing-key", "--json").json == {"public_key": "test:a"}


class TestShow:
    def test_tells_who_asked_what_and_every_figure_and_what_was_said_later(
        self, office: Office, tasador: Command
    ) -> None:
        valuation_id = office.value(client_ref="file 7", explain=True, comparables=2, level=0.5)
        office.sold(valuation_id)
        office.overridden(valuation_id)
        out = tasador("audit", "show", valuation_id).out
        for told in (
            "2026-11-22 12:01:00 UTC by key abc123abc123, request visit-1",
            "file 7",
            "sector Ñuñoa, net_usable_area 80.0",
            "USD 160000.0",
            "expected to hold 50% of sales (as asked)",
            "FSD ",
            "net_usable_area ",
            "s1 sold for 151,000 (2026-08-14)",
            "USD 150,000 on 2026-11-22, told 2026-11-22 12:01 UTC by abc123abc123",
            "USD 155,000 by Ana Rojas: a new roof (told 2026-11-22 12:01 UTC by ana)",
            f"record 1 of segment {FIRST}, not sealed yet, whole",
        ):
            assert told in out
        shown = tasador("audit", "show", valuation_id, "--json").json
        assert (shown["record"]["id"], shown["record"]["value"]) == (valuation_id, 160_000.0)
        assert [len(shown["outcomes"]), len(shown["overrides"])] == [1, 1]
        assert (shown["evidence"]["number"], shown["evidence"]["sealed_at"]) == (1, None)

    def test_of_a_refused_home_says_why(self, office: Office, tasador: Command) -> None:
        valuation_id = office.value(replace(HOME, latitude=40.4, longitude=-3.7))
        assert "outside_market: " in tasador("audit", "show", valuation_id).out

    def test_says_where_the_evidence_is_not_whole(self, office: Office, tasador: Command) -> None:
        ids = [office.value() for _ in range(3)]
        office.log.tend(close_all=True)
        del office.log.sealed[FIRST][2]
        ran = tasador("audit", "show", ids[0])
        assert ran.code == 1
        assert "sealed 2026-11-22 12:03 UTC, NOT WHOLE: 1 fault" in ran.out
        assert ran.line == (
            f"not all of it is whole: segment {FIRST}: record 3 is missing at its end, behind {ids[1]}; "
            "`tasador audit verify` looks at everything"
        )

    def test_prints_nothing_forged_as_if_it_were_sound(self, office: Office, tasador: Command) -> None:
        valuation_id = office.value(client_ref="file 7")
        office.log.tend(close_all=True)
        office.overridden(valuation_id)
        office.value()
        said = list(office.log.sealed.values())[1]
        said[0] = replace(said[0], content=(said[0].content or b"").replace(b"155000.0", b"999999.0"))
        ran = tasador("audit", "show", valuation_id)
        assert (ran.code, "999,999" in ran.out, "NOT WHOLE: 1 fault" in ran.out) == (1, False, True)
        assert "was changed: its content is not what was recorded" in ran.line
        exported = tasador("audit", "export", "--client-ref", "file 7")
        assert (exported.code, [each["number"] for each in exported.json["faults"]]) == (1, [1, None])
        assert "not all of it is whole, and the document says so: segment " in exported.line

    def test_a_second_record_of_its_id_is_a_fault_and_never_shown(self, office: Office, tasador: Command) -> None:
        valuation_id = office.value()
        office.log.tend(close_all=True)
        office.value()
        office.log.record([replace(office.log.kept[0], value=999_999.0)])
        ran = tasador("audit", "show", valuation_id)
        assert (ran.code, "999999" in ran.out) == (1, False)
        assert f"valuation {valuation_id} is there more than once: record 1 of {FIRST} and record 2 of " in ran.line

    def test_says_of_what_is_not_there_what_became_of_it(self, office: Office, tasador: Command) -> None:
        assert refused(tasador("audit", "show", "v")) == "No valuation 'v' is on record."
        ids = [office.value(), office.value()]
        office.log.tend(close_all=True)
        office.clock.advance(timedelta(days=1))
        tasador("audit", "erase", "--id", ids[0], "--because", "asked for", "--yes")
        for command in ("show", "replay"):
            told = refused(tasador("audit", command, ids[0]))
            assert told == f"Valuation '{ids[0]}' was erased on 2026-11-23 12:02 UTC by ana: asked for."
        entries = office.log.sealed[FIRST]
        entries[1] = replace(entries[1], content=b"{}")
        assert "record 2 of segment segment-1, cannot be read" in refused(tasador("audit", "show", ids[1]))
        office.clock.advance(timedelta(days=400))
        tasador("audit", "prune", "--older-than", "365d", "--yes")
        told = refused(tasador("audit", "show", ids[0]))
        assert told == f"No valuation '{ids[0]}' is on record; those of its time were pruned on 2027-12-28 by ana."


class TestReplay:
    def test_of_one_computes_every_figure_again(self, office: Office, tasador: Command) -> None:
        valuation_id = office.value(explain=True)
        assert tasador("audit", "replay", valuation_id).out == f"{valuation_id} by v1: identical in every figure\n"
        replay = tasador("audit", "replay", valuation_id, "--json").json
        assert (replay["status"], replay["differences"], replay["off_by"]) == ("identical", [], None)

    def test_of_one_names_each_figure_that_differs(self, office: Office, tasador: Command) -> None:
        valuation_id = office.value()
        record = office.log.kept[0]
        office.log.forget()
        office.log.record([replace(record, value=200_000.0, warnings=("forged",))])
        ran = tasador("audit", "replay", valuation_id)
        assert ran.code == 1
        assert ran.out.splitlines() == [
            f"{valuation_id} by v1: 2 figures differ, the value by 20.000\u00a0%",
            "  value: recorded 200000.0, now 160000.0",
            f"  warnings.1: recorded forged, now {record.warnings[0] if record.warnings else 'nothing'}",
        ]

    def test_of_all_counts_them(self, office: Office, tasador: Command) -> None:
        for _ in range(3):
            office.value()
        out = tasador("audit", "replay", "--all").out
        assert out.startswith("3 valuations replayed in ")
        assert out.endswith(" s: 3 identical\n")
        office.models.damage("v1")
        ran = tasador("audit", "replay", "--all", "--most", "1")
        assert ran.code == 1
        assert ran.line == "not every figure could be computed again"
        lines = ran.out.splitlines()
        assert "by v1: cannot be replayed: Model version v1 is refused" in lines[0]
        assert lines[1] == "... and 2 others that are not identical"
        assert lines[3] == "3 cannot be replayed: Model version v1 is refused: its bytes in memory were altered."

    def test_of_all_chooses_by_day_and_version(self, office: Office, tasador: Command) -> None:
        office.value()
        office.clock.advance(timedelta(days=1))
        office.value()

        def counted(*which: str) -> int:
            replayed = tasador("audit", "replay", "--all", "--json", *which).json
            assert replayed["identical"] == replayed["replayed"]
            return int(replayed["replayed"])

        assert counted() == 2
        assert counted("--since", "2026-11-23") == 1
        assert counted("--until", "2026-11-23") == 1
        assert counted("--since", "2026-11-22", "--until", "2026-11-24", "--version", "v1") == 2
        assert counted("--version", "v2") == 0

    def test_tells_rounded_coordinates_apart(self, office: Office, tasador: Command) -> None:
        office.coordinate_decimals = 1
        office.value(replace(HOME, latitude=-33.45321), comparables=2)
        ran = tasador("audit", "replay", "--all")
        assert ran.code == 0
        assert "1 differ, as their coordinates were rounded before they were kept" in ran.out

    @pytest.mark.parametrize(
        "wrong", [[], ["v", "--all"], ["v", "--since", "2026-11-22"], ["--all", "--since", "today"]]
    )
    def test_refuses_wrong_usage(self, office: Office, tasador: Command, wrong: list[str]) -> None:
        assert "See `tasador audit replay --help`." in refused(tasador("audit", "replay", *wrong), 2)


class TestKeeping:
    def test_exports_all_that_is_kept_of_a_client(self, office: Office, tasador: Command, here: Path) -> None:
        ids = [office.value(client_ref=ref) for ref in ("file 7", "file 8")]
        office.sold(ids[0])
        office.overridden(ids[0])
        exported = tasador("audit", "export", "--client-ref", "file 7").json
        assert exported["client_ref"] == "file 7"
        assert [record["id"] for record in exported["valuations"]] == [ids[0]]
        assert [exported["outcomes"][0]["price"], exported["overrides"][0]["value"]] == [150_000.0, 155_000.0]
        told = tasador("audit", "export", "--client-ref", "file 7", "file 7.json").out
        assert told == "1 valuation and 2 words said of them written to file 7.json.\n"
        assert json.loads((here / "file 7.json").read_text()) == exported
        assert refused(tasador("audit", "export", "--client-ref", "file 9")) == (
            "No valuation with the client reference 'file 9' is on record."
        )

    def test_erases_a_client_and_tells_the_register_by_whom_and_why(self, office: Office, tasador: Command) -> None:
        ids = [office.value(client_ref=ref) for ref in ("file 7", "file 8", "file 7")]
        office.sold(ids[0])
        erase = partial(tasador, "audit", "erase", "--client-ref", "file 7", "--because", "asked to be forgotten")
        assert erase("--dry-run").out.endswith("2 valuations would be erased, with all that was said of them\n")
        assert len(office.log.kept) == 3
        assert erase("--yes").out == "2 valuations erased, 3 records in all; the register tells why.\n"
        assert [record.id for record in office.log.kept] == [ids[1]]
        event = office.log.registered[-1].event
        assert (event.action, event.by, event.because) == ("erased", "ana", "asked to be forgotten")
        assert tasador("audit", "verify").code == 0
        assert "client reference 'file 7' is on record" in refused(erase("--yes"))
        erased = tasador("audit", "erase", "--id", ids[1], "--because", "asked", "--yes", "--json").json
        assert erased == {"valuations": [ids[1]], "records": 1, "dry_run": False}
        assert f"Valuation '{ids[1]}' was erased" in refused(
            tasador("audit", "erase", "--id", ids[1], "--because", "asked", "--yes")
        )

    def test_prunes_what_is_older_than_it_must_be_kept(
        self, office: Office, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.value()
        office.log.tend(close_all=True)
        office.clock.advance(timedelta(days=31))
        assert "set valuation_log.retention_days" in refused(tasador("audit", "prune"), 2)
        assert "give a time such as" in refused(tasador("audit", "prune", "--older-than", "soon"), 2)
        would = tasador("audit", "prune", "--older-than", "30d", "--dry-run").out
        assert would == f"{FIRST}: would be removed\n1 record in 1 segment would be removed\n"
        monkeypatch.setenv("TASADOR_VALUATION_LOG__RETENTION_DAYS", "30")
        pruned = tasador("audit", "prune", "--yes", "--json").json
        assert pruned == {"segments": [FIRST], "records": 1, "dry_run": False}
        assert (office.log.sealed, office.log.registered[-1].event.by) == ({}, "ana")
        assert "pruned: 1 segment, as registered" in tasador("audit", "verify").out
        assert tasador("audit", "prune").out == "0 records in 0 segments removed\n"

    @pytest.mark.parametrize(
        "command",
        [["prune", "--older-than", "1d"], ["erase", "--client-ref", "file 7", "--because", "asked for"]],
        ids=["prune", "erase"],
    )
    def test_asks_before_anything_is_let_go_of(
        self, office: Office, tasador: Command, monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        office.value(client_ref="file 7")
        office.log.tend(close_all=True)
        office.clock.advance(timedelta(days=2))
        assert "nobody can be asked here: give --yes" in refused(tasador("audit", *command), 2)
        with on_a_terminal(monkeypatch, "n"):
            ran = tasador("audit", *command)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith(("? [y/N]: tasador: nothing was removed.\n", "? [y/N]: tasador: nothing was erased.\n"))
        assert len(office.log.kept) == 1
        with on_a_terminal(monkeypatch, "y"):
            assert tasador("audit", *command).code == 0
        assert office.log.kept == []

    @pytest.mark.parametrize(
        "wrong", [[], ["--client-ref", "a", "--id", "b"], ["--because", " "], ["--because", "x" * 201]]
    )
    def test_refuses_wrong_usage(self, office: Office, tasador: Command, wrong: list[str]) -> None:
        because = [] if "--because" in wrong else ["--because", "asked for"]
        assert "See `tasador audit erase --help`." in refused(tasador("audit", "erase", *wrong, *because), 2)


def test_works_alike_on_files(tasador: Command, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    ids = [office.value(client_ref=ref, explain=True, comparables=2) for ref in ("file 7", "file 8", "file 9")]
    office.sold(ids[0])
    given = {"model_repository": providers.Object(office.models), "key_store": providers.Object(office.keys)}
    monkeypatch.setattr("config.container.Container", partial(Container, **given))
    log = Container(settings=Settings(), **given).evidence_archive()
    log.record(office.log.kept)
    log.follow_up(list(office.log.follow_ups()))
    log.tend(close_all=True)
    assert tasador("audit", "verify").code == 0
    assert tasador("audit", "heads", "heads.json").code == 0
    assert tasador("audit", "replay", "--all", "--json").json["identical"] == 3
    assert tasador("audit", "show", ids[0], "--json").json["outcomes"][0]["price"] == 150_000.0
    told = tasador("audit", "erase", "--client-ref", "file 7", "--because", "asked for", "--yes").out
    assert told.startswith("1 valuation erased, 2 records in all")
    assert tasador("audit", "verify", "--heads", "heads.json").code == 0
    assert "was erased on" in refused(tasador("audit", "show", ids[0]))
    (segment,) = (here / "var/valuations").glob("valuations-*.jsonl")
    segment.chmod(0o600)
    segment.write_bytes(segment.read_bytes().replace(b'"file 8"', b'"file 6"'))
    ran = tasador("audit", "verify", "--heads", "heads.json")
    assert ran.code == 1
    assert f"record 2 (valuation {ids[1]}) was changed" in ran.out


def test_adopts_what_an_older_tasador_kept(tasador: Command, here: Path) -> None:
    assert tasador("audit", "adopt").out == "0 records of 0 older files adopted\n"
    office = Office()
    ids = [office.value(client_ref="file 7"), office.value()]
    folder = here / "var/valuations"
    folder.mkdir(parents=True)
    lines = msgspec.json.Encoder().encode_lines([replace(record, schema=1) for record in office.log.kept])
    good, bad = folder / "2026-11-22-7-0a0b.jsonl", folder / "2026-11-22-8-0a0b.jsonl"
    for file, content in ((good, lines), (bad, b"{}\n")):
        file.write_bytes(content)
        os.utime(file, times=(0, 0))
    told = tasador("audit", "verify").out
    assert "2026-11-22-7-0a0b.jsonl (written by an older Tasador, not chained: run `tasador audit adopt`)" in told
    assert tasador("audit", "adopt", "--dry-run").out.endswith("\n2 records of 1 older file would be adopted\n")
    ran = tasador("audit", "adopt")
    assert ran.out.splitlines()[1:] == [
        "2 records of 1 older file adopted",
        "note: chained and sealed from now on; what happened to them before, nothing can prove",
    ]
    assert "2026-11-22-8-0a0b.jsonl, line 1, is no record of an older Tasador" in ran.line
    assert ran.code == 1
    bad.unlink()
    assert tasador("audit", "adopt", "--json").json == {"files": [], "records": 0, "left": [], "dry_run": False}
    assert tasador("audit", "verify", "--json").json["records"] == 2
    assert f"-of-{good.stem}" in tasador("audit", "show", ids[1]).out
    assert len(tasador("audit", "export", "--client-ref", "file 7").json["valuations"]) == 1


@contextmanager
def on_a_terminal(monkeypatch: pytest.MonkeyPatch, said: str) -> Iterator[None]:
    """Somebody sits there who will say this."""
    ours, theirs = os.openpty()
    with (
        os.fdopen(ours, "wb", buffering=0) as keyboard,
        os.fdopen(theirs) as terminal,
        monkeypatch.context() as patched,
    ):
        keyboard.write(f"{said}\n".encode())
        patched.setattr(sys, "stdin", terminal)
        yield

"""What a user sees of a command that was not meant so, or that nobody foresaw: one line, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import entrypoints.cli.keys
from domain.api_key import Token
from tests.cli.command import Command

REPOSITORY = Path(__file__).parents[2]
TASADOR = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("foo",), "No such command 'foo'. See `tasador --help`."),
        (("keys", "foo"), "No such command 'foo'. See `tasador keys --help`."),
        (("train", "more"), "Got unexpected extra argument (more). See `tasador train --help`."),
        (("train", "--zzz"), "No such option '--zzz'. See `tasador train --help`."),
        (("train", "--recipe", "best"), "'best' is not one of 'notebook', 'forest', 'boosted'"),
        (("models", "show"), "Missing argument 'VERSION'. See `tasador models show --help`."),
        (("keys", "revoke"), "Missing argument 'ID'. See `tasador keys revoke --help`."),
        (("--config",), "Option '--config' requires an argument. See `tasador --help`."),
        (("serve", "--port", "99999"), "Invalid value for '--port'"),
        (("two\nlines\x1b[2K",), "No such command"),
    ],
)
def test_wrong_usage_is_told_in_one_line(here: Path, tasador: Command, words: tuple[str, ...], told: str) -> None:
    refused = tasador(*words)
    assert refused.code == 2
    assert told in refused.told
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("keys",), ("models",), ("config",)])
def test_a_command_without_its_words_shows_its_help(tasador: Command, words: tuple[str, ...]) -> None:
    ran = tasador(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Usage: {' '.join(('tasador', *words))} [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize(
    "words", [(), ("train",), ("evaluate",), ("keys", "create"), ("models", "list"), ("serve",), ("quickstart",)]
)
def test_help_is_no_failure(tasador: Command, words: tuple[str, ...]) -> None:
    ran = tasador(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('tasador', *words))}")


def test_the_version_is_told(tasador: Command) -> None:
    assert tasador("--version").out.startswith("tasador ")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            RuntimeError("two\nlines"),
            "unexpected RuntimeError: two lines; this is a fault of Tasador: please report it.",
        ),
        (OSError(28, "No space left on device"), "the output cannot be read or written: no space left on device."),
        (OSError(5, "Input/output error", "/d/f"), "/d/f cannot be read or written: input/output error."),
        (
            OSError(5, "Input/output error", "/d/\x1b[2K\n"),
            r"/d/\x1b[2K\n cannot be read or written: input/output error.",
        ),
        (MemoryError(), "there is not enough memory for this; nothing was stored."),
    ],
)
def test_what_nobody_foresaw_is_told_in_one_line(
    tasador: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(entrypoints.cli.keys, "parse_lifetime", fail)
    refused = tasador("keys", "create", "--label", "x")
    assert (refused.code, refused.told) == (1, told)


def test_no_key_is_shown_by_a_fault(tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token.generate()

    def fail(_: str) -> None:
        raise RuntimeError(token.reveal())

    monkeypatch.setattr(entrypoints.cli.keys, "parse_lifetime", fail)
    assert f"tsd_{token.key_id}_***" in tasador("keys", "create", "--label", "x").told


def test_an_interruption_is_no_fault(tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entrypoints.cli.keys, "parse_lifetime", interrupt)
    ran = tasador("keys", "create", "--label", "x")
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "tasador: interrupted.")


class TestStandardStreams:
    """In processes of their own, since they are about the process's own streams."""

    def run(self, redirected: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["/bin/sh", "-c", f'"$@" {redirected}', "sh", *TASADOR, *(words or ("config", "show"))],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_that_are_full_are_told(self) -> None:
        ran = self.run(">/dev/full")
        assert ran.returncode == 1
        assert ran.stderr == "tasador: the output cannot be read or written: no space left on device.\n"

    def test_that_nobody_reads_any_more_are_no_reason_to_complain(self) -> None:
        with subprocess.Popen(
            [*TASADOR, "config", "show"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 1

    @pytest.mark.parametrize("redirected", ["<&-", "2>&-", "2>/dev/full"])
    def test_that_are_not_needed_are_not_missed(self, redirected: str) -> None:
        ran = self.run(redirected)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "http.port = 8000" in ran.stdout

    def test_that_lack_a_letter_show_it_escaped(self, here: Path, tasador: Command) -> None:
        tasador("keys", "create", "--label", "Δ Ñandú")
        ran = self.run("", "keys", "list", PYTHONIOENCODING="ascii")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert r"\u0394 \xd1and\xfa" in ran.stdout
        in_json = self.run("", "keys", "list", "--json", PYTHONIOENCODING="ascii")
        assert json.loads(in_json.stdout)[0]["label"] == "Δ Ñandú"

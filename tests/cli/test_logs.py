"""`tasador logs decrypt`: what its user sees, for files that age itself could have made."""

from pathlib import Path

import pyrage
import pytest

from tests.cli.command import Command

IDENTITY = pyrage.x25519.Identity.generate()
CONTENT = b"".join(b'{"event":"line","number":%d}\n' % number for number in range(10_000))


@pytest.fixture(autouse=True)
def encrypted_log(here: Path) -> None:
    """An encrypted log in the test's folder, and the key for it."""
    (here / "key.txt").write_text(f"# created: 2026-11-22\n{IDENTITY}\n")
    (here / "a.log.age").write_bytes(encrypted())


def encrypted(content: bytes = CONTENT, to: pyrage.x25519.Identity = IDENTITY) -> bytes:
    whole: bytes = pyrage.encrypt(content, [to.to_public()])
    return whole


def test_prints_the_files_one_after_the_other(tasador: Command, here: Path) -> None:
    (here / "b.log.age").write_bytes(encrypted(b"more\n"))
    ran = tasador("logs", "decrypt", here / "a.log.age", here / "b.log.age", "--identity", here / "key.txt")
    assert (ran.code, ran.out.encode(), ran.err) == (0, CONTENT + b"more\n", "")


def test_puts_them_into_a_folder_for_their_reader_alone(tasador: Command, here: Path) -> None:
    arguments = ("logs", "decrypt", here / "a.log.age", "--identity", here / "key.txt", "--output", here / "plain")
    assert tasador(*arguments).out == f"{here}/plain/a.log\n"
    assert (here / "plain" / "a.log").read_bytes() == CONTENT
    assert oct((here / "plain" / "a.log").stat().st_mode)[-3:] == "600"
    again = tasador(*arguments)
    assert (again.code, again.told) == (
        *(1, f"{here}/plain/a.log is there already: remove it, or give another folder with --output."),
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encrypted(to=pyrage.x25519.Identity.generate()), "cannot be decrypted: no key in"),
        (encrypted()[:-1], "was altered or is not whole"),
        (encrypted()[:150_000] + b"X" + encrypted()[150_001:], "was altered or is not whole"),
        (encrypted()[:150], "cannot be decrypted: its head was altered or is not whole"),
        (CONTENT, "is no age file"),
        (b"", "is no age file"),
        (None, "cannot be read: no such file or directory"),
    ],
)
def test_says_of_each_file_why_it_cannot_be_decrypted_and_goes_on(
    tasador: Command, here: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (here / "bad.age").write_bytes(content)
    files = (here / "bad.age", here / "a.log.age")
    ran = tasador("logs", "decrypt", *files, "--identity", here / "key.txt", "--output", here / "plain")
    assert ran.code == 1
    assert ran.line.startswith(f"{here}/bad.age {reason}")
    assert [path.name for path in (here / "plain").iterdir()] == ["a.log"]


def test_prints_of_an_altered_file_what_is_genuine(tasador: Command, here: Path) -> None:
    (here / "bad.age").write_bytes(encrypted()[:-1])
    ran = tasador("logs", "decrypt", here / "bad.age", "--identity", here / "key.txt")
    assert (ran.code, ran.out.encode()) == (1, CONTENT[: len(ran.out)])
    assert 0 < len(ran.out) < len(CONTENT)


@pytest.mark.parametrize("content", [b"", b"# only words\n", b"AGE-SECRET-KEY-1NONSENSE\n", b"\xff\xfe", CONTENT, None])
def test_says_what_is_no_identity_and_never_shows_it(tasador: Command, here: Path, content: bytes | None) -> None:
    key = here / "other.txt"
    if content is not None:
        key.write_bytes(content)
    ran = tasador("logs", "decrypt", here / "a.log.age", "--identity", key)
    expected = "cannot be read: no such file or directory." if content is None else "is no identity file of age: "
    assert (ran.code, ran.told.startswith(f"{key} {expected}")) == (1, True)
    assert "NONSENSE" not in ran.err


def test_takes_no_key_on_the_command_line(tasador: Command, here: Path) -> None:
    ran = tasador("logs", "decrypt", here / "a.log.age", "--identity", str(IDENTITY))
    assert ran.code == 2
    assert ran.told.startswith("--identity takes the file that holds the key: ")
    assert str(IDENTITY) not in ran.err

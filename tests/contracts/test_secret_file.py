"""What can happen to the file of the pepper."""

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.pepper_stores.secret_file import SecretFilePepperStore
from domain.errors import SecretUnavailable

SECRET = "ab" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "pepper.json"


@pytest.fixture
def peppers(file: Path) -> SecretFilePepperStore:
    return SecretFilePepperStore(file)


def write(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(content)


def questions(peppers: SecretFilePepperStore, pepper_id: str) -> list[Callable[[], object]]:
    return [peppers.current, lambda: peppers.find(pepper_id)]


def test_looking_for_a_pepper_makes_none(file: Path, peppers: SecretFilePepperStore) -> None:
    assert peppers.find("unknown") is None
    assert not file.parent.exists()


def test_file_and_folder_are_the_owners_alone(file: Path, peppers: SecretFilePepperStore) -> None:
    peppers.current()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert {each.name for each in file.parent.iterdir()} == {"pepper.json", "pepper.json.lock"}


def test_the_store_shows_no_secret(peppers: SecretFilePepperStore) -> None:
    secret = peppers.current().secret
    shown = repr(peppers) + repr(vars(peppers))
    assert secret.hex() not in shown
    assert repr(secret) not in shown


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o777])
def test_a_file_open_to_others_is_refused_with_what_to_run(
    file: Path, peppers: SecretFilePepperStore, mode: int
) -> None:
    pepper = peppers.current()
    file.chmod(mode)
    for ask in questions(peppers, pepper.id):
        with pytest.raises(SecretUnavailable, match=f"run chmod 600 {file}"):
            ask()
    file.chmod(0o600)
    assert peppers.current() == pepper


def test_a_further_pepper_written_into_the_file_becomes_current_and_the_old_one_stays(
    file: Path, peppers: SecretFilePepperStore
) -> None:
    old = peppers.current()
    write(file, json.dumps({"current": "new", "peppers": {old.id: old.secret.hex(), "new": SECRET}}).encode())

    assert peppers.current().id == "new"
    assert peppers.current().secret == bytes.fromhex(SECRET)
    assert peppers.find(old.id) == old


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 100,
        b"[" * 100_000,
        SECRET.encode(),
        json.dumps([SECRET]).encode(),
        json.dumps({"peppers": {"a": SECRET}}).encode(),
        json.dumps({"current": "b", "peppers": {"a": SECRET}}).encode(),
        json.dumps({"current": ["a"], "peppers": {"a": SECRET}}).encode(),
        json.dumps({"current": "a", "peppers": {"a": SECRET[:-2]}}).encode(),
        json.dumps({"current": "a", "peppers": {"a": "xyz" + SECRET}}).encode(),
        json.dumps({"current": "a", "peppers": {"a": None}}).encode(),
        json.dumps({"current": "a", "peppers": [SECRET]}).encode(),
    ],
)
def test_a_garbled_file_is_named_left_alone_and_not_repeated(
    file: Path, peppers: SecretFilePepperStore, content: bytes
) -> None:
    write(file, content)
    for ask in questions(peppers, "a"):
        with pytest.raises(SecretUnavailable, match="restore it from a backup") as caught:
            ask()
        assert str(file) in str(caught.value)
        assert SECRET[:10] not in str(caught.value)
    assert file.read_bytes() == content


@pytest.mark.parametrize("place", ["pepper.json", "file/pepper.json"])
def test_a_path_that_cannot_be_read_or_made_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "pepper.json").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SecretUnavailable, match=f"{tmp_path / place} cannot be"):
        SecretFilePepperStore(tmp_path / place).current()


def test_a_full_disk_leaves_no_half_made_secret(
    file: Path, peppers: SecretFilePepperStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(SecretUnavailable, match="No space left on device"):
        peppers.current()
    monkeypatch.undo()
    assert [each.name for each in file.parent.iterdir()] == ["pepper.json.lock"]
    assert len(peppers.current().secret) == 32

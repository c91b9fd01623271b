"""What every pepper store does, whatever it keeps the pepper in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from adapters.pepper_stores.secret_file import SecretFilePepperStore
from application.ports.pepper_store import PepperStore
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fork_server import FORK_SERVER

Opener = Callable[[], PepperStore]


def secret_file(folder: str) -> PepperStore:
    return SecretFilePepperStore(Path(folder) / "secrets" / "pepper.json")


ADAPTERS: dict[str, Callable[[str], PepperStore]] = {"secret_file": secret_file}


@pytest.fixture
def reopen(kind: str, tmp_path: Path) -> Opener:
    """Opens the same store again and again."""
    if kind == "memory":
        only = InMemoryPepperStore()
        return lambda: only
    return lambda: ADAPTERS[kind](str(tmp_path))


@pytest.mark.parametrize("kind", ["memory", *ADAPTERS])
class TestPepperStore:
    def test_the_first_use_makes_a_pepper_that_stays(self, reopen: Opener) -> None:
        peppers = reopen()
        assert peppers.is_empty()
        pepper = peppers.current()
        assert not reopen().is_empty()

        assert len(pepper.secret) >= 32
        assert pepper.id
        assert peppers.current() == pepper
        assert reopen().current() == pepper

    def test_a_pepper_is_found_by_its_id(self, reopen: Opener) -> None:
        pepper = reopen().current()
        assert reopen().find(pepper.id) == pepper

    def test_a_rotation_makes_another_pepper_the_current_one_and_keeps_the_old(self, reopen: Opener) -> None:
        peppers, beside = reopen(), reopen()
        old = peppers.current()
        new = peppers.rotate()

        assert new != old
        assert peppers.current() == beside.current() == reopen().current() == new
        assert reopen().find(old.id) == beside.find(old.id) == old

    def test_a_rotation_before_the_first_use_makes_the_first(self, reopen: Opener) -> None:
        assert reopen().rotate() == reopen().current()

    def test_of_simultaneous_rotations_none_is_lost(self, reopen: Opener) -> None:
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: reopen().rotate(), range(8)))
        assert [reopen().find(pepper.id) for pepper in made] == made
        assert reopen().current() in made

    def test_an_unknown_id_finds_nothing(self, reopen: Opener) -> None:
        assert reopen().find("unknown") is None
        reopen().current()
        assert reopen().find("unknown") is None

    def test_a_pepper_made_by_one_holder_is_seen_by_another_that_had_found_none(self, reopen: Opener) -> None:
        early, late = reopen(), reopen()
        assert early.find("unknown") is None
        pepper = late.current()
        assert early.find(pepper.id) == pepper

    def test_threads_that_come_first_together_get_the_same_pepper(self, reopen: Opener) -> None:
        peppers = reopen()
        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(lambda _: peppers.current(), range(12)))
        assert got == [got[0]] * 12


def _current_at_the_signal(kind: str, folder: str, signal: Barrier, answers: "SimpleQueue[bytes]") -> None:
    peppers = ADAPTERS[kind](folder)
    signal.wait()
    answers.put(peppers.current().secret)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_processes_that_come_first_together_get_the_same_pepper(kind: str, tmp_path: Path) -> None:
    signal = FORK_SERVER.Barrier(4)
    answers: SimpleQueue[bytes] = FORK_SERVER.SimpleQueue()
    processes = [
        FORK_SERVER.Process(target=_current_at_the_signal, args=(kind, str(tmp_path), signal, answers))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert {answers.get() for _ in processes} == {ADAPTERS[kind](str(tmp_path)).current().secret}

"""What can happen to a folder of models: crashes, full disks, damage, forgery, several processes at once."""

import errno
import io
import itertools
import json
import os
import pickle
import resource
import shutil
import signal
import stat
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.model_repositories.documents import decode_version
from adapters.model_repositories.joblib_folder import JoblibModelRepository
from adapters.model_repositories.signatures import SigningKeys
from application.ports.model_repository import ModelRepository
from domain.errors import EvaluationRefused, ModelNotFound, ModelRefused, ModelStoreUnavailable, NothingToRollBack
from domain.model_version import Pruned, served_stack
from domain.property import Property
from tests.fakes.models import METRICS, ConstantPricePerArea, a_card, a_trained_model
from tests.fakes.pictures import a_picture
from tests.fork_server import FORK_SERVER

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOBODY = 65_534
ONE_PROMOTION = (
    b'{"format": 1, "number": %d, "id": "x", "previous": "", "clock_behind": false, "decision": '
    b'{"version": "%s", "action": "%s", "at": "2026-11-22T12:00:00Z", "by": "ana"}}'
)
NOW = timedelta(0)
LATER = datetime(9999, 1, 1, tzinfo=UTC)
LOOKING = {"fspath", "getpid", "stat", "lstat", "fstat", "scandir", "listdir", "_path_normpath"}
AT_ONCE = 4
EACH = 6
PATIENCE = 60  # seconds: one that fails to start must not let the others wait for ever
STORED_BY_EACH = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def repository(folder: Path) -> JoblibModelRepository:
    """The models in a folder, signed with a key that lies beside it."""
    return JoblibModelRepository(folder, SigningKeys(folder.parent / "key.pem"))


@pytest.fixture
def models(folder: Path) -> JoblibModelRepository:
    return repository(folder)


def blob_of(folder: Path, version: str) -> Path:
    digest = repository(folder).describe(version).artifact.sha256
    return folder / "blobs" / "sha256" / f"{digest}.joblib"


def manifest_of(folder: Path, version: str) -> Path:
    return folder / "versions" / version / "manifest.json"


def picture_of(folder: Path, version: str) -> Path:
    picture = repository(folder).describe(version).picture
    assert picture
    return folder / "blobs" / "sha256" / f"{picture.sha256}.json.gz"


def record_of(folder: Path, number: int) -> Path:
    return folder / "promotions" / f"{number:08}.json"


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file, with its content."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@contextmanager
def in_other_processes(work: Callable[..., None], *arguments: Sequence[Any]) -> Iterator[None]:
    """Runs `work` in one process per tuple of arguments, beside the body, and fails where one of them fails."""
    processes = [FORK_SERVER.Process(target=work, args=tuple(each)) for each in arguments]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)


def in_another_process(work: Callable[..., None], *arguments: Any) -> None:
    with in_other_processes(work, arguments):
        pass


class TestLayout:
    def test_asking_a_folder_that_is_not_there_makes_none(self, models: JoblibModelRepository, folder: Path) -> None:
        assert models.versions() == []
        assert models.promotions() == []
        with pytest.raises(ModelNotFound):
            models.load("v1")
        with pytest.raises(ModelNotFound):
            models.promote("v1", NOON, "ana")
        with pytest.raises(NothingToRollBack):
            models.roll_back(NOON, "ana")
        assert not folder.exists()

    def test_models_are_for_the_owner_alone_whatever_the_umask(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        before = os.umask(0)
        try:
            models.store(a_trained_model(), a_card())
            models.promote("v1", NOON, "ana")
        finally:
            os.umask(before)
        for path in (folder, *folder.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path

    def test_models_lie_under_their_digest_and_versions_under_their_name(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        artifact = models.store(a_trained_model(), a_card()).artifact
        models.promote("v1", NOON, "ana")
        blob = f"blobs/sha256/{artifact.sha256}.joblib"
        assert set(files_in(folder)) == {blob, "versions/v1/manifest.json", "promotions/00000001.json"}
        assert (folder / blob).stat().st_size == artifact.size

    def test_a_picture_lies_under_its_digest_and_goes_with_its_version(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        for sales in (1, 2):
            models.store(a_trained_model(), a_card(), picture=a_picture(sales=sales))
        first, second = (picture_of(folder, version) for version in ("v1", "v2"))
        assert first.exists()
        models.prune(1, NOW, LATER, "ana")
        assert not first.exists()
        assert second.exists()

    def test_a_manifest_can_be_read_by_people(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card(currency="UF"))
        text = manifest_of(folder, "v1").read_text()
        document = json.loads(text)
        manifest = document["manifest"]
        assert (document["format"], manifest["version"], manifest["card"]["currency"]) == (3, "v1", "UF")
        assert document["key"] == models.public_key()
        assert '\n    "recipe": "boosted",\n' in text

    def test_a_manifest_of_before_pictures_is_read_as_one_without(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        stored = models.store(a_trained_model(), a_card(), "ana")
        before = json.loads(manifest_of(folder, "v1").read_text())["manifest"]
        assert before.pop("picture") is None
        assert decode_version(json.dumps(before).encode()) == stored

    def test_figures_of_numpy_are_written_as_numbers(self, models: JoblibModelRepository) -> None:
        metrics = replace(METRICS, rmse=np.float64(0.1), mae=np.float64(0.25))
        models.store(a_trained_model(), a_card(metrics=metrics, libraries=types.MappingProxyType({"numpy": "2.4"})))
        assert models.describe("v1").card.metrics.rmse == 0.1
        assert type(models.describe("v1").card.metrics.mae) is float

    @pytest.mark.parametrize("figure", [float("nan"), float("inf")])
    def test_a_card_that_would_not_come_back_is_refused_and_nothing_is_stored(
        self, models: JoblibModelRepository, folder: Path, figure: float
    ) -> None:
        for metrics in (replace(METRICS, rmse=figure), replace(METRICS, r2=figure)):
            with pytest.raises(ModelRefused):
                models.store(a_trained_model(), a_card(metrics=metrics))
        assert models.versions() == []
        assert files_in(folder) == {}

    def test_a_name_that_once_served_is_never_given_again(self, models: JoblibModelRepository, folder: Path) -> None:
        for seed in range(3):
            models.store(a_trained_model(), a_card(seed=seed))
        models.promote("v3", NOON, "ana")
        shutil.rmtree(folder / "versions" / "v3")
        assert models.versions() == ["v1", "v2"]
        assert models.store(a_trained_model(), a_card()).version == "v4"


class TestDamage:
    def test_a_truncated_model_is_refused_naming_version_and_file(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        blob = blob_of(folder, "v1")
        content = blob.read_bytes()
        for length in (0, 1, len(content) // 2, len(content) - 1):
            blob.write_bytes(content[:length])
            with pytest.raises(ModelRefused, match=r"v1 .*joblib is truncated") as refusal:
                models.load("v1")
            assert str(blob) in str(refusal.value)

    def test_one_flipped_bit_anywhere_is_noticed(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        blob = blob_of(folder, "v1")
        content = blob.read_bytes()
        for place in range(len(content)):
            blob.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
            with pytest.raises(ModelRefused, match="was altered"):
                models.load("v1")
        blob.write_bytes(content)
        assert models.load("v1") == a_trained_model()

    def test_a_model_with_something_appended_is_refused(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        with blob_of(folder, "v1").open("ab") as blob:
            blob.write(b"\0")
        with pytest.raises(ModelRefused, match="was altered"):
            models.load("v1")

    @pytest.mark.parametrize(
        ("left", "cause"),
        [
            (None, "is missing"),
            (b"", "is truncated: it has 0 of"),
            (pickle.dumps(a_picture()).ljust(10_000), "was altered"),
        ],
    )
    def test_what_is_no_longer_the_picture_that_was_signed_for_is_not_opened(
        self, models: JoblibModelRepository, folder: Path, left: bytes | None, cause: str
    ) -> None:
        models.store(a_trained_model(), a_card(), picture=a_picture())
        picture = picture_of(folder, "v1")
        picture.unlink()
        if left is not None:
            picture.write_bytes(left)
        with pytest.raises(EvaluationRefused, match=rf"v1 .*json\.gz {cause}.*restore it") as refusal:
            models.picture("v1")
        assert str(picture) in str(refusal.value)

    def test_swapped_models_are_refused_both(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(1000.0), a_card())
        models.store(a_trained_model(3000.0), a_card())
        first, second = blob_of(folder, "v1"), blob_of(folder, "v2")
        first.rename(folder / "aside")
        second.rename(first)
        (folder / "aside").rename(second)
        for version in ("v1", "v2"):
            with pytest.raises(ModelRefused, match=version):
                models.load(version)

    def test_pruning_waits_where_what_serves_is_refused(self, models: JoblibModelRepository, folder: Path) -> None:
        for _ in range(2):
            models.promote(models.store(a_trained_model(), a_card()).version, NOON, "ana")
        blob_of(folder, "v2").unlink()
        with pytest.raises(ModelRefused, match="v2 is refused"):
            models.prune(1, timedelta(0), NOON, "ana")
        assert models.versions() == ["v1", "v2"]

    def test_no_version_follows_one_that_no_training_makes(self, models: JoblibModelRepository, folder: Path) -> None:
        stored = models.store(a_trained_model(), a_card())
        highest = folder / "versions" / f"v{10**18 - 1}"
        highest.mkdir()
        (highest / "manifest.json").write_bytes((folder / "versions" / stored.version / "manifest.json").read_bytes())
        with pytest.raises(ModelStoreUnavailable, match="No version can follow"):
            models.store(a_trained_model(), a_card())

    def test_a_missing_model_is_refused_by_name(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        blob = blob_of(folder, "v1")
        blob.unlink()
        with pytest.raises(ModelRefused, match=rf"v1 .*{blob.name} is missing"):
            models.verify("v1")

    def test_a_program_put_in_a_models_place_never_runs(
        self, models: JoblibModelRepository, folder: Path, tmp_path: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        blob, trap = blob_of(folder, "v1"), tmp_path / "sprung"
        size = blob.stat().st_size
        joblib.dump(Trap(str(trap)), blob)
        program = blob.read_bytes()
        for content in (program, program.ljust(size, b"\0")):
            blob.write_bytes(content)
            for act in (models.load, models.verify):
                with pytest.raises(ModelRefused):
                    act("v1")
            assert not trap.exists()
        joblib.load(blob)
        assert trap.exists(), "the trap would have sprung"

    @pytest.mark.parametrize(
        ("old", "new", "cause"),
        [
            ('"format": 3', '"format": 2', "it is in format 2, and this program reads format 3.*train again"),
            ('"format": 3', '"format": 4', "it is in format 4, and this program reads format 3.*train again"),
            ('"format": 3', '"format": "3"', r"Expected `int`, got `str` - at `\$.format`"),
            ('"format": 3,', "", "required field `format`"),
            ('"signature"', '"signed"', "required field `signature`"),
            ('"signature": "', '"signature": "A', "its signature is not that of its content"),
            ('"signature": "', '"signature": "\u00f1', "its signature is not that of its content"),
            ('"version": "v1"', '"version": "v2"', "its signature is not that of its content"),
            ('"seed": 0,', '"seed": 1,', "its signature is not that of its content"),
            ('"size": ', '"size":  ', "its signature is not that of its content"),
            ('"key": "ed25519:', '"key": "ed25519:A', "with a key that is not trusted here.*trusted_keys"),
            ('"seed": 0,', '"seed": 0', "malformed"),
            ("USD", "\udcff", "cannot be read|altered"),
            ('"seed": 0', '"seed": 0, "more": ' + "[" * 100_000, "nested too deeply|malformed|truncated"),
        ],
    )
    def test_a_tampered_manifest_is_refused_saying_where(
        self, models: JoblibModelRepository, folder: Path, old: str, new: str, cause: str
    ) -> None:
        models.store(a_trained_model(), a_card())
        manifest = manifest_of(folder, "v1")
        before, found, after = manifest.read_text().partition(old)
        assert found
        manifest.write_text(before + new + after, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(ModelRefused, match=rf"v1 .*({cause})") as refusal:
            models.load("v1")
        assert "\n" not in str(refusal.value)
        assert str(manifest) in str(refusal.value)
        assert models.versions() == ["v1"]

    def test_no_bit_of_a_manifest_can_be_flipped_unnoticed(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        manifest = manifest_of(folder, "v1")
        content = manifest.read_bytes()
        signed = content.index(b'"manifest": ') + len(b'"manifest": ')
        for place in range(0, len(content.rstrip(b"\n} ")) - 1, 7):
            manifest.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            if place < signed and content[place : place + 1].isspace():
                continue
            with pytest.raises(ModelRefused, match="v1"):
                models.describe("v1")

    def test_a_signed_manifest_is_refused_under_another_name(self, models: JoblibModelRepository, folder: Path) -> None:
        for seed in range(2):
            models.store(a_trained_model(), a_card(seed=seed))
        shutil.copy(manifest_of(folder, "v1"), manifest_of(folder, "v2"))
        with pytest.raises(ModelRefused, match=r"v2 .*is that of another version, 'v1'"):
            models.load("v2")

    def test_a_model_of_a_stranger_is_refused_and_never_loaded(
        self, models: JoblibModelRepository, folder: Path, tmp_path: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        stranger = JoblibModelRepository(folder, SigningKeys(tmp_path / "strange.pem"))
        trap = tmp_path / "sprung"
        stranger.store(Trap(str(trap)), a_card())  # type: ignore[arg-type]
        for act in (models.load, models.verify, lambda version: models.promote(version, NOON, "ana")):
            with pytest.raises(ModelRefused, match=r"v2 .*with a key that is not trusted here, 'ed25519:"):
                act("v2")
        assert not trap.exists()
        models.verify("v1")

    @pytest.mark.parametrize("length", [0, 1, 100])
    def test_a_truncated_manifest_is_refused(self, models: JoblibModelRepository, folder: Path, length: int) -> None:
        models.store(a_trained_model(), a_card())
        manifest = manifest_of(folder, "v1")
        manifest.write_bytes(manifest.read_bytes()[:length])
        with pytest.raises(ModelRefused, match="v1"):
            models.describe("v1")
        assert models.store(a_trained_model(), a_card()).version == "v2"

    @pytest.mark.parametrize(
        "garbled",
        [
            b"",
            b"{",
            b"[]",
            b"\0\0\0\0",
            (ONE_PROMOTION % (1, b"v1", b"promote")).replace(b'"format": 1', b'"format": 2'),
            (ONE_PROMOTION % (1, b"v1", b"promote")).replace(b'"previous": ""', b'"previous": "0"'),
            (ONE_PROMOTION % (1, b"v1", b"promote")).replace(b"00Z", b"00"),
            b'{"format": 1}',
            ONE_PROMOTION % (2, b"v1", b"promote"),
            ONE_PROMOTION % (1, b"../v1", b"promote"),
            ONE_PROMOTION % (1, b"v1", b"delete"),
            ONE_PROMOTION % (1, b"v1", b"rollback"),
        ],
    )
    def test_a_garbled_history_is_never_taken_for_an_empty_one(
        self, models: JoblibModelRepository, folder: Path, garbled: bytes
    ) -> None:
        models.store(a_trained_model(), a_card())
        models.promote("v1", NOON, "ana")
        history = record_of(folder, 1)
        history.write_bytes(garbled)
        models = repository(folder)
        for act in (
            models.promotions,
            lambda: models.promote("v1", NOON, "ana"),
            lambda: models.roll_back(NOON, "ana"),
            lambda: models.store(a_trained_model(), a_card()),
        ):
            with pytest.raises(ModelStoreUnavailable, match=r"00000001\.json cannot be read.*Restore it"):
                act()
        assert history.read_bytes() == garbled
        assert models.versions() == ["v1"]
        assert models.load("v1") == a_trained_model()

    def test_a_promotion_that_is_missing_before_others_is_noticed(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        for _ in range(3):
            models.promote("v1", NOON, "ana")
        record_of(folder, 2).unlink()
        with pytest.raises(ModelStoreUnavailable, match=r"00000002\.json cannot be read: it is missing"):
            repository(folder).promotions()

    def test_an_altered_promotion_is_noticed_by_the_next(self, models: JoblibModelRepository, folder: Path) -> None:
        for seed in range(2):
            models.store(a_trained_model(), a_card(seed=seed))
        models.promote("v1", NOON, "ana")
        models.promote("v1", NOON, "beto")
        record = record_of(folder, 1)
        record.write_text(record.read_text().replace('"v1"', '"v2"'))
        with pytest.raises(ModelStoreUnavailable, match=r"00000002\.json .*does not follow upon the record before"):
            repository(folder).promotions()


class TestWhatWasRead:
    """Promotions that were read are remembered, and yet do not hide what becomes of the folder."""

    @pytest.fixture
    def promoted(self, models: JoblibModelRepository) -> JoblibModelRepository:
        models.store(a_trained_model(1000.0), a_card())
        models.promote("v1", NOON, "ana")
        assert len(models.promotions()) == 1
        return models

    def test_a_promotion_by_another_process_is_seen(self, promoted: JoblibModelRepository, folder: Path) -> None:
        repository(folder).promote("v1", NOON, "beto")
        assert [made.by for made in promoted.promotions()] == ["ana", "beto"]

    def test_a_folder_that_is_gone_is_no_empty_one(self, promoted: JoblibModelRepository, folder: Path) -> None:
        folder.rename(folder.parent / "elsewhere")
        for _ in range(2):
            with pytest.raises(ModelStoreUnavailable, match=r"promotions that were in .* are gone"):
                promoted.promotions()
        (folder.parent / "elsewhere").rename(folder)
        assert len(promoted.promotions()) == 1

    def test_another_folder_in_its_place_is_read_anew(self, promoted: JoblibModelRepository, folder: Path) -> None:
        folder.rename(folder.parent / "elsewhere")
        other = repository(folder)
        other.store(a_trained_model(), a_card())
        other.promote("v1", NOON, "beto")
        assert [made.by for made in promoted.promotions()] == ["beto"]

    def test_many_threads_may_ask_and_promote(self, promoted: JoblibModelRepository) -> None:
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda number: promoted.promote("v1", NOON, f"{number}"), range(40)))
        assert sorted(promotion.number for promotion in made) == list(range(2, 42))
        assert promoted.promotions()[1:] == sorted(made, key=lambda promotion: promotion.number)


class TestOtherLibraries:
    def test_a_model_that_warns_of_its_own_version_is_refused(self, models: JoblibModelRepository) -> None:
        models.store(a_trained_model(model=WarnsWhenLoaded(1.0)), a_card(libraries={"numpy": "1.2"}))
        models.verify("v1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as a program may, unlike these tests
            with pytest.raises(ModelRefused, match=r"v1 .*made by an older version.*made with numpy 1\.2"):
                models.load("v1")

    def test_a_model_of_a_class_that_is_not_there_is_refused(
        self, models: JoblibModelRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere = types.ModuleType("made_elsewhere")
        local = type("Local", (ConstantPricePerArea,), {"__module__": "made_elsewhere", "__slots__": ()})
        elsewhere.Local = local  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "made_elsewhere", elsewhere)
            models.store(a_trained_model(model=local(1.0)), a_card())
            assert models.load("v1").model.value([a_home()])[0] == 80.0
        with pytest.raises(ModelRefused, match=r"v1 .*No module named 'made_elsewhere'"):
            models.load("v1")

    def test_what_is_no_trained_model_is_refused(self, models: JoblibModelRepository) -> None:
        models.store({"price_per_m2": 1000.0}, a_card())  # type: ignore[arg-type]
        with pytest.raises(ModelRefused, match=r"v1 .*no trained model but a dict"):
            models.load("v1")

    def test_large_arrays_come_back_to_the_last_bit(self, models: JoblibModelRepository) -> None:
        model = Table(1.0, figures=np.random.default_rng(0).normal(size=200_000))
        models.store(a_trained_model(model=model), a_card())
        loaded = models.load("v1").model
        assert isinstance(loaded, Table)
        np.testing.assert_array_equal(loaded.figures, model.figures, strict=True)

    def test_neither_storing_nor_loading_needs_the_libraries_of_training(self, folder: Path) -> None:
        in_another_process(store_and_load_lightly, folder)


class TestUnwritable:
    def test_a_full_disk_stops_the_model_and_leaves_nothing(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        models.promote("v1", NOON, "ana")
        before = files_in(folder)
        in_another_process(store_with_little_space, folder, 100)
        assert files_in(folder) == before
        assert models.store(a_trained_model(1.0), a_card()).version == "v2"

    def test_a_disk_that_fills_up_between_model_and_manifest_leaves_nothing(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        size = models.store(a_trained_model(), a_card()).artifact.size
        before = files_in(folder)
        assert size + 200 < manifest_of(folder, "v1").stat().st_size, "the model fits, its manifest does not"
        in_another_process(store_with_little_space, folder, size + 200)
        assert files_in(folder) == before
        assert [path.name for path in (folder / "versions").iterdir()] == ["v1"]
        models.verify("v1")

    def test_a_full_disk_does_not_take_back_the_same_model_stored_before(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        size = models.store(a_trained_model(2.0), a_card()).artifact.size
        in_another_process(store_with_little_space, folder, size + 200)
        models.verify("v1")

    def test_a_full_disk_leaves_the_history_as_it_was(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        models.promote("v1", NOON, "ana")
        before = files_in(folder)
        in_another_process(promote_with_little_space, folder, 100)
        assert files_in(folder) == before

    def test_a_folder_that_belongs_to_another_is_named_with_the_cause(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        folder.chmod(0o500)
        try:
            in_another_process(store_without_permission, folder)
        finally:
            folder.chmod(0o700)

    def test_a_path_below_a_file_is_named_with_the_cause(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder")
        below = tmp_path / "file" / "var" / "models"
        models = repository(below)
        for act in (lambda: models.store(a_trained_model(), a_card()), models.versions, models.promotions):
            with pytest.raises(ModelStoreUnavailable, match=r"not a directory.*set model_repository.path") as error:
                act()
            assert str(below) in str(error.value)

    def test_a_file_system_without_hard_links_is_named_with_the_cause(
        self, models: JoblibModelRepository, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(source: str, target: Path) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
        with pytest.raises(ModelStoreUnavailable, match=r"knows no hard links.*set model_repository\.path"):
            models.store(a_trained_model(), a_card())
        assert files_in(folder) == {}


class TestCrashes:
    def test_a_process_killed_at_any_moment_of_storing_leaves_all_or_nothing(self, tmp_path: Path) -> None:
        in_another_process(kill_everywhere, tmp_path, "store")

    def test_a_process_killed_at_any_moment_of_promoting_leaves_all_or_nothing(self, tmp_path: Path) -> None:
        in_another_process(kill_everywhere, tmp_path, "promote")

    def test_what_a_crash_left_counts_for_nothing_and_blocks_nothing(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        for _ in range(2):
            models.store(a_trained_model(), a_card())
        leftovers = [folder / "versions" / "v3" / ".x.tmp", folder / "blobs" / "sha256" / ".y.tmp", folder / ".z.tmp"]
        for leftover in leftovers:
            leftover.parent.mkdir(exist_ok=True)
            leftover.write_text("half a manif")
        for other in ("v", "v04", "latest", "v7"):
            (folder / "versions" / other).mkdir()
        assert models.versions() == ["v1", "v2"]
        with pytest.raises(ModelNotFound):
            models.load("v3")
        assert models.store(a_trained_model(), a_card()).version == "v3"
        assert models.versions() == ["v1", "v2", "v3"]
        assert models.prune(None, timedelta(hours=1), datetime.now(UTC), "ana").files == ()
        assert all(leftover.exists() for leftover in leftovers), "somebody may be writing them"
        models.prune(None, NOW, LATER, "ana")
        assert not any(leftover.exists() for leftover in leftovers)
        assert models.unreferenced() == []
        assert models.versions() == ["v1", "v2", "v3"]

    def test_what_was_never_finished_is_removed_by_the_next_training_once_it_is_old(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        old, young = folder / "blobs" / "sha256" / ".x.tmp", folder / "blobs" / "sha256" / ".y.tmp"
        for leftover in (old, young):
            leftover.write_text("half a mod")
        os.utime(old, (0, 0))
        models.check_storing()
        assert models.unreferenced() == [str(young)], "somebody may be writing it"

    def test_a_model_whose_manifest_never_came_is_removed_once_it_is_old(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        models.store(a_trained_model(3000.0), a_card())
        blob = blob_of(folder, "v2")
        shutil.rmtree(folder / "versions" / "v2")
        assert models.unreferenced() == [str(blob)]
        hour, written = timedelta(hours=1), datetime.fromtimestamp(blob.stat().st_mtime, UTC)
        assert models.prune(None, hour, written + hour / 2, "ana").files == ()
        size = blob.stat().st_size
        assert models.prune(None, hour, written + 2 * hour, "ana") == Pruned(files=(str(blob),), size=size)
        assert not blob.exists()
        models.verify("v1")

    def test_a_model_left_behind_that_is_stored_again_is_young_again(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        blob = blob_of(folder, models.store(a_trained_model(), a_card()).version)
        shutil.rmtree(folder / "versions" / "v1")
        os.utime(blob, (0, 0))
        models.store(a_trained_model(), a_card())
        assert blob.stat().st_mtime > 1e9
        models.load("v1")

    def test_models_of_manifests_that_cannot_be_read_stay(self, models: JoblibModelRepository, folder: Path) -> None:
        models.store(a_trained_model(), a_card())
        manifest = manifest_of(folder, "v1")
        manifest.write_text(manifest.read_text().replace('"format": 3', '"format": 2'))
        assert models.prune(None, NOW, LATER, "ana") == Pruned()
        assert models.unreferenced() == []

    def test_what_was_retired_but_not_removed_yet_is_removed_by_the_next(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        for seed in range(2):
            models.store(a_trained_model(1000.0 + seed), a_card(seed=seed))
        aside = shutil.copytree(folder / "versions", folder.parent / "aside")
        models.prune(1, NOW, LATER, "ana")
        shutil.copytree(aside, folder / "versions", dirs_exist_ok=True)
        with pytest.raises(ModelRefused, match=r"v1 .*is missing"):
            models.promote("v1", NOON, "ana")
        assert models.prune(None, NOW, LATER, "ana").versions == ("v1",)
        assert models.versions() == ["v2"]


class TestAtOnce:
    def test_models_stored_at_the_same_time_get_names_of_their_own(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        start = FORK_SERVER.Barrier(AT_ONCE, timeout=PATIENCE)
        with in_other_processes(store_in_folder, *((folder, start, worker) for worker in range(AT_ONCE))):
            pass
        assert models.versions() == [f"v{number}" for number in range(1, AT_ONCE * EACH + 1)]
        assert {(models.describe(version).card.seed, price_of(models, version)) for version in models.versions()} == {
            (worker, 100.0 * worker + turn) for worker in range(AT_ONCE) for turn in range(EACH)
        }

    def test_promotions_made_at_the_same_time_are_all_remembered(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        for worker in range(AT_ONCE):
            models.store(a_trained_model(), a_card(seed=worker))
        start = FORK_SERVER.Barrier(AT_ONCE, timeout=PATIENCE)
        with in_other_processes(promote_in_folder, *((folder, start, worker) for worker in range(AT_ONCE))):
            pass
        made = [(promotion.version, promotion.by) for promotion in models.promotions()]
        assert sorted(made) == sorted([(f"v{worker + 1}", f"{worker}") for worker in range(AT_ONCE)] * EACH)
        assert served_stack(models.promotions())[-1] == made[-1][0]

    def test_pruning_beside_storing_and_promoting_takes_nothing_that_is_needed(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        models.store(a_trained_model(), a_card())
        start = FORK_SERVER.Barrier(AT_ONCE, timeout=PATIENCE)
        stop, told = folder.with_name("stop"), [folder.with_name("one"), folder.with_name("two")]
        with in_other_processes(promote_or_prune, *((folder, start, stop, role) for role in ("promote", "prune"))):
            try:
                with in_other_processes(store_the_same, *((folder, start, names) for names in told)):
                    pass
            finally:
                stop.touch()
        stored = [version for names in told for version in names.read_text().split()]
        assert len(set(stored)) == len(stored) >= 2 * STORED_BY_EACH, "each has a name of its own"
        assert models.versions()[-1] == max(stored, key=lambda version: int(version[1:]))
        for version in models.versions():
            models.verify(version)
        models.load(served_stack(models.promotions())[-1])
        assert len(models.versions()) < len(stored)

    def test_a_name_that_others_gave_and_pruned_since_it_was_chosen_is_not_given_again(
        self, models: JoblibModelRepository, folder: Path
    ) -> None:
        def others_are_faster() -> None:
            for _ in range(3):
                models.store(a_trained_model(1000.0), a_card())
            assert models.prune(2, NOW, LATER, "ana").versions == ("v1", "v2")

        models.store(a_trained_model(1000.0), a_card())
        slow = JoblibModelRepository(folder, SlowToSign(folder.parent / "key.pem", others_are_faster))
        assert slow.store(a_trained_model(2000.0), a_card()).version == "v5"
        assert models.versions() == ["v3", "v4", "v5"]
        assert price_of(models, "v5") == 2000.0


def a_home() -> Property:
    return Property("casa", "Ñuñoa", 80.0, 100.0, 3, 2, -33.45, -70.6)


def price_of(models: ModelRepository, version: str) -> float:
    model = models.load(version).model
    assert isinstance(model, ConstantPricePerArea)
    return model.price_per_m2


class SlowToSign(SigningKeys):
    """Keys of one who is overtaken before the first signature."""

    def __init__(self, file: Path, meanwhile: Callable[[], None]) -> None:
        super().__init__(file)
        self._meanwhile = [meanwhile]

    def sign(self, content: bytes) -> tuple[str, str]:
        if self._meanwhile:
            self._meanwhile.pop()()
        return super().sign(content)


@dataclass(frozen=True)
class Trap:
    """Makes a folder when it is unpickled."""

    folder: str

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.folder,)


class WarnsWhenLoaded(ConstantPricePerArea):
    """Does what scikit-learn does with a model of another version."""

    def __setstate__(self, state: object) -> None:
        warnings.warn("made by an older version", UserWarning, stacklevel=1)


@dataclass(frozen=True)
class Table(ConstantPricePerArea):
    """A model with an array of figures."""

    figures: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


# What runs in processes of its own. A failure there is a failed assertion, and so an exit code.


def store_and_load_lightly(folder: Path) -> None:
    models = repository(folder)
    version = models.store(a_trained_model(), a_card(), picture=a_picture()).version
    models.load(version)
    models.picture(version)
    assert not {"pandas", "sklearn", "lightgbm", "category_encoders", "scipy"} & set(sys.modules)


def store_with_little_space(folder: Path, size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.raises(ModelStoreUnavailable, match="file too large") as error:
        repository(folder).store(a_trained_model(2.0), a_card())
    assert str(folder) in str(error.value)


def promote_with_little_space(folder: Path, size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.raises(ModelStoreUnavailable, match="file too large"):
        repository(folder).promote("v1", NOON, "beto")


def store_without_permission(folder: Path) -> None:
    if os.getuid() == 0:
        os.setuid(NOBODY)
    models = JoblibModelRepository(folder, SigningKeys(Path(tempfile.mkdtemp()) / "key.pem"))
    with pytest.raises(ModelStoreUnavailable, match=r"permission denied.*give this user the right") as error:
        models.store(a_trained_model(2.0), a_card())
    assert str(folder) in str(error.value)


def store_in_folder(folder: Path, start: Barrier, worker: int) -> None:
    store_several(repository(folder), start, worker)


def promote_in_folder(folder: Path, start: Barrier, worker: int) -> None:
    promote_several(repository(folder), start, worker)


def store_the_same(folder: Path, start: Barrier, names: Path) -> None:
    models = repository(folder)
    start.wait()
    with names.open("w") as told:
        for turn in range(10 * STORED_BY_EACH):
            if turn >= STORED_BY_EACH and len(models.versions()) < turn:
                break  # something was pruned meanwhile, which may wait long for its turn
            stored = models.store(a_trained_model(1000.0 + turn % 3), a_card())  # the same as the other process
            told.write(f"{stored.version}\n")


def promote_or_prune(folder: Path, start: Barrier, stop: Path, role: str) -> None:
    models = repository(folder)
    start.wait()
    turn = 0
    while not stop.exists():
        turn += 1
        if role == "prune":
            models.prune(2, timedelta(hours=1), datetime.now(UTC), "ana")
        else:
            with suppress(ModelNotFound, ModelRefused):  # pruned the moment before
                versions = models.versions()
                models.promote(versions[turn % len(versions)], datetime.now(UTC), "ana")


def store_several(models: ModelRepository, start: Barrier, worker: int, times: int = EACH) -> None:
    start.wait()
    for turn in range(times):
        models.store(a_trained_model(100.0 * worker + turn), a_card(seed=worker))


def promote_several(models: ModelRepository, start: Barrier, worker: int, times: int = EACH) -> None:
    start.wait()
    for _ in range(times):
        models.promote(f"v{worker + 1}", NOON, f"{worker}")


def kill_everywhere(folder: Path, action: str) -> None:
    """Kills a process before its first, second, ... call that changes something, until one gets through unharmed."""
    template = repository(folder / "template")
    template.store(a_trained_model(1000.0), a_card())
    template.promote("v1", NOON, "ana")
    for call in itertools.count(1):
        place = folder / f"{call}"
        shutil.copytree(folder / "template", place)
        models = repository(place)
        killed = killed_before(call, models, action)
        versions = models.versions()
        assert versions in (["v1"], ["v1", "v2"])
        assert [price_of(models, version) for version in versions] == [1000.0, 2000.0][: len(versions)]
        assert [promotion.by for promotion in models.promotions()] in (["ana"], ["ana", "beto"])
        assert models.store(a_trained_model(3000.0), a_card()).version == f"v{len(versions) + 1}"
        models.prune(None, NOW, LATER, "ana")
        assert models.unreferenced() == []
        assert [models.picture(version) for version in versions[1:]] == [a_picture()] * len(versions[1:])
        blobs = len(versions) + 1 + len(versions[1:])  # v2 has a picture, too
        assert len(list((place / "blobs" / "sha256").iterdir())) == blobs
        assert not [name for name in files_in(place) if name.endswith(".tmp")]
        if not killed:
            assert call > 10, "there were calls to be killed before"
            return


def killed_before(call: int, models: JoblibModelRepository, action: str) -> bool:
    """Whether a process that does `action` got as far as this call that changes something, and was killed there."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        assert status in (0, signal.SIGKILL), f"neither done nor killed: {status}"
        return status != 0
    calls = itertools.count(1)

    def watch(frame: object, event: str, called: Any) -> None:
        if event == "c_call" and changes_something(called) and next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    if action == "store":
        models.store(a_trained_model(2000.0), a_card(), picture=a_picture())
    else:
        models.promote("v1", NOON, "beto")
    os._exit(0)


def changes_something(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    on_a_file = isinstance(owner, io.RawIOBase | io.BufferedIOBase) and not isinstance(owner, io.BytesIO)
    return on_a_file or (called.__module__ in ("posix", "fcntl") and called.__name__ not in LOOKING)

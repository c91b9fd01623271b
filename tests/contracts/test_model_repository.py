"""What every model repository does, whatever it keeps models in."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import boto3
import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from adapters.model_repositories.joblib_folder import JoblibModelRepository
from adapters.model_repositories.object_storage import ObjectStorageModelRepository
from adapters.model_repositories.signatures import SigningKeys
from application.ports.model_repository import ModelRepository
from domain.errors import (
    EvaluationNotKept,
    EvaluationRefused,
    ModelNotFound,
    ModelRefused,
    ModelStoreUnavailable,
    NothingToRollBack,
)
from domain.model_version import Promotion, served_stack
from domain.property import Property
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import METRICS, a_card, a_trained_model
from tests.fakes.pictures import a_picture

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOMORROW = datetime(9999, 1, 1, tzinfo=UTC)
"""When every file is old."""
HOME = Property("casa", "Ñuñoa", 80.0, 100.0, 3, 2, -33.45, -70.6)
OTHER_HOME = replace(HOME, net_usable_area=120.5)
UNKNOWN_NAMES = (
    *("v2", "v0", "v01", "V1", "1", "", "v", "v1 ", "v1\n", "v-1", "v1.0", "v\uff11", "../v1", "v1/../v1", "/etc"),
    *("v" * 999, "v" + "9" * 5000),
)


@dataclass(frozen=True)
class Shelf:
    """A repository, how to alter the bytes of a stored model or picture in it, and how to put it out of reach."""

    models: ModelRepository
    damage: Callable[[str], None]
    damage_picture: Callable[[str], None]
    go_down: Callable[[], None]


Damage = Callable[[str], None]


def damaging(models: ModelRepository, alter: Callable[[str], None]) -> tuple[Damage, Damage]:
    """What alters the model and the picture of a version, where `alter` does so to an object."""

    def damage(version: str) -> None:
        alter(f"blobs/sha256/{models.describe(version).artifact.sha256}.joblib")

    def damage_picture(version: str) -> None:
        picture = models.describe(version).picture
        assert picture
        alter(f"blobs/sha256/{picture.sha256}.json.gz")

    return damage, damage_picture


class BreakableMemory(MemoryFileSystem):  # type: ignore[misc]
    """The file system in memory of fsspec, which can be out of reach."""

    protocol = "breakable"
    store: ClassVar[dict[str, Any]] = {}
    down: ClassVar[set[str]] = set()

    def _refuse_if_down(self, path: str) -> None:
        if any(path.startswith(f"breakable://{name}") for name in self.down):
            raise TimeoutError("no answer")

    def cat_file(self, path: str, *args: Any, **kwargs: Any) -> Any:
        self._refuse_if_down(path)
        return super().cat_file(self._strip_protocol(path), *args, **kwargs)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> Any:
        self._refuse_if_down(path)
        return super().pipe_file(path, value, mode=mode, **kwargs)

    def find(self, path: str, *args: Any, **kwargs: Any) -> Any:
        self._refuse_if_down(path)
        return super().find(path, *args, **kwargs)

    def info(self, path: str, **kwargs: Any) -> Any:
        self._refuse_if_down(path)
        return super().info(path, **kwargs)

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.removeprefix("breakable://"))


fsspec.register_implementation("breakable", BreakableMemory)


def in_memory(folder: Path, request: pytest.FixtureRequest) -> Shelf:
    models = InMemoryModelRepository()
    return Shelf(models, models.damage, models.damage_picture, models.go_down)


def joblib_folder(folder: Path, request: pytest.FixtureRequest) -> Shelf:
    place = folder / "models"
    models = JoblibModelRepository(place, SigningKeys(folder / "key.pem"))

    def alter(name: str) -> None:
        file = place / name
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    def go_down() -> None:
        if place.exists():
            place.rename(folder / "elsewhere")
        place.write_text("a file where the folder should be")

    return Shelf(models, *damaging(models, alter), go_down)


def fsspec_memory(folder: Path, request: pytest.FixtureRequest) -> Shelf:
    root = uuid.uuid4().hex
    models = ObjectStorageModelRepository(f"breakable://{root}", SigningKeys(folder / "key.pem"))

    def alter(name: str) -> None:
        files = BreakableMemory()
        content = files.cat_file(f"/{root}/{name}")
        files.pipe_file(f"/{root}/{name}", content[:-1] + bytes([content[-1] ^ 1]))

    return Shelf(models, *damaging(models, alter), lambda: BreakableMemory.down.add(root))


def s3(folder: Path, request: pytest.FixtureRequest) -> Shelf:
    bucket = request.getfixturevalue("bucket")
    models = ObjectStorageModelRepository(f"s3://{bucket}/some/folder", SigningKeys(folder / "key.pem"))
    store = boto3.resource("s3", endpoint_url=request.getfixturevalue("s3_environment")).Bucket(bucket)

    def alter(name: str) -> None:
        blob = store.Object(f"some/folder/{name}")
        content = blob.get()["Body"].read()
        blob.put(Body=content[:-1] + bytes([content[-1] ^ 1]))

    def go_down() -> None:
        store.objects.all().delete()
        store.delete()

    return Shelf(models, *damaging(models, alter), go_down)


KINDS = [in_memory, joblib_folder, fsspec_memory]
ALSO_S3 = pytest.mark.parametrize("shelf", [*KINDS, s3], indirect=True)
"""Of what depends on the server. S3 differs from the file system in memory by that alone, and takes seconds."""


@pytest.fixture(params=KINDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    made: Shelf = request.param(tmp_path, request)
    return made


@pytest.fixture
def models(shelf: Shelf) -> ModelRepository:
    return shelf.models


class TestStoring:
    @ALSO_S3
    def test_a_new_repository_holds_nothing_and_serves_nothing(self, models: ModelRepository) -> None:
        assert models.versions() == []
        assert models.promotions() == []

    def test_versions_are_numbered_in_the_order_of_storing_past_nine(self, models: ModelRepository) -> None:
        stored = [models.store(a_trained_model(1000.0 + n), a_card(seed=n)).version for n in range(11)]
        assert stored == ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"]
        assert models.versions() == stored

    @ALSO_S3
    def test_a_stored_model_comes_back_and_values_homes_as_before(self, models: ModelRepository) -> None:
        trained = a_trained_model(2345.678)
        version = models.store(trained, a_card()).version
        loaded = models.load(version)
        assert loaded == trained
        np.testing.assert_array_equal(
            loaded.model.value([HOME, OTHER_HOME]), trained.model.value([HOME, OTHER_HOME]), strict=True
        )
        assert loaded.errors.interval(100.0, 1.0, 0.5) == trained.errors.interval(100.0, 1.0, 0.5)

    def test_each_version_keeps_its_own_model(self, models: ModelRepository) -> None:
        cheap = models.store(a_trained_model(1000.0), a_card())
        dear = models.store(a_trained_model(3000.0), a_card())
        assert models.load(cheap.version).model.value([HOME])[0] == 80_000.0
        assert models.load(dear.version).model.value([HOME])[0] == 240_000.0

    @ALSO_S3
    def test_the_same_model_may_be_stored_twice(self, models: ModelRepository) -> None:
        first = models.store(a_trained_model(), a_card())
        second = models.store(a_trained_model(), a_card())
        assert models.versions() == [first.version, second.version] == ["v1", "v2"]
        assert models.load("v1") == models.load("v2")

    def test_a_version_says_of_itself_what_was_said_when_it_was_stored(self, models: ModelRepository) -> None:
        card = a_card(
            recipe="forest", currency="UF", metrics=replace(METRICS, rmse=1 / 3, r2=None), libraries={"numpy": "2.4.6"}
        )
        stored = models.store(a_trained_model(), card, "ana")
        assert stored.card == card
        assert stored.stored_by == "ana"
        assert models.describe(stored.version) == stored

    def test_storing_promotes_nothing(self, models: ModelRepository) -> None:
        models.store(a_trained_model(), a_card())
        assert models.promotions() == []

    @ALSO_S3
    def test_a_version_that_is_not_stored_is_not_found(self, models: ModelRepository) -> None:
        models.store(a_trained_model(), a_card())
        for name in UNKNOWN_NAMES:
            for act in (models.load, models.verify, models.describe, lambda name: models.promote(name, NOON, "ana")):
                with pytest.raises(ModelNotFound):
                    act(name)
        assert models.promotions() == []


class TestDamage:
    @ALSO_S3
    def test_an_altered_model_is_refused_by_name_and_never_loaded(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(1000.0), a_card())
        shelf.models.store(a_trained_model(3000.0), a_card())
        shelf.damage("v2")
        for act in (shelf.models.load, shelf.models.verify):
            with pytest.raises(ModelRefused, match="v2"):
                act("v2")
        shelf.models.verify("v1")
        assert shelf.models.load("v1") == a_trained_model(1000.0)

    def test_an_altered_model_is_not_promoted(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(1000.0), a_card())
        shelf.models.store(a_trained_model(3000.0), a_card())
        shelf.models.promote("v1", NOON, "ana")
        shelf.damage("v2")
        with pytest.raises(ModelRefused, match="v2"):
            shelf.models.promote("v2", NOON, "ana")
        assert served_stack(shelf.models.promotions()) == ["v1"]

    def test_nothing_rolls_back_to_an_altered_model(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(1000.0), a_card())
        shelf.models.store(a_trained_model(3000.0), a_card())
        shelf.models.promote("v1", NOON, "ana")
        shelf.models.promote("v2", NOON, "ana")
        shelf.damage("v1")
        with pytest.raises(ModelRefused, match="v1"):
            shelf.models.roll_back(NOON, "ana")
        assert served_stack(shelf.models.promotions()) == ["v1", "v2"]

    @ALSO_S3
    def test_a_repository_that_is_out_of_reach_says_so_whatever_is_asked(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(), a_card(), picture=a_picture())
        shelf.models.promote("v1", NOON, "ana")
        shelf.go_down()
        for act in (
            lambda: shelf.models.store(a_trained_model(), a_card()),
            lambda: shelf.models.load("v1"),
            shelf.models.unreferenced,
            lambda: shelf.models.prune(1, timedelta(0), NOON, "ana"),
            lambda: shelf.models.verify("v1"),
            lambda: shelf.models.describe("v1"),
            lambda: shelf.models.picture("v1"),
            shelf.models.versions,
            shelf.models.promotions,
            lambda: shelf.models.promote("v1", NOON, "ana"),
            lambda: shelf.models.roll_back(NOON, "ana"),
        ):
            with pytest.raises(ModelStoreUnavailable):
                act()


class TestPictures:
    """Of the holdouts that versions were judged by."""

    @ALSO_S3
    def test_comes_back_to_the_last_digit_also_where_the_model_is_altered(self, shelf: Shelf) -> None:
        stored = shelf.models.store(a_trained_model(), a_card(), "ana", a_picture())
        assert shelf.models.describe("v1") == stored
        shelf.damage("v1")
        assert shelf.models.picture("v1") == a_picture()

    def test_each_version_has_its_own(self, models: ModelRepository) -> None:
        for sales in (25, 26):
            models.store(a_trained_model(), a_card(), picture=a_picture(sales=sales))
        assert [models.picture(version).sales for version in ("v1", "v2")] == [25, 26]

    def test_a_version_that_was_stored_without_one_says_so(self, models: ModelRepository) -> None:
        models.store(a_trained_model(), a_card())
        with pytest.raises(EvaluationNotKept, match=r"v1 was stored without.*train again"):
            models.picture("v1")
        for name in UNKNOWN_NAMES:
            with pytest.raises(ModelNotFound):
                models.picture(name)

    @ALSO_S3
    def test_an_altered_one_is_refused_and_keeps_no_model_from_service(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(), a_card(), picture=a_picture())
        shelf.damage_picture("v1")
        with pytest.raises(EvaluationRefused, match="v1"):
            shelf.models.picture("v1")
        shelf.models.promote("v1", NOON, "ana")
        assert shelf.models.load("v1") == a_trained_model()

    def test_one_that_would_not_come_back_is_refused_and_nothing_is_stored(self, models: ModelRepository) -> None:
        bad = replace(a_picture().points, value=(float("nan"), 1.0))
        with pytest.raises(ModelRefused, match="is not stored"):
            models.store(a_trained_model(), a_card(), picture=a_picture(points=bad))
        assert models.versions() == models.unreferenced() == []

    @ALSO_S3
    def test_goes_with_its_version_and_stays_where_another_has_the_same(self, models: ModelRepository) -> None:
        for sales in (1, 2, 2):
            models.store(a_trained_model(), a_card(), picture=a_picture(sales=sales))
        models.prune(1, timedelta(0), TOMORROW, "ana")
        assert models.unreferenced() == []
        with pytest.raises(ModelNotFound):
            models.picture("v1")
        assert models.picture("v3").sales == 2


class TestPromoting:
    @pytest.fixture
    def three(self, models: ModelRepository) -> ModelRepository:
        for price in (1000.0, 2000.0, 3000.0):
            models.store(a_trained_model(price), a_card())
        return models

    @ALSO_S3
    def test_the_history_tells_who_made_what_serve_when_and_why(self, three: ModelRepository) -> None:
        made = [
            three.promote("v1", NOON, "ana"),
            three.promote("v3", NOON + timedelta(hours=1), "beto", 'lower COD, "at last"\nñandú'),
            three.roll_back(NOON + timedelta(hours=2), "ana", "too dear in Vitacura"),
        ]
        assert three.promotions() == made
        assert made == [
            Promotion("v1", "promote", NOON, "ana", "", 1),
            Promotion("v3", "promote", NOON + timedelta(hours=1), "beto", 'lower COD, "at last"\nñandú', 2),
            Promotion("v1", "rollback", NOON + timedelta(hours=2), "ana", "too dear in Vitacura", 3),
        ]

    def test_any_stored_version_can_be_served_also_an_older_one(self, three: ModelRepository) -> None:
        for version in ("v3", "v1", "v2"):
            three.promote(version, NOON, "ana")
            assert served_stack(three.promotions())[-1] == version

    def test_rollbacks_walk_back_through_what_was_served(self, three: ModelRepository) -> None:
        for version in ("v1", "v2", "v3"):
            three.promote(version, NOON, "ana")
        assert three.roll_back(NOON, "ana").version == "v2"
        assert three.roll_back(NOON, "ana").version == "v1"
        assert served_stack(three.promotions()) == ["v1"]

    def test_there_is_nothing_to_roll_back_to_before_the_first_version_served(self, three: ModelRepository) -> None:
        with pytest.raises(NothingToRollBack):
            three.roll_back(NOON, "ana")
        three.promote("v1", NOON, "ana")
        three.promote("v1", NOON, "ana", "once more")
        with pytest.raises(NothingToRollBack):
            three.roll_back(NOON, "ana")
        assert served_stack(three.promotions()) == ["v1"]

    def test_a_clock_that_is_set_back_reorders_nothing_and_is_told(self, three: ModelRepository) -> None:
        three.promote("v1", NOON, "ana")
        three.promote("v2", NOON - timedelta(days=2), "ana")
        three.promote("v3", NOON - timedelta(days=1), "ana")
        assert [(made.version, made.number, made.clock_behind) for made in three.promotions()] == [
            ("v1", 1, False),
            ("v2", 2, True),
            ("v3", 3, False),
        ]
        assert three.promotions()[1].at == NOON - timedelta(days=2)
        assert three.roll_back(NOON, "ana").version == "v2"


class TestPruning:
    """Of six versions; v4 serves, and v1, v2 and v3 did before it."""

    @pytest.fixture
    def six(self, models: ModelRepository) -> ModelRepository:
        for seed in range(6):
            models.store(a_trained_model(1000.0 + seed), a_card(seed=seed))
        for version in ("v1", "v2", "v3", "v4"):
            models.promote(version, NOON, "ana")
        return models

    def test_keeps_every_version_unless_it_is_told_how_many(self, six: ModelRepository) -> None:
        assert six.prune(None, timedelta(0), TOMORROW, "ana").versions == ()
        assert six.versions() == ["v1", "v2", "v3", "v4", "v5", "v6"]

    @ALSO_S3
    def test_keeps_the_newest_and_those_that_were_served_last(self, six: ModelRepository) -> None:
        pruned = six.prune(2, timedelta(0), TOMORROW, "ana")
        assert pruned.versions == pruned.out_of_reach == ("v1", "v2")
        assert six.versions() == ["v3", "v4", "v5", "v6"]
        for version in six.versions():
            six.verify(version)
        assert six.unreferenced() == []

    def test_only_tells_what_it_would_remove_where_it_is_a_rehearsal(self, six: ModelRepository) -> None:
        rehearsed = six.prune(2, timedelta(0), TOMORROW, "ana", dry_run=True)
        assert len(six.versions()) == 6
        for version in six.versions():
            six.verify(version)
        assert six.prune(2, timedelta(0), TOMORROW, "ana") == rehearsed

    def test_never_removes_what_is_served(self, six: ModelRepository) -> None:
        six.promote("v1", NOON, "ana")
        assert six.prune(1, timedelta(0), TOMORROW, "ana").versions == ("v2", "v3", "v4", "v5")
        assert six.load("v1") == a_trained_model(1000.0)

    def test_what_is_removed_cannot_be_promoted_nor_rolled_back_to(self, six: ModelRepository) -> None:
        six.prune(1, timedelta(0), TOMORROW, "ana")
        for act in (six.load, six.describe, lambda version: six.promote(version, NOON, "ana")):
            with pytest.raises(ModelNotFound):
                act("v1")
        with pytest.raises(NothingToRollBack, match=r"v3.*removed"):
            six.roll_back(NOON, "ana")
        assert served_stack(six.promotions())[-1] == "v4"

    def test_a_name_that_was_removed_is_never_given_again(self, six: ModelRepository) -> None:
        six.promote("v1", NOON, "ana")
        six.prune(1, timedelta(0), TOMORROW, "ana")
        assert six.versions() == ["v1", "v6"]
        assert six.store(a_trained_model(), a_card()).version == "v7"

    def test_changes_nothing_about_the_promotions(self, six: ModelRepository) -> None:
        before = six.promotions()
        six.prune(1, timedelta(0), TOMORROW, "ana")
        assert six.promotions() == before
        assert six.promote("v6", TOMORROW, "ana").clock_behind is False
        assert six.roll_back(TOMORROW, "ana").version == "v4"

    def test_a_model_that_two_versions_share_stays_for_the_one_that_stays(self, models: ModelRepository) -> None:
        models.store(a_trained_model(), a_card())
        models.store(a_trained_model(), a_card())
        assert models.prune(1, timedelta(0), TOMORROW, "ana").versions == ("v1",)
        assert models.load("v2") == a_trained_model()


def test_the_public_key_can_be_pinned_as_it_is_shown(models: ModelRepository) -> None:
    assert re.fullmatch("ed25519:[A-Za-z0-9+/]{43}=", models.public_key())
    assert models.public_key() == models.public_key()

"""What every model repository does, whatever it keeps models in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from adapters.model_repositories.joblib_folder import JoblibModelRepository
from application.ports.model_repository import ModelRepository
from domain.errors import ModelNotFound, ModelRefused, ModelStoreUnavailable, NothingToRollBack
from domain.model_version import Promotion, served_stack
from domain.property import Property
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import METRICS, a_card, a_trained_model

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOME = Property("casa", "Ñuñoa", 80.0, 100.0, 3, 2, -33.45, -70.6)
OTHER_HOME = replace(HOME, net_usable_area=120.5)
UNKNOWN_NAMES = (
    *("v2", "v0", "v01", "V1", "1", "", "v", "v1 ", "v1\n", "v-1", "v1.0", "v\uff11", "../v1", "v1/../v1", "/etc"),
    pytest.param("v" * 999, id="long"),
    pytest.param("v" + "9" * 5000, id="huge"),
)


@dataclass(frozen=True)
class Shelf:
    """A repository, how to alter the bytes of a stored model in it, and how to put it out of reach."""

    models: ModelRepository
    damage: Callable[[str], None]
    go_down: Callable[[], None]


def in_memory(folder: Path) -> Shelf:
    models = InMemoryModelRepository()
    return Shelf(models, models.damage, models.go_down)


def joblib_folder(folder: Path) -> Shelf:
    place = folder / "models"
    models = JoblibModelRepository(place)

    def damage(version: str) -> None:
        file = place / "blobs" / "sha256" / f"{models.describe(version).artifact.sha256}.joblib"
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    def go_down() -> None:
        if place.exists():
            place.rename(folder / "elsewhere")
        place.write_text("a file where the folder should be")

    return Shelf(models, damage, go_down)


@pytest.fixture(params=[in_memory, joblib_folder])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    made: Shelf = request.param(tmp_path)
    return made


@pytest.fixture
def models(shelf: Shelf) -> ModelRepository:
    return shelf.models


class TestStoring:
    def test_a_new_repository_holds_nothing_and_serves_nothing(self, models: ModelRepository) -> None:
        assert models.versions() == []
        assert models.promotions() == []

    def test_versions_are_numbered_in_the_order_of_storing_past_nine(self, models: ModelRepository) -> None:
        stored = [models.store(a_trained_model(1000.0 + n), a_card(seed=n)).version for n in range(11)]
        assert stored == ["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11"]
        assert models.versions() == stored

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

    def test_the_same_model_may_be_stored_twice(self, models: ModelRepository) -> None:
        first = models.store(a_trained_model(), a_card())
        second = models.store(a_trained_model(), a_card())
        assert models.versions() == [first.version, second.version] == ["v1", "v2"]
        assert models.load("v1") == models.load("v2")

    def test_a_version_says_of_itself_what_was_said_when_it_was_stored(self, models: ModelRepository) -> None:
        card = a_card(
            recipe="forest", currency="UF", metrics=replace(METRICS, rmse=1 / 3, r2=None), libraries={"numpy": "2.4.6"}
        )
        stored = models.store(a_trained_model(), card)
        assert stored.card == card
        assert models.describe(stored.version) == stored

    def test_storing_promotes_nothing(self, models: ModelRepository) -> None:
        models.store(a_trained_model(), a_card())
        assert models.promotions() == []

    @pytest.mark.parametrize("name", UNKNOWN_NAMES)
    def test_a_version_that_is_not_stored_is_not_found(self, models: ModelRepository, name: str) -> None:
        models.store(a_trained_model(), a_card())
        for act in (models.load, models.verify, models.describe, lambda version: models.promote(version, NOON, "ana")):
            with pytest.raises(ModelNotFound):
                act(name)
        assert models.promotions() == []


class TestDamage:
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

    def test_a_repository_that_is_out_of_reach_says_so_whatever_is_asked(self, shelf: Shelf) -> None:
        shelf.models.store(a_trained_model(), a_card())
        shelf.models.promote("v1", NOON, "ana")
        shelf.go_down()
        for act in (
            lambda: shelf.models.store(a_trained_model(), a_card()),
            lambda: shelf.models.load("v1"),
            lambda: shelf.models.verify("v1"),
            lambda: shelf.models.describe("v1"),
            shelf.models.versions,
            shelf.models.promotions,
            lambda: shelf.models.promote("v1", NOON, "ana"),
            lambda: shelf.models.roll_back(NOON, "ana"),
        ):
            with pytest.raises(ModelStoreUnavailable):
                act()


class TestPromoting:
    @pytest.fixture
    def three(self, models: ModelRepository) -> ModelRepository:
        for price in (1000.0, 2000.0, 3000.0):
            models.store(a_trained_model(price), a_card())
        return models

    def test_the_history_tells_who_made_what_serve_when_and_why(self, three: ModelRepository) -> None:
        made = [
            three.promote("v1", NOON, "ana"),
            three.promote("v3", NOON + timedelta(hours=1), "beto", 'lower COD, "at last"\nñandú'),
            three.roll_back(NOON + timedelta(hours=2), "ana", "too dear in Vitacura"),
        ]
        assert three.promotions() == made
        assert made == [
            Promotion("v1", "promote", NOON, "ana", ""),
            Promotion("v3", "promote", NOON + timedelta(hours=1), "beto", 'lower COD, "at last"\nñandú'),
            Promotion("v1", "rollback", NOON + timedelta(hours=2), "ana", "too dear in Vitacura"),
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

"""The model that is served, and what happens when it changes or breaks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from application.ports.model_trainer import TrainedModel
from application.served_model import ServedModel
from domain.errors import ModelStoreUnavailable, NoModelServed
from domain.property import Property
from domain.valuation import LogEffects
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ConstantPricePerArea, a_card, a_trained_model


def stored(count: int) -> InMemoryModelRepository:
    models = InMemoryModelRepository()
    for number in range(count):
        models.store(a_trained_model(1000.0 * (number + 1)), a_card())
    return models


def served_version(served: ServedModel) -> str:
    return served.current().description.version


def test_nothing_is_served_before_a_promotion() -> None:
    served = ServedModel(stored(1))
    assert not served.refresh()
    with pytest.raises(NoModelServed):
        served.current()


def test_a_promoted_version_is_served_after_a_refresh() -> None:
    models = stored(2)
    served = ServedModel(models)
    for version in ("v1", "v2"):
        models.promote(version, NOON, "ana")
        assert served.refresh()
        assert served_version(served) == version


def test_a_rollback_is_followed() -> None:
    models = stored(2)
    served = ServedModel(models)
    models.promote("v1", NOON, "ana")
    models.promote("v2", NOON, "ana")
    served.refresh()
    models.roll_back(NOON, "ana")
    assert served.refresh()
    assert served_version(served) == "v1"


def test_nothing_is_loaded_again_where_nothing_changed() -> None:
    models = stored(1)
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    before = served.current()
    assert not served.refresh()
    assert served.current() is before


def test_a_damaged_version_is_refused_by_name_and_the_served_one_stays() -> None:
    models = stored(2)
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    models.promote("v2", NOON, "ana")
    models.damage("v2")
    assert not served.refresh()
    assert served_version(served) == "v1"
    assert [refusal.version for refusal in served.refusals] == ["v2"]


def test_at_a_start_the_version_before_a_damaged_one_steps_in_and_it_is_said() -> None:
    models = stored(3)
    for version in ("v1", "v2", "v3"):
        models.promote(version, NOON, "ana")
    models.damage("v3")
    models.damage("v2")
    served = ServedModel(models)
    assert served.refresh()
    assert served_version(served) == "v1"
    assert [refusal.version for refusal in served.refusals] == ["v3", "v2"]


def test_where_every_version_is_damaged_the_reason_is_told() -> None:
    models = stored(1)
    models.promote("v1", NOON, "ana")
    models.damage("v1")
    served = ServedModel(models)
    served.refresh()
    with pytest.raises(NoModelServed, match=r"v1.*altered"):
        served.current()


def test_an_unreachable_repository_leaves_what_is_served() -> None:
    models = stored(1)
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    models.go_down()
    with pytest.raises(ModelStoreUnavailable):
        served.refresh()
    assert served_version(served) == "v1"


def test_a_refused_version_that_is_mended_is_served() -> None:
    models = stored(2)
    models.promote("v1", NOON, "ana")
    models.promote("v2", NOON, "ana")
    models.damage("v2")
    served = ServedModel(models)
    served.refresh()
    models.mend("v2")
    assert served.refresh()
    assert served_version(served) == "v2"
    assert served.refusals == ()


def test_a_repository_that_comes_back_is_read_again() -> None:
    models = stored(1)
    models.promote("v1", NOON, "ana")
    models.go_down()
    served = ServedModel(models)
    with pytest.raises(ModelStoreUnavailable):
        served.refresh()
    models.come_back()
    assert served.refresh()
    assert served_version(served) == "v1"


def test_a_refused_version_is_tried_again_only_where_that_is_asked_for() -> None:
    models = stored(2)
    for version in ("v1", "v2"):
        models.promote(version, NOON, "ana")
    models.damage("v2")
    served = ServedModel(models)
    served.refresh()
    models.mend("v2")
    assert not served.refresh(retry=False)
    assert served_version(served) == "v1"
    assert served.refresh()
    assert served_version(served) == "v2"


class UnreachableOnce(InMemoryModelRepository):
    """A repository that cannot be reached for a moment while a model is read."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 1

    def load(self, version: str) -> TrainedModel:
        self.failures -= 1
        if self.failures >= 0:
            raise ModelStoreUnavailable("the models cannot be reached")
        return super().load(version)


def test_a_version_that_could_not_be_reached_is_tried_again_at_the_next_look() -> None:
    models = UnreachableOnce()
    models.store(a_trained_model(), a_card())
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    assert not served.refresh(retry=False)
    assert served.refresh(retry=False)
    assert served_version(served) == "v1"


class Exhausted(InMemoryModelRepository):
    """A repository that cannot hand out one version for want of memory, the first time."""

    failures = 1

    def load(self, version: str) -> TrainedModel:
        if version == "v2" and self.failures:
            self.failures -= 1
            raise MemoryError
        return super().load(version)


def test_a_promotion_is_not_forgotten_where_loading_failed_for_want_of_memory() -> None:
    models = Exhausted()
    served = ServedModel(models)
    models.promote(models.store(a_trained_model(), a_card()).version, NOON, "ana")
    served.refresh()
    models.promote(models.store(a_trained_model(), a_card()).version, NOON, "ana")
    with pytest.raises(MemoryError):
        served.refresh(retry=False)
    assert served_version(served) == "v1"
    assert served.refresh(retry=False)
    assert served_version(served) == "v2"


class Foreign(ConstantPricePerArea):
    """A model of another program: it loads, and cannot value."""

    def value(self, properties: object) -> NDArray[np.float64]:
        raise AttributeError("'Line' object has no attribute 'lowest'")


def test_a_version_that_loads_but_cannot_value_is_refused_and_the_one_before_steps_in() -> None:
    models = InMemoryModelRepository()
    for model in (ConstantPricePerArea(1.0), Foreign(1.0)):
        stored = models.store(a_trained_model(model=model), a_card())
        models.promote(stored.version, NOON, "a test")
    served = ServedModel(models)
    served.refresh()
    assert served.current().description.version == "v1"
    assert [(refusal.version, "cannot value" in refusal.reason) for refusal in served.refusals] == [("v2", True)]


class Unexplained(ConstantPricePerArea):
    """A model that values, and fails where it is asked why."""

    def explain(self, home: Property) -> LogEffects:
        raise ZeroDivisionError


def test_a_version_that_cannot_explain_its_values_is_refused_before_it_serves() -> None:
    models = InMemoryModelRepository()
    for model in (ConstantPricePerArea(1.0), Unexplained(1.0)):
        stored = models.store(a_trained_model(model=model), a_card())
        models.promote(stored.version, NOON, "a test")
    served = ServedModel(models)
    served.refresh()
    assert served_version(served) == "v1"
    assert [refusal.version for refusal in served.refusals] == ["v2"]

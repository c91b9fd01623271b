"""Listing, promoting and rolling back; and whether the service is ready."""

from datetime import timedelta

import pytest

from application.check_readiness import CheckReadiness, Readiness
from application.list_models import ListModels
from application.promote_model import PromoteModel, RollBackModel
from application.prune_models import PruneModels
from application.served_model import ServedModel
from application.verify_models import VerifyModels
from domain.errors import ModelNotFound, ModelRefused, ModelStoreUnavailable, NothingToRollBack
from domain.model_version import Promotion
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_pepper_store import InMemoryPepperStore
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import a_card, a_trained_model
from tests.fakes.pictures import a_picture
from tests.unit.test_served_model import stored


def test_the_list_tells_which_version_serves_and_who_made_it() -> None:
    models = stored(3)
    PromoteModel(models, FixedClock())("v2", "ana", "better")
    first, second, third = ListModels(models)()
    assert [model.serving for model in (first, second, third)] == [False, True, False]
    assert [(p.by, p.reason, p.at) for p in second.promotions] == [("ana", "better", NOON)]
    assert first.description is not None


def test_a_damaged_version_is_found_when_the_bytes_are_checked() -> None:
    models = stored(2)
    models.damage("v1")
    assert [model.refused for model in ListModels(models)()] == [None, None]
    verified = VerifyModels(models)()
    assert "v1" in (verified.versions["v1"] or "")
    assert verified.versions["v2"] is None
    assert not verified.sound


def test_an_altered_picture_is_found_too_and_one_that_was_never_kept_is_no_fault() -> None:
    models = stored(1)
    models.store(a_trained_model(), a_card(), picture=a_picture())
    assert VerifyModels(models)().sound
    models.damage_picture("v2")
    verified = VerifyModels(models)()
    assert verified.versions["v1"] is None
    assert "evaluation" in (verified.versions["v2"] or "")


def test_promotions_dated_by_a_clock_set_back_are_told() -> None:
    models = stored(2)
    models.promote("v1", NOON, "ana")
    models.promote("v2", NOON - timedelta(hours=1), "ana")
    verified = VerifyModels(models)()
    assert (verified.promotions, verified.clocks_behind, verified.sound) == (2, [2], True)


def test_promotions_that_cannot_be_read_do_not_hide_what_becomes_of_the_versions() -> None:
    class WithoutPromotions(InMemoryModelRepository):
        def promotions(self) -> list[Promotion]:
            raise ModelStoreUnavailable("The record of a promotion cannot be read.")

    models = WithoutPromotions()
    models.store(a_trained_model(), a_card())
    verified = VerifyModels(models)()
    assert verified.versions == {"v1": None}
    assert verified.promotions_refused == "The record of a promotion cannot be read."
    assert not verified.sound


def test_pruning_keeps_what_serves_and_the_newest() -> None:
    models = stored(4)
    PromoteModel(models, FixedClock())("v1", "ana")
    rehearsed = PruneModels(models, FixedClock())("ana", 1, dry_run=True)
    assert rehearsed.versions == ("v2", "v3")
    assert PruneModels(models, FixedClock())("ana").versions == ()
    assert PruneModels(models, FixedClock())("ana", 1) == rehearsed
    assert [model.version for model in ListModels(models)()] == ["v1", "v4"]


def test_one_version_can_be_asked_for_by_name() -> None:
    assert ListModels(stored(2)).one("v2").version == "v2"
    with pytest.raises(ModelNotFound, match="v9"):
        ListModels(stored(2)).one("v9")


def test_a_rollback_serves_what_was_served_before() -> None:
    models, clock = stored(2), FixedClock()
    for version in ("v1", "v2"):
        PromoteModel(models, clock)(version, "ana")
    assert RollBackModel(models, clock)("bob", "complaints").version == "v1"
    assert [model.serving for model in ListModels(models)()] == [True, False]
    with pytest.raises(NothingToRollBack):
        RollBackModel(models, clock)("bob")


def test_what_cannot_be_loaded_is_not_promoted() -> None:
    models = stored(2)
    models.damage("v2")
    PromoteModel(models, FixedClock())("v1", "ana")
    with pytest.raises(ModelRefused):
        PromoteModel(models, FixedClock())("v2", "ana")
    assert [model.serving for model in ListModels(models)()] == [True, False]


class Service:
    """The parts that readiness asks."""

    def __init__(self) -> None:
        self.models, self.keys = stored(2), InMemoryKeyStore()
        self.served = ServedModel(self.models)
        self.valuations = InMemoryValuationLog()

    def check(self) -> Readiness:
        check = CheckReadiness(self.served, self.models, self.keys, InMemoryPepperStore(), self.valuations)
        return check.judge({part: ask() for part, ask in check.parts.items()})

    def serve(self, version: str) -> None:
        self.models.promote(version, NOON, "ana")
        self.served.refresh()


def test_a_service_with_a_model_and_its_stores_is_ready() -> None:
    service = Service()
    service.serve("v1")
    readiness = service.check()
    assert readiness.ready
    assert readiness.serving == "v1"
    assert set(readiness.checks.values()) == {"ok"}


def test_a_service_without_a_model_is_not_ready_and_says_what_to_do() -> None:
    readiness = Service().check()
    assert not readiness.ready
    assert "tasador train" in readiness.checks["model"]
    assert readiness.serving is None


def test_a_service_whose_repository_is_down_serves_on_and_says_so() -> None:
    service = Service()
    service.serve("v1")
    service.models.go_down()
    readiness = service.check()
    assert readiness.ready
    assert readiness.checks["model_repository"] != "ok"


def test_a_service_that_cannot_record_and_refuses_to_value_is_not_ready_and_says_why() -> None:
    service = Service()
    service.serve("v1")
    service.valuations.full = True
    readiness = service.check()
    assert not readiness.ready
    assert "/srv/records" in readiness.checks["valuation_log"]
    assert readiness.unrecorded is None


def test_a_refused_version_is_a_warning() -> None:
    service = Service()
    service.serve("v1")
    service.models.promote("v2", NOON, "ana")
    service.models.damage("v2")
    service.served.refresh()
    readiness = service.check()
    assert readiness.ready
    assert readiness.serving == "v1"
    assert [refusal.version for refusal in readiness.refused] == ["v2"]


def test_an_empty_repository_lists_nothing() -> None:
    assert ListModels(InMemoryModelRepository())() == []

"""Recorded valuations, computed anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.model_trainer import TrainedModel
from application.replay_valuations import ReplayValuations
from domain.errors import ValuationNotFound
from domain.market_extent import Refusal
from domain.property import Property
from domain.replay import FIGURES, Difference, Replay, ReplayStatus
from tests.fakes.fixed_clock import NOON
from tests.fakes.models import a_card, a_trained_model
from tests.fakes.office import HOME, Office

FAR_AWAY = replace(HOME, latitude=40.4, longitude=-3.7)
WITH_A_POOL = replace(HOME, extras={"pool": 1.0})


def replaying(office: Office) -> ReplayValuations:
    return ReplayValuations(office.log, office.models)


def statuses(office: Office) -> list[str]:
    return [replay.status for replay in replaying(office).all()]


def tampered(office: Office, valuation_id: str, **changes: Any) -> None:
    """Puts other figures into the record of a valuation."""
    record = office.log.find(valuation_id)
    assert record
    other = Office(clock=office.clock, models=office.models)
    other.log.record([replace(each, **changes) if each.id == valuation_id else each for each in office.log.kept])
    office.log = other.log


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"level": 0.5},
        {"explain": True},
        {"comparables": 3},
        {"comparables": 99},
        {"day": date(2024, 3, 9)},
        {"day": date(2040, 1, 1), "explain": True, "comparables": 2, "level": 0.8},
        {"home": FAR_AWAY},
        {"home": FAR_AWAY, "explain": True, "comparables": 2},
        {"home": WITH_A_POOL, "client_ref": "file 7"},
    ],
    ids=str,
)
def test_every_figure_of_an_answer_is_computed_again_to_the_last_bit(how: dict[str, Any]) -> None:
    office = Office()
    valuation_id = office.value(**how)
    assert replaying(office).one(valuation_id) == Replay(valuation_id, "v1", ReplayStatus.IDENTICAL)


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.floats(20.0, 400.0),
            st.sampled_from([None, 0.5, 0.8]),
            st.booleans(),
            st.sampled_from([0, 1, 3]),
            st.sampled_from([None, date(2025, 5, 1)]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_many_are_replayed_together_whatever_was_asked_for(
    asked: list[tuple[float, float | None, bool, int, date | None]],
) -> None:
    office = Office()
    ids = []
    for area, level, explain, comparables, day in asked:
        home = replace(HOME, net_usable_area=area)
        ids.append(office.value(home, level=level, explain=explain, comparables=comparables, day=day))
    replays = list(replaying(office).all())
    assert [replay.valuation_id for replay in replays] == ids
    assert {replay.status for replay in replays} == {ReplayStatus.IDENTICAL}


def test_what_was_valued_just_before_midnight_and_recorded_after_it_is_valued_as_of_that_day() -> None:
    office = Office()
    valuation_id = office.value()
    tampered(office, valuation_id, at=NOON + timedelta(days=1))
    assert statuses(office) == ["identical"]


FORGED: dict[str, tuple[str, object, Callable[[Any], object]]] = {
    "currency": ("currency", "UF", lambda _: "UF"),
    "valuation_date": ("valuation_date", date(2025, 1, 1), lambda _: date(2025, 1, 1)),
    "value": ("value", 160_000.0 + 1e-10, lambda _: 160_000.0 + 1e-10),
    "interval": ("interval.low", 1.0, lambda interval: replace(interval, low=1.0)),
    "percentiles": ("percentiles.50", 2.0, lambda percentiles: {**percentiles, 50: 2.0}),
    "confidence": ("confidence.score", 99, lambda confidence: replace(confidence, score=99)),
    "refusal": ("refusal", Refusal("outside_market", "far"), lambda _: Refusal("outside_market", "far")),
    "warnings": ("warnings.1", "forged", lambda warnings: ("forged", *warnings[1:])),
    "explanation": ("explanation.base_value", 3.0, lambda explanation: replace(explanation, base_value=3.0)),
    "comparables": (
        "comparables.1.adjusted_price",
        4.0,
        lambda comparables: (replace(comparables[0], adjusted_price=4.0), *comparables[1:]),
    ),
}


@pytest.mark.parametrize("field", FIGURES)
def test_whichever_figure_was_changed_is_told_as_recorded_and_as_it_is(field: str) -> None:
    office = Office()
    valuation_id = office.value(explain=True, comparables=2, day=date(2026, 1, 1), home=WITH_A_POOL)
    record = office.log.find(valuation_id)
    figure, recorded, forged = FORGED[field]
    tampered(office, valuation_id, **{field: forged(getattr(record, field))})
    found = replaying(office).one(valuation_id)
    assert found.status == ReplayStatus.DIFFERS
    (difference,) = found.differences
    assert (difference.figure, difference.recorded) == (figure, recorded)
    assert difference.now != recorded


def test_a_refusal_turned_into_a_value_differs_in_all_its_figures() -> None:
    office = Office()
    valuation_id = office.value()
    tampered(office, valuation_id, property=FAR_AWAY)
    found = replaying(office).one(valuation_id)
    figures = {difference.figure for difference in found.differences}
    assert {"value", "interval", "percentiles.50", "confidence", "refusal"} <= figures
    assert found.off_by is None


def test_how_far_a_value_is_off_is_a_share_of_the_recorded() -> None:
    office = Office()
    valuation_id = office.value()
    tampered(office, valuation_id, value=200_000.0)
    found = replaying(office).one(valuation_id)
    assert found.differences == (Difference("value", 200_000.0, 160_000.0),)
    assert found.off_by == pytest.approx(0.2)


class TestCannotBeReplayed:
    def test_by_a_version_that_was_removed(self) -> None:
        office = Office()
        valuation_id = office.value()
        office.models.promote("v2", NOON, "ana")
        office.models.promote("v2", NOON, "ana")
        office.models.prune(1, timedelta(0), NOON, "ana")
        found = replaying(office).one(valuation_id)
        assert (found.status, found.because) == (ReplayStatus.IMPOSSIBLE, "There is no stored model version 'v1'.")

    def test_by_a_version_that_was_altered(self) -> None:
        office = Office()
        office.value()
        office.models.damage("v1")
        (found,) = replaying(office).all()
        assert found.because == "Model version v1 is refused: its bytes in memory were altered."

    def test_by_another_version_of_the_same_name(self) -> None:
        office = Office()
        valuation_id = office.value()
        tampered(office, valuation_id, artifact_sha256="0" * 64)
        assert "its artifact has another SHA-256" in (replaying(office).one(valuation_id).because or "")

    def test_where_the_record_holds_what_no_request_can(self) -> None:
        office = Office()
        ids = [office.value(level=0.5), office.value(level=0.5)]
        home: Property = replace(HOME, extras={"year_built": "old"})
        wanted = office.models.store(
            a_trained_model(model=a_trained_model().model),
            a_card(features=replace(a_card().features, numeric=("year_built",))),
        )
        for valuation_id, changes in ((ids[0], {"asked_level": 7.0}), (ids[1], {"property": home})):
            artifact = {"model_version": wanted.version, "artifact_sha256": wanted.artifact.sha256}
            tampered(office, valuation_id, **artifact, **changes)
        found = [replay.because or "" for replay in replaying(office).all()]
        assert all(because.startswith("its home cannot be valued: ") for because in found)

    def test_and_those_valued_together_with_it_can(self) -> None:
        office = Office()
        features = replace(a_card().features, numeric=("year_built",))
        richer = office.models.store(a_trained_model(model=a_trained_model().model), a_card(features=features))
        office.models.promote(richer.version, NOON, "ana")
        office.served.refresh()
        spoilt, _ = office.value(), office.value()
        tampered(office, spoilt, property=replace(HOME, extras={"year_built": "old"}))
        assert statuses(office) == ["impossible", "identical"]

    def test_what_is_not_there(self) -> None:
        with pytest.raises(ValuationNotFound, match="No valuation 'v' is on record"):
            replaying(Office()).one("v")


def test_rounded_coordinates_are_told_apart_from_changes() -> None:
    office = Office(coordinate_decimals=2)
    office.value(replace(HOME, latitude=-33.45321), comparables=2)
    office.value()
    (rounded, whole) = replaying(office).all()
    assert rounded.status == ReplayStatus.ROUNDED
    assert {difference.figure.split(".")[0] for difference in rounded.differences} == {"comparables"}
    assert whole.status == ReplayStatus.IDENTICAL


def test_what_rounding_left_out_of_a_record_is_no_difference() -> None:
    office = Office(coordinate_decimals=2)
    homes = [HOME, FAR_AWAY, replace(FAR_AWAY, latitude=40.4321), replace(HOME, latitude=-33.9)]
    for home in homes:  # sentences with distances, distances of comparables, and places of both
        office.value(home, comparables=2, explain=True)
    assert any("far away" in warning for record in office.log.kept for warning in record.warnings)
    assert statuses(office) == ["identical"] * 4


def test_each_version_is_loaded_once_for_all_its_valuations(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    for version in ("v1", "v2", "v1"):
        office.models.promote(version, NOON, "ana")
        office.served.refresh()
        office.value()
    loaded: list[str] = []
    load = office.models.load

    def counted(version: str) -> TrainedModel:
        loaded.append(version)
        return load(version)

    monkeypatch.setattr(office.models, "load", counted)
    assert statuses(office) == ["identical"] * 3
    assert sorted(loaded) == ["v1", "v2"]


def test_only_those_of_a_version_and_of_a_time_are_replayed() -> None:
    office = Office()
    first = office.value()
    office.clock.advance(timedelta(days=1))
    second = office.value()
    office.models.promote("v2", NOON, "ana")
    office.served.refresh()
    third = office.value()
    replays = replaying(office)

    def replayed(**which: Any) -> list[str]:
        return [replay.valuation_id for replay in replays.all(**which)]

    assert replayed(since=NOON + timedelta(hours=1)) == [second, third]
    assert replayed(until=NOON + timedelta(hours=1)) == [first]
    assert replayed(version="v2") == [third]


def test_a_record_that_cannot_be_read_is_an_impossible_replay_and_stops_no_other() -> None:
    office = Office()
    sound, spoilt, last = office.value(), office.value(), office.value()
    office.log.spoil(spoilt)
    replays = {each.valuation_id: each for each in replaying(office).all(version="v1")}
    assert {sound, last} < replays.keys()
    [unreadable] = [each for name, each in replays.items() if name not in {sound, last}]
    assert (unreadable.status, unreadable.model_version) == (ReplayStatus.IMPOSSIBLE, "")
    assert unreadable.because
    office.log.spoil(sound, last)
    assert statuses(office) == ["impossible"] * 3

"""What is told of the homes that a version values, next to those that it learned from."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from application.ports.model_trainer import TrainedModel
from application.served_model import ServedVersion
from application.study_drift import StudyDrift
from domain.drift import NEVER_SEEN, UNSEEN, Bar, DriftStudy, FeatureDrift, ShareDrift
from domain.drift_judgement import DriftLimits
from domain.drift_sentences import sentences
from domain.errors import ReferenceMissing
from domain.market_extent import Refusal
from domain.model_version import Artifact, FeatureSchema, ModelVersion
from domain.property import Property
from domain.uncertainty import Confidence
from domain.valuation_record import ValuationRecord
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import ConstantPricePerArea, a_card, a_level_index, a_trained_model
from tests.fakes.sales import some_sales
from tests.fakes.valued_homes import a_model_with_reference, homes_from, on_record

EARLIER = NOON - timedelta(hours=1)


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    return a_model_with_reference()


@pytest.fixture(scope="module")
def callers() -> list[Property]:
    """Homes of the same market, none of them learned from."""
    return homes_from(some_sales(400, seed=3))


def studied(trained: TrainedModel, records: Sequence[ValuationRecord], decimals: int | None = None) -> DriftStudy:
    log = InMemoryValuationLog()
    log.record(records)
    stored = ServedVersion(ModelVersion("v1", a_card(), Artifact("0" * 64, 1), "a test"), trained)
    return StudyDrift(log, FixedClock(), DriftLimits(0.01, 0.1), 30, decimals)(stored)


def changed(homes: Sequence[Property], change: Callable[[int, Property], dict[str, Any]]) -> list[ValuationRecord]:
    return on_record([replace(home, **change(place, home)) for place, home in enumerate(homes)], EARLIER)


def named(study: DriftStudy) -> set[str]:
    return {each.name for each in study.features if each.drifted} | {
        f"{each.kind} {each.feature or ''}".strip() for each in study.shares if each.drifted
    }


class TestHomesLikeThoseLearnedFrom:
    def test_raise_no_alarm(self, trained: TrainedModel) -> None:
        for seed in range(8):
            study = studied(trained, on_record(homes_from(some_sales(120, seed=100 + seed)), EARLIER))
            assert study.is_enough
            assert not study.drifted
            assert study.sentences == ("nothing has changed beyond what chance alone would bring.",)

    def test_count_once_however_often_they_are_valued(self, trained: TrainedModel, callers: list[Property]) -> None:
        again = on_record([callers[0]] * 300, EARLIER)
        study = studied(trained, [*on_record(callers[:120], EARLIER), *again])
        assert (study.homes, study.valuations, study.drifted) == (120, 420, False)

    def test_too_few_of_them_say_nothing(self, trained: TrainedModel, callers: list[Property]) -> None:
        study = studied(trained, changed(callers[:99], lambda _, home: {"net_usable_area": 9 * home.net_usable_area}))
        assert (study.homes, study.is_enough, study.drifted, study.features) == (99, False, False, ())
        [sentence] = study.sentences
        assert sentence.startswith("99 different homes are on record that this version valued in that time")
        assert sentence.endswith("of fewer than 100 nothing can be said.")

    def test_dearer_times_are_no_drift(self, trained: TrainedModel, callers: list[Property]) -> None:
        risen = replace(trained, index=a_level_index(0.8))
        level = np.exp(risen.index.log_level("nunoa", NOON.date()) - risen.index.log_level("nunoa", EARLIER.date()))
        assert level == 1
        early = NOON.date().replace(year=2022)
        records = [
            replace(each, valuation_date=early, value=each.value * np.exp(risen.index.log_level("nunoa", early)))
            for each in on_record(callers, EARLIER)
            if each.value
        ]
        assert named(studied(risen, records)) == set()
        assert "value" in named(studied(trained, records))


class TestWhatIsCounted:
    def test_is_of_the_version_and_of_the_days_asked_for(self, trained: TrainedModel, callers: list[Property]) -> None:
        records = [
            *on_record(callers[:50], EARLIER),
            *on_record(callers[50:60], NOON - timedelta(days=31)),
            *on_record(callers[60:70], EARLIER, model_version="v2"),
        ]
        study = studied(trained, sorted(records, key=lambda record: record.at))
        assert (study.homes, study.since, study.until) == (50, NOON - timedelta(days=30), NOON)

    def test_is_compared_as_exactly_as_coordinates_are_kept(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        records = [
            replace(each, coordinate_decimals=2)
            for each in changed(
                callers, lambda _, home: {"latitude": round(home.latitude, 2), "longitude": round(home.longitude, 2)}
            )
        ]
        assert named(studied(trained, records, decimals=2)) == set()
        # Rounded by settings of yesterday, they cannot be compared any more.
        study = studied(trained, records)
        assert {each.homes for each in study.features if each.name in {"latitude", "longitude"}} == {0}
        assert not study.drifted

    def test_needs_a_version_that_knows_what_it_learned_from(self, callers: list[Property]) -> None:
        with pytest.raises(ReferenceMissing, match=r"v1 .*train again with `tasador train`"):
            studied(a_trained_model(), on_record(callers, EARLIER))


class TestADifferenceTooSmallToBeToldOf:
    def test_is_no_alarm_and_is_not_taken_for_chance(self, trained: TrainedModel) -> None:
        homes = homes_from(some_sales(1000, seed=5))
        study = studied(trained, changed(homes, lambda place, home: {"n_rooms": home.n_rooms if place % 6 else 5.0}))
        assert (study.drifted, named(study)) == (False, set())
        [rooms] = [each for each in study.features if each.differs]
        assert rooms.name == "n_rooms"
        assert 0 < (rooms.psi or 0) < 0.1
        [sentence] = study.sentences
        assert sentence == (
            "differs beyond chance, but by less than is told of (by its population stability index, told of from 0.1): "
            f"n_rooms ({rooms.psi or 0:.3f})."
        )

    def test_goes_without_saying_beside_an_alarm(self) -> None:
        small = FeatureDrift("n_rooms", "chi_square", 200, 400, (Bar("3", 0.1, 0.2),), psi=0.05, differs=True)
        large = replace(small, name="type", psi=0.5, drifted=True)
        [sentence] = sentences([small, large], [], "USD", 0.1)
        assert sentence.startswith("type: more homes of '3'")


class TestQuartiles:
    def test_are_numbers_of_homes_however_far_from_those_learned_from(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        in_feet = changed(callers, lambda _, home: {"net_usable_area": 10.7639 * home.net_usable_area})
        study = studied(trained, in_feet)
        [area] = [each for each in study.features if each.name == "net_usable_area"]
        ranked = sorted(record.property.net_usable_area for record in in_feet)
        assert area.quartiles == (ranked[100], ranked[200], ranked[300])
        assert f"half are above {ranked[200]:,.0f} m2" in study.sentences[0]

    def test_of_values_are_amounts_at_the_reference_day(self, trained: TrainedModel, callers: list[Property]) -> None:
        dearer = [replace(each, value=(each.value or 0) * 3) for each in on_record(callers, EARLIER)]
        [sentence] = studied(trained, dearer).sentences
        assert sentence.startswith("value: homes asked for are worth more: half are above")
        assert " USD, amounts at the reference day of the price index (population stability index" in sentence


class TestAShift:
    def test_of_areas_is_named_with_both_middles(self, trained: TrainedModel, callers: list[Property]) -> None:
        larger = changed(callers, lambda _, home: {"net_usable_area": 1.3 * home.net_usable_area})
        study = studied(trained, [replace(each, value=each.value and each.value / 1.3) for each in larger])
        assert named(study) == {"net_usable_area"}
        [sentence] = study.sentences
        assert sentence.startswith("net_usable_area: homes asked for are larger: half are above 14")
        [psi] = [each.psi for each in study.features if each.drifted]
        assert sentence.endswith(f"(population stability index {psi or 0:.2f}).")

    def test_of_their_spread_is_named(self, trained: TrainedModel, callers: list[Property]) -> None:
        middle = float(np.median([home.net_area for home in callers]))
        alike = changed(callers, lambda _, home: {"net_area": middle + (home.net_area - middle) / 3})
        [sentence] = studied(trained, alike).sentences
        assert sentence.startswith("net_area: homes asked for differ less: the middle half lies between")

    def test_of_rooms_is_named(self, trained: TrainedModel, callers: list[Property]) -> None:
        study = studied(trained, changed(callers, lambda _, home: {"n_rooms": home.n_rooms + 1}))
        assert named(study) == {"n_rooms"}
        [sentence] = study.sentences
        assert sentence.startswith("n_rooms: homes asked for have more rooms: half have at least 4, in training half")

    def test_of_sectors_is_named(self, trained: TrainedModel, callers: list[Property]) -> None:
        most = changed(callers, lambda place, home: {} if place % 3 else {"sector": "Ñuñoa"})
        [sentence] = studied(trained, most).sentences
        assert sentence.startswith("sector: more homes of 'nunoa' are asked for: 5")

    def test_to_sectors_never_seen_is_named_as_callers_write_them_and_no_further(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        foul = "\x1b[2J<b>Atlantis</b>" + "x" * 100
        elsewhere = changed(callers[:150], lambda place, home: {} if place % 10 else {"sector": foul})
        study = studied(trained, elsewhere)
        assert named(study) == {"unseen sector"}
        [sentence] = study.sentences
        assert sentence.startswith("sector: 10 of 100 homes are in sectors that the model never saw: '\\x1b[2J<b>Atlan")
        assert sentence.endswith("...' (15).")
        assert sentence.isprintable()

    def test_to_many_sectors_never_seen_counts_no_more_than_ten_of_them(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        study = studied(trained, changed(callers[:150], lambda place, _: {"sector": f"New {place % 15}"}))
        [unseen] = [each for each in study.shares if (each.kind, each.feature) == (UNSEEN, "sector")]
        assert (unseen.hits, len(unseen.counts)) == (150, 10)

    def test_to_homes_that_are_refused_is_named_with_the_reasons(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        refused = {"refusal": Refusal("outside_market", "far away"), "value": None, "confidence": None}
        records = [*on_record(callers[:100], EARLIER), *on_record(callers[100:130], EARLIER, **refused)]
        study = studied(trained, records)
        assert named(study) == {"refused", "out_of_domain"}
        assert study.sentences[0] == (
            "refused: 23 of 100 homes are refused, for 'outside_market' (30); none of the homes that the model was "
            "judged by were."
        )

    def test_to_homes_of_which_something_is_unusual_is_named(
        self, trained: TrainedModel, callers: list[Property]
    ) -> None:
        doubted = Confidence.of(0.1, ("far_from_sales", "beyond_index"))
        aged = Confidence.of(0.1, ("beyond_index",))
        records = on_record(callers[:150], EARLIER, confidence=doubted)
        [sentence] = studied(trained, records).sentences
        assert sentence.startswith("out of domain: 100 of 100 homes are unlike what the model knows")
        assert not studied(trained, on_record(callers[:150], EARLIER, confidence=aged)).drifted


class TestFurtherFeatures:
    @pytest.fixture
    def richer(self) -> TrainedModel:
        sales = some_sales(400, seed=1).assign(year_built=1980.0, heating="gas")
        sales.loc[::2, "year_built"] = [1950.0 + place % 60 for place in range(200)]
        sales.loc[:3, "heating"] = None
        model = ConstantPricePerArea(2000.0, FeatureSchema(("year_built",), ("heating",), (), ()))
        trained = a_model_with_reference()
        extent = replace(trained.extent, extra_categories={"heating": ("gas",)})
        from application.describe_reference import describe_reference

        values = sales["net_usable_area"].to_numpy() * 2000.0
        bare = replace(trained, model=model, extent=extent)
        return replace(bare, reference=describe_reference(bare, sales, values, sales.iloc[:0]))

    def test_left_out_or_new_are_named(self, richer: TrainedModel, callers: list[Property]) -> None:
        assert richer.reference is not None
        assert richer.reference.categories["heating"].missing == 4
        known = changed(callers, lambda place, _: {"extras": {"year_built": 1950 + place % 60, "heating": "Gas"}})
        study = studied(richer, known)
        assert named(study) == {"year_built"}
        poor = changed(callers, lambda place, _: {"extras": {"heating": None if place % 2 else "Solar", "other": 1.0}})
        study = studied(richer, poor)
        assert {"missing year_built", "missing heating", "unseen heating"} <= named(study)
        assert "year_built: it is not given for 100 of 100 homes, in training it was given for all." in study.sentences
        assert "heating: 100 of 100 homes are of categories that the model never saw: 'Solar' (200)." in study.sentences


@pytest.mark.parametrize(
    ("most_changed", "has_risen", "said"),
    [
        (NEVER_SEEN, True, ["are in sectors that the model never saw"]),
        (NEVER_SEEN, False, ["more homes of 'never seen' are asked for"]),
        ("nunoa", True, ["more homes of 'nunoa' are asked for", "are in sectors that the model never saw"]),
    ],
)
def test_of_categories_never_seen_one_sentence_is_enough(most_changed: str, has_risen: bool, said: list[str]) -> None:
    bar = Bar(most_changed, 0.1, 0.5)
    sector = FeatureDrift("sector", "chi_square", 200, 400, (bar,), psi=0.5, drifted=True)
    unseen = ShareDrift(UNSEEN, "sector", 100, 200, 4, 400, {"Atlantis": 100}, drifted=has_risen)
    told = sentences([sector], [unseen], "USD", 0.1)
    assert len(told) == len(said)
    assert all(words in sentence for words, sentence in zip(said, told, strict=True))


def test_what_cannot_be_read_is_left_out_and_told(trained: TrainedModel, callers: list[Property]) -> None:
    log = InMemoryValuationLog()
    log.record(on_record(callers[:120], EARLIER))
    log.spoil(log.kept[0].id)
    stored = ServedVersion(ModelVersion("v1", a_card(), Artifact("0" * 64, 1), "a test"), trained)
    study = StudyDrift(log, FixedClock(), DriftLimits(0.01, 0.1), 30)(stored)
    assert (study.valuations, study.unreadable) == (119, 1)
    assert study.sentences[-1].startswith("Left out: 1 record that cannot be read")

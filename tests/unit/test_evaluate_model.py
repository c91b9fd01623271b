"""A stored model held against sales."""

from copy import deepcopy
from dataclasses import replace

import pytest

from application.evaluate_model import EvaluateModel
from application.split_sales import Scheme
from domain.errors import ModelNotFound, NoUsableSales, SourceChanged
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_data_source import InMemoryDataSource
from tests.fakes.sales import some_sales, with_errors
from tests.unit.test_train_model import PLAN, SCREENED, Bench


def an_evaluation(bench: Bench) -> EvaluateModel:
    return EvaluateModel(bench.models, bench.train.sales, bench.quarantine, FixedClock(), bench.train.plan.reading)


@pytest.fixture(scope="module")
def trained() -> Bench:
    bench = Bench(some_sales(100))
    bench.train(by="ana")
    return bench


@pytest.fixture
def bench(trained: Bench) -> Bench:
    """v1 of 100 sales is served: a copy of the test's own."""
    return deepcopy(trained)


@pytest.mark.parametrize("scheme", ["random", "spatial", "temporal"])
def test_its_own_holdout_gives_the_figures_of_the_training(scheme: Scheme) -> None:
    bench = Bench(some_sales(200, dated=True), plan=replace(PLAN, validation=scheme, seed=7))
    card = bench.train(by="ana").stored.card
    evaluation = an_evaluation(bench)()
    assert evaluation.own_holdout
    assert evaluation.judgement.metrics == card.metrics
    assert evaluation.judgement.ratio_study == card.ratio_study
    assert evaluation.judgement.interval == card.interval


def test_screened_sales_give_the_same_holdout_again() -> None:
    bench = Bench(with_errors(some_sales(300), prices=range(10, 18), areas=range(20, 23)), plan=SCREENED)
    card = bench.train(by="ana").stored.card
    evaluation = an_evaluation(bench)()
    assert card.screened > 3
    assert evaluation.judgement.metrics == card.metrics
    assert evaluation.quarantine is None


def test_given_sales_are_screened_for_impossible_homes_and_never_for_their_prices() -> None:
    bench = Bench(some_sales(300), plan=SCREENED)
    bench.train(by="ana")
    given = with_errors(some_sales(100, seed=5), prices=[4], areas=[7])
    evaluation = an_evaluation(bench)("v1", InMemoryDataSource(given))
    assert dict(evaluation.quarantined_by_reason) == {"impossible_area": 1}
    assert evaluation.judgement.metrics.count == len(evaluation.sales) == len(evaluation.appraised.values) == 99


def test_homes_that_would_be_refused_are_counted_by_reason() -> None:
    bench = Bench(some_sales(300))
    bench.train(by="ana")
    given = some_sales(30, seed=5)
    given.loc[:3, "latitude"] = 10.0
    evaluation = an_evaluation(bench)("v1", InMemoryDataSource(given))
    assert evaluation.judgement.refused == {"outside_market": 4}
    assert evaluation.appraised.refused.count("") == 26


def test_a_given_holdout_is_found_again() -> None:
    bench = Bench(some_sales(100), some_sales(40, seed=9))
    card = bench.train(by="ana").stored.card
    assert an_evaluation(bench)().judgement.metrics == card.metrics


def test_sales_given_for_it_are_used_whole(bench: Bench) -> None:
    given = some_sales(50, seed=5).astype(object)
    given.loc[0, "price"] = None
    evaluation = an_evaluation(bench)("v1", InMemoryDataSource(given, name="new sales"))
    assert (evaluation.source, evaluation.own_holdout) == ("new sales", False)
    assert (evaluation.judgement.metrics.count, sum(evaluation.quarantined_by_reason.values())) == (49, 1)
    assert len(bench.quarantine.kept[evaluation.quarantine or ""]) == 1
    assert evaluation.notes == ()


def test_sales_that_were_learned_from_are_remarked_on(bench: Bench) -> None:
    assert "75 of these 100 sales" in an_evaluation(bench)("v1", InMemoryDataSource(some_sales(100))).notes[0]


def test_where_the_training_sales_have_changed_nobody_can_tell_what_was_learned_from(bench: Bench) -> None:
    evaluate = replace(an_evaluation(bench), training_sales=InMemoryDataSource(some_sales(99)))
    assert "cannot be told" in evaluate("v1", InMemoryDataSource(some_sales(20, seed=4))).notes[0]


def test_another_holdout_than_the_given_one_is_refused() -> None:
    bench = Bench(some_sales(100), some_sales(40, seed=9))
    bench.train(by="ana")
    swapped = InMemoryDataSource(some_sales(100), some_sales(100).head(40))
    with pytest.raises(SourceChanged, match="v1 was trained on"):
        replace(an_evaluation(bench), training_sales=swapped)()


def test_changed_training_sales_are_refused_for_the_holdout_cannot_be_told_from_them(bench: Bench) -> None:
    evaluate = replace(an_evaluation(bench), training_sales=InMemoryDataSource(some_sales(101)))
    with pytest.raises(SourceChanged, match="v1 was trained on"):
        evaluate()


def test_the_served_version_is_meant_unless_another_is_named(bench: Bench) -> None:
    bench.train(by="ana", promote=False)
    assert an_evaluation(bench)().version.version == "v1"
    assert an_evaluation(bench)("v2").version.version == "v2"


def test_where_nothing_is_served_the_user_learns_what_to_do() -> None:
    with pytest.raises(ModelNotFound, match="tasador train"):
        an_evaluation(Bench(some_sales(100)))()


def test_sales_of_which_none_can_be_used_are_refused(bench: Bench) -> None:
    with pytest.raises(NoUsableSales, match="none of the 20"):
        an_evaluation(bench)("v1", InMemoryDataSource(some_sales(20).assign(price=0.0)))

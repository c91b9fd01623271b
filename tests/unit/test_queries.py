"""What is done to a query, and to the batches that it returns."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arrow.parts import cut
from adapters.queries.written import without_end

_WHOLE = ["select 1", "'it''s; --'", '"a;--"', "E'\\';'", "$x$ ; $x$", "$$;$$", "/* ; /* ' */ */ x", "-- ;\n7", "a$b"]
_IDLE = [";", " ", "\n", '-- it\'s; "done"\n', "--", "/* ; -- /* ' */ */", "/* open", "\t"]


@given(st.lists(st.sampled_from(_WHOLE), min_size=1), st.lists(st.sampled_from(_IDLE)))
def test_a_query_loses_what_stands_behind_it_and_nothing_else(words: list[str], end: list[str]) -> None:
    query = " ".join(words)

    assert without_end(query + "\n" + "\n".join(end)) == query
    assert without_end(query) == query


@pytest.mark.parametrize("query", ["select 'open", 'select "open', "select $a$ open"])
def test_a_query_that_is_none_stays_none(query: str) -> None:
    assert without_end(query).startswith(query.rstrip())


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 20))
def test_parts_depend_on_the_rows_and_not_on_how_they_were_sent(sizes: list[int], rows: int) -> None:
    everything = pa.record_batch({"a": pa.array(range(sum(sizes)), pa.int64())})
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    batches = [everything.slice(start, size) for start, size in zip(starts, sizes, strict=True)]

    parts = list(cut(batches, rows))

    assert [cell for part in parts for cell in part.column("a").to_pylist()] == list(range(sum(sizes)))
    assert all(part.num_rows == rows for part in parts[:-1])
    assert all(0 < part.num_rows <= rows for part in parts)


def test_rows_that_weigh_much_make_smaller_parts() -> None:
    heavy = pa.record_batch({"a": ["x" * 1000]})

    assert [part.num_rows for part in cut([heavy] * 5, rows=4, size=2000)] == [2, 2, 1]

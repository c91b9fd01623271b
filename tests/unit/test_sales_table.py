"""Which rows can be used, and what a person is told of the others."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.keep_rejected import keep_rejected
from application.ports.data_source import SourceTable
from application.ports.model_trainer import Extras
from application.sales.layout import SalesLayout
from application.sales.table import (
    REQUIRED_COLUMNS,
    CheckedSales,
    Objection,
    check_sales,
    sales_digest,
    set_aside,
)
from application.sales.written_numbers import read_numbers
from domain.errors import SourceMalformed
from tests.fakes.in_memory_quarantine import InMemoryQuarantine

HOME: Mapping[str, object] = {
    "type": "Casa",
    "sector": "Ñuñoa",
    "net_usable_area": "80",
    "net_area": "95.5",
    "n_rooms": "3",
    "n_bathroom": "1.5",
    "latitude": "-33.45",
    "longitude": "-70.6",
    "price": "120000",
}


def source(rows: Sequence[Mapping[str, object]], broken: Mapping[int, str] | None = None) -> SourceTable:
    """The rows as a source would give them, on lines 2, 3, ..."""
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(HOME)
    frame = pd.DataFrame(
        {name: [row.get(name) for row in rows] for name in columns}, index=range(2, len(rows) + 2), dtype=object
    )
    return SourceTable(frame, "sales.csv", place="line", broken=dict(broken or {}))


def checked(*changes: Mapping[str, object], layout: SalesLayout | None = None) -> CheckedSales:
    """The check of homes that differ from HOME by these changes."""
    return check_sales(source([{**HOME, **change} for change in changes]), layout or SalesLayout())


def numbers(result: CheckedSales, column: str = "net_area") -> list[float]:
    return sorted(result.usable[column].tolist())


def reason(result: CheckedSales) -> str:
    assert len(result.quarantined) == 1
    return str(result.quarantined["reason"].iloc[0])


class TestUsableSales:
    def test_have_text_in_the_compared_form_and_numbers_as_floats(self) -> None:
        usable = checked({"type": "  CASA "}).usable

        assert usable.to_dict("records") == [
            {
                "type": "casa",
                "sector": "nunoa",
                "net_usable_area": 80.0,
                "net_area": 95.5,
                "n_rooms": 3.0,
                "n_bathroom": 1.5,
                "latitude": -33.45,
                "longitude": -70.6,
                "price": 120000.0,
            }
        ]
        assert usable.dtypes.astype(str).tolist() == ["object"] * 2 + ["float64"] * 7

    def test_are_read_from_the_source_s_own_columns(self) -> None:
        row = {**HOME, "sale_price": "99", "Baujahr": "1950"}
        layout = SalesLayout({"price": "sale_price", "year_built": "Baujahr"}, extras=Extras(("year_built",)))

        usable = check_sales(source([row]), layout).usable

        assert usable["price"].tolist() == [99.0]
        assert usable["year_built"].tolist() == [1950.0]
        assert "sale_price" not in usable.columns

    def test_of_a_source_in_square_feet_are_in_square_metres(self) -> None:
        usable = checked({"net_usable_area": "1000", "net_area": 1}, layout=SalesLayout(area_unit="ft2")).usable

        assert usable["net_usable_area"].tolist() == [1000 * 0.09290304]
        assert usable["net_area"].tolist() == [0.09290304]
        assert usable["n_rooms"].tolist() == [3.0]

    def test_keep_numbers_of_any_kind_that_a_database_returns(self) -> None:
        result = checked({"price": 5}, {"price": Decimal("7.25")}, {"price": np.int64(8)}, {"price": "9"})

        assert numbers(result, "price") == [5.0, 7.25, 8.0, 9.0]

    def test_keep_typed_columns_as_they_are(self) -> None:
        table = source([{**HOME, "sold_on": None}])
        typed = table.frame.assign(
            price=np.array([5], dtype="int32"), type=pd.array(["Casa"], dtype="str"), sold_on=pd.Timestamp("2024-05-06")
        )

        usable = check_sales(SourceTable(typed, "memory", "row"), SalesLayout()).usable

        assert usable["price"].tolist() == [5.0]
        assert usable["type"].tolist() == ["casa"]
        assert usable["sold_on"].tolist() == [pd.Timestamp("2024-05-06")]

    def test_name_a_code_alike_whether_it_came_as_text_or_as_a_number(self) -> None:
        usable = checked({"sector": "12"}, {"sector": 12}, {"sector": 12.0}).usable

        assert usable["sector"].tolist() == ["12", "12", "12"]

    def test_may_lack_the_date_the_id_and_any_extra(self) -> None:
        layout = SalesLayout(extras=Extras(("year_built",), ("style",)))
        row = {"sold_on": None, "id": None, "year_built": "NA", "style": None}
        result = checked(row, {**row, "year_built": None}, {**row, "sold_on": "null"}, layout=layout)

        assert len(result.usable) == 3
        assert result.usable["sold_on"].isna().all()
        assert result.usable["year_built"].isna().all()
        assert result.usable["style"].tolist() == [None] * 3
        assert result.usable["id"].tolist() == [None] * 3

    def test_have_words_such_as_none_as_categories(self) -> None:
        layout = SalesLayout(extras=Extras(categorical=("pool",)))

        assert checked({"pool": "None"}, layout=layout).usable["pool"].tolist() == ["none"]

    def test_keep_the_id_as_it_was_written(self) -> None:
        assert checked({"id": " Ä-007 "}).usable["id"].tolist() == ["Ä-007"]

    def test_are_none_where_the_source_has_none(self) -> None:
        result = check_sales(source([]), SalesLayout())

        assert result.read == 0
        assert list(result.usable.columns) == list(REQUIRED_COLUMNS)
        assert result.by_reason == {}
        assert list(result.quarantined.columns[:2]) == ["row", "reason"]


class TestQuarantinedRows:
    @pytest.mark.parametrize(
        ("column", "cell", "slug"),
        [
            ("type", None, "type is missing"),
            ("sector", "", "sector is missing"),
            ("price", None, "price is missing"),
            ("price", "NULL", "price is missing"),
            ("net_area", float("nan"), "net_area is missing"),
            ("net_usable_area", "abc", "net_usable_area is not a number"),
            ("net_usable_area", "85 m2", "net_usable_area is not a number"),
            ("price", "$ 120.000", "price is not a number"),
            ("price", "1_000", "price is not a number"),
            ("price", "٣", "price is not a number"),
            ("price", date(2024, 1, 1), "price is not a number"),
            ("price", "inf", "price is not a finite number"),
            ("price", "1e400", "price is not a finite number"),
            ("price", 10**400, "price is not a finite number"),
            ("price", "0", "price is out of range"),
            ("price", "-1", "price is out of range"),
            ("net_area", "0", "net_area is out of range"),
            ("net_area", "1e300", "net_area is out of range"),
            ("price", "1e300", "price is out of range"),
            ("type", "casa \x1b[2J", "type holds control characters"),
            ("sector", "N\x9b2J\u202e", "sector holds control characters"),
            ("n_rooms", "-1", "n_rooms is out of range"),
            ("latitude", "-90.1", "latitude is out of range"),
            ("longitude", "180.5", "longitude is out of range"),
            ("sold_on", "soon", "sold_on is not a date"),
            ("sold_on", "2023-02-29", "sold_on is not a date"),
            ("sold_on", "1066-10-14", "sold_on is out of range"),
            ("sold_on", "2999-12-31", "sold_on is out of range"),
        ],
    )
    def test_say_which_column_is_wrong_and_are_counted(self, column: str, cell: object, slug: str) -> None:
        result = checked({column: cell})

        assert result.usable.empty
        assert result.by_reason == {slug: 1}
        assert reason(result).startswith(slug)

    def test_show_the_cell_but_not_in_the_count(self) -> None:
        result = checked({"latitude": "-133.4"})

        assert reason(result) == "latitude is out of range: '-133.4' (must be at least -90)"
        assert result.by_reason == {"latitude is out of range": 1}

    def test_show_a_long_or_unprintable_cell_short_and_on_one_line(self) -> None:
        told = reason(checked({"price": "a\nb" + "x" * 500}))

        assert told == f"price is not a number: 'a\\nb{'x' * 37}...'"

    def test_name_every_bad_column_and_are_counted_once(self) -> None:
        result = checked({"price": None, "net_area": "big", "sold_on": "soon"})

        assert reason(result) == "net_area is not a number: 'big'; price is missing; sold_on is not a date: 'soon'"
        assert result.by_reason == {"net_area is not a number": 1}

    def test_name_the_column_as_the_source_has_it_too(self) -> None:
        result = checked({"sale_price": "?"}, layout=SalesLayout({"price": "sale_price"}))

        assert reason(result) == "price (column 'sale_price') is not a number: '?'"

    def test_are_those_with_an_extra_number_that_is_none(self) -> None:
        layout = SalesLayout(extras=Extras(("year_built",)))

        assert reason(checked({"year_built": "old"}, layout=layout)) == "year_built is not a number: 'old'"

    def test_are_kept_with_the_source_s_own_columns_as_they_came_and_by_their_line(self) -> None:
        table = source([{**HOME, "note": "x"}, {**HOME, "price": "?", "note": "y"}], broken={1: "torn"})

        rows = check_sales(table, SalesLayout()).quarantined

        assert list(rows.columns) == ["row", "reason", *HOME, "note"]
        assert rows["row"].tolist() == [1, 3]
        assert rows["reason"].tolist() == ["torn", "price is not a number: '?'"]
        assert rows["note"].tolist() == [None, "y"]
        assert rows["net_area"].tolist() == [None, "95.5"]

    def test_that_could_not_be_read_at_all_are_counted(self) -> None:
        result = check_sales(source([HOME], broken={7: "number of cells is 3"}), SalesLayout())

        assert result.read == 2
        assert result.by_reason == {"row cannot be read": 1}

    def test_stay_whole_where_the_source_has_a_column_reason_itself(self) -> None:
        rows = checked({"price": None, "reason": "divorce", "row": "B"}).quarantined

        assert rows.iloc[0].tolist()[:2] == [2, "price is missing"]
        assert rows.iloc[0].tolist()[-2:] == ["divorce", "B"]

    def test_are_counted_the_most_frequent_first(self) -> None:
        result = checked({"price": "?"}, {"type": None}, {"type": None})

        assert list(result.by_reason.items()) == [("type is missing", 2), ("price is not a number", 1)]


class TestMissingColumns:
    def test_are_all_named_with_what_is_there_and_what_to_do(self) -> None:
        row = {**HOME, "sale_price": 1, "Tipo": "x"}
        del row["price"], row["latitude"]

        with pytest.raises(SourceMalformed) as refusal:
            check_sales(source([row]), SalesLayout())

        assert str(refusal.value) == (
            "sales.csv has no column 'latitude', 'price' (is it 'sale_price'?). Its columns are: 'type', 'sector', "
            "'net_usable_area', 'net_area', 'n_rooms', 'n_bathroom', 'longitude', 'sale_price', 'Tipo'. "
            "Give the right names in data_source.columns."
        )

    def test_are_found_again_under_another_case_or_accent(self) -> None:
        row = {**HOME, "PRICE": 1}
        del row["price"]

        with pytest.raises(SourceMalformed, match=re.escape("'price' (is it 'PRICE'?)")):
            check_sales(source([row]), SalesLayout())

    def test_of_a_mapping_are_named_as_mapped_even_if_optional(self) -> None:
        layout = SalesLayout({"sold_on": "date", "price": "amount"})

        with pytest.raises(SourceMalformed, match=re.escape("'amount' for price, 'date' for sold_on")):
            checked({}, layout=layout)

    def test_of_the_extras_are_named_with_their_key(self) -> None:
        layout = SalesLayout(extras=Extras(("year_built",), ("style",)))

        with pytest.raises(SourceMalformed, match=r"'year_built', 'style'.*data_source\.extra"):
            checked({}, layout=layout)

    def test_an_extra_that_is_a_column_already_is_refused(self) -> None:
        with pytest.raises(SourceMalformed, match=r"data_source\.extra names 'price'"):
            checked({}, layout=SalesLayout(extras=Extras(("price",))))

    def test_an_extra_both_numeric_and_categorical_is_refused(self) -> None:
        with pytest.raises(SourceMalformed, match="'grade'"):
            checked({"grade": "1"}, layout=SalesLayout(extras=Extras(("grade",), ("grade",))))


class TestWrittenNumbers:
    @pytest.mark.parametrize(
        ("cells", "expected", "note"),
        [
            (["85.5", "100"], [85.5, 100], None),
            (["1.234", "2.5"], [1.234, 2.5], None),
            (["120.000"], [120], None),
            (["1e3", ".5", "5."], [0.5, 5, 1000], None),
            (["85,5", "100"], [85.5, 100], "decimal comma ('85,5' is read as 85.5)"),
            (["1.234,56", "1.234"], [1234, 1234.56], "decimal comma ('1.234,56' is read as 1234.56)"),
            (["0,500", "1,250"], [0.5, 1.25], "decimal comma ('0,500' is read as 0.5)"),
            (["1.234.567", "950.000"], [950000, 1234567], "decimal comma ('1.234.567' is read as 1234567)"),
            (["1,234.56", "85.5"], [85.5, 1234.56], "comma between thousands ('1,234.56' is read as 1234.56)"),
            (["1,234,567"], [1234567], "comma between thousands ('1,234,567' is read as 1234567)"),
            (["1,234", "85.5"], [85.5, 1234], "comma between thousands ('1,234' is read as 1234)"),
            (
                ["85,500", "90"],
                [90, 85500],
                "comma between thousands ('85,500' is read as 85500; it could also be the other way round)",
            ),
        ],
    )
    def test_are_read_by_the_style_of_their_whole_column(
        self, cells: list[str], expected: list[float], note: str | None
    ) -> None:
        result = checked(*({"net_area": cell} for cell in cells))

        assert numbers(result) == expected
        assert result.notes == (() if note is None else (f"net_area: {note}.",))

    def test_in_doubt_go_by_another_column_that_is_not(self) -> None:
        result = checked({"net_area": "85,500", "price": "99,5"})

        assert numbers(result) == [85.5]
        assert (
            "net_area: decimal comma ('85,500' is read as 85.5; it could also be the other way round)." in result.notes
        )

    def test_with_a_lone_point_keep_it_as_decimal_point_and_say_so_beside_commas(self) -> None:
        result = checked({"net_area": "120.000", "price": "99,5"})

        assert numbers(result) == [120.0]
        assert "net_area: decimal point ('120.000' is read as 120), though other columns have commas." in result.notes

    def test_that_contradict_the_majority_are_quarantined(self) -> None:
        result = checked({"net_area": "85,5"}, {"net_area": "90,5"}, {"net_area": "70.25"})

        assert numbers(result) == [85.5, 90.5]
        assert reason(result) == "net_area is not a number: '70.25'"

    def test_one_odd_comma_does_not_change_a_column_of_points(self) -> None:
        result = checked({"net_area": "85.5"}, {"net_area": "90.5"}, {"net_area": "70,25"})

        assert numbers(result) == [85.5, 90.5]
        assert reason(result) == "net_area is not a number: '70,25'"

    @settings(max_examples=20)
    @given(st.floats(min_value=1e-6, max_value=1e12))
    def test_of_any_size_are_read_back_to_the_last_digit(self, number: float) -> None:
        assert numbers(checked({"price": repr(number)}), "price") == [number]
        assert numbers(checked({"price": repr(number)}, {"price": "x"}), "price") == [number]

    @settings(max_examples=20)
    @given(st.floats(min_value=1, max_value=1e12))
    def test_with_decimal_commas_are_the_same_numbers_as_with_points(self, number: float) -> None:
        comma = f"{number:,.6f}".translate(str.maketrans(",.", ".,"))

        assert numbers(checked({"price": comma}), "price") == [float(f"{number:.6f}")]
        assert numbers(checked({"price": f"{number:,.6f}"}), "price") == [float(f"{number:.6f}")]


class TestPointsThatMayStandBetweenThousands:
    COMMAS = ("85,5", "-33,4512")

    def read(self, *, price: Sequence[str], **others: Sequence[str]) -> tuple[list[float], list[str]]:
        """The prices, and the notes on columns whose points are in doubt."""
        columns = {name: pd.Series(cells, dtype=object) for name, cells in {"price": price, **others}.items()}
        read, notes = read_numbers(columns, price="price")
        return read["price"].values.tolist(), [note for note in notes if " point" in note]

    @pytest.mark.parametrize("word", ["950", "n.d."])
    def test_do_so_where_other_columns_have_decimal_commas(self, word: str) -> None:
        (*prices, _), notes = self.read(price=["7.010", "6.065", word], net_area=self.COMMAS)

        assert prices == [7010, 6065]
        assert notes == [
            "price: point between thousands ('6.065' is read as 6065), as other columns have decimal commas."
        ]

    def test_are_decimal_points_where_another_column_has_one(self) -> None:
        prices, notes = self.read(price=["6.065"], net_area=self.COMMAS, latitude=["-33.45"])

        assert prices == [6.065]
        assert notes == ["price: decimal point ('6.065' is read as 6.065), though other columns have commas."]

    @pytest.mark.parametrize("cell", ["6.06", "0.065", "1234.567", "6.0655"])
    def test_are_decimal_points_where_one_of_them_must_be(self, cell: str) -> None:
        assert self.read(price=["6.065", cell], net_area=self.COMMAS) == ([6.065, float(cell)], [])

    def test_are_decimal_points_behind_a_sign(self) -> None:
        prices, notes = self.read(price=["6.065"], net_area=self.COMMAS, latitude=["-33.450", "33.450"])

        assert prices == [6065]
        assert "latitude: decimal point ('-33.450' is read as -33.45), though other columns have commas." in notes

    def test_are_decimal_points_where_nothing_is_proven_and_that_is_said_of_the_price_alone(self) -> None:
        prices, notes = self.read(price=["6.065"], net_area=["85.500"], n_rooms=["3"])

        assert prices == [6.065]
        assert notes == ["price: decimal point ('6.065' is read as 6.065); if it stands between thousands, write 6065."]

    @settings(max_examples=20)
    @given(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
        st.lists(st.decimals(0, 10**6, places=2), min_size=1, max_size=5),
        st.lists(st.decimals(-90, 90, places=3), min_size=1, max_size=5),
    )
    def test_and_decimal_commas_are_read_back_as_their_numbers(
        self, prices: list[int], areas: list[Decimal], latitudes: list[Decimal]
    ) -> None:
        table: dict[str, Sequence[int | Decimal]] = {"price": prices, "net_area": areas, "latitude": latitudes}
        swapped = str.maketrans(",.", ".,")
        columns = {
            name: pd.Series([f"{number:,}".translate(swapped) for number in numbers], dtype=object)
            for name, numbers in table.items()
        }
        read, _ = read_numbers(columns, price="price")

        for name, numbers in table.items():
            assert read[name].values.tolist() == [float(number) for number in numbers]
            assert not any(problem.any() for problem in read[name].problems.values())


class TestWrittenDates:
    def dates(self, *cells: object) -> list[str | None]:
        result = checked(*({"sold_on": cell, "id": str(place)} for place, cell in enumerate(cells)))
        found = {str(row["id"]): f"{row['sold_on']:%Y-%m-%d}" for _, row in result.usable.iterrows()}
        return [found.get(str(place)) for place in range(len(cells))]

    def test_are_read_in_iso_form_with_or_without_a_time(self) -> None:
        cells = ["2024-03-05", "2024-3-5", "2024-03-05T23:59:59Z", "2024-03-05 01:00:00.5+02:00", "20240305", 20240305]

        assert self.dates(*cells) == ["2024-03-05"] * 6

    def test_are_taken_from_date_objects(self) -> None:
        west = timezone(-timedelta(hours=4))
        cells = [date(2024, 3, 5), datetime(2024, 3, 5, 23, tzinfo=west), pd.Timestamp(2024, 3, 5, tzinfo=UTC)]

        assert self.dates(*cells) == ["2024-03-05"] * 3

    def test_are_day_first_where_a_day_proves_it(self) -> None:
        result = checked({"sold_on": "03/04/2024"}, {"sold_on": "25/12/2023"})

        assert [f"{day:%Y-%m-%d}" for day in result.usable["sold_on"]] == ["2023-12-25", "2024-04-03"]
        assert result.notes == ("sold_on: dates are read as day/month/year.",)

    def test_are_month_first_where_a_day_proves_it(self) -> None:
        assert self.dates("03/04/2024 10:30 PM", "12.25.2023", "1-2-2024") == ["2024-03-04", "2023-12-25", "2024-01-02"]

    def test_are_day_first_and_said_to_be_where_nothing_proves_it(self) -> None:
        result = checked({"sold_on": "03/04/2024"})

        assert result.usable["sold_on"].tolist() == [pd.Timestamp("2024-04-03")]
        assert result.notes == (
            "sold_on: dates such as '03/04/2024' do not say which part is the day: read as day/month/year.",
        )

    def test_with_the_year_first_need_no_guess(self) -> None:
        assert self.dates("2024/03/05", "2024.12.31") == ["2024-03-05", "2024-12-31"]

    def test_that_contradict_the_majority_are_quarantined(self) -> None:
        result = checked({"sold_on": "25/12/2023"}, {"sold_on": "26/12/2023"}, {"sold_on": "12/27/2023"})

        assert len(result.usable) == 2
        assert reason(result) == "sold_on is not a date: '12/27/2023'"

    @pytest.mark.parametrize("cell", ["1/2/24", "2024", "2024-05", "45350", 45350, 45350.5, "5 May 2024", "2024-03/05"])
    def test_are_not_guessed_from_anything_else(self, cell: object) -> None:
        assert self.dates(cell) == [None]


CELLS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["85,5", "1.234,5", "85,500", "85.5", "0", "-3", "nan", "inf", "01/02/2024", "2024-13-01", "Casa"]),
    st.floats(),
    st.integers(),
    st.dates(),
)
CHANGES = st.dictionaries(st.sampled_from([*HOME, "sold_on", "id", "year_built", "style"]), CELLS, max_size=3)
ANY_LAYOUT = SalesLayout(area_unit="ft2", extras=Extras(("year_built",), ("style",)))


def any_sales(changes: Sequence[Mapping[str, object]], broken: int = 0) -> SourceTable:
    blank = dict.fromkeys(("sold_on", "id", "year_built", "style"))
    return source([{**HOME, **blank, **change} for change in changes], {-place: "torn" for place in range(broken)})


class TestLaws:
    @settings(max_examples=20)
    @given(st.lists(CHANGES, min_size=1, max_size=6), st.integers(0, 2))
    def test_no_row_is_lost(self, changes: list[dict[str, object]], broken: int) -> None:
        result = check_sales(any_sales(changes, broken), ANY_LAYOUT)

        assert result.read == len(changes) + broken == len(result.usable) + len(result.quarantined)
        assert sum(result.by_reason.values()) == len(result.quarantined)
        assert all(result.quarantined["reason"])

    @settings(max_examples=20)
    @given(st.lists(CHANGES, min_size=1, max_size=6), st.randoms(use_true_random=False))
    def test_the_order_of_the_source_does_not_matter(self, changes: list[dict[str, object]], chance: object) -> None:
        shuffled = changes.copy()
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        one, other = check_sales(any_sales(changes), ANY_LAYOUT), check_sales(any_sales(shuffled), ANY_LAYOUT)

        pd.testing.assert_frame_equal(one.usable, other.usable)
        assert sales_digest(one.usable) == sales_digest(other.usable)
        assert one.by_reason == other.by_reason
        assert one.notes == other.notes

    @settings(max_examples=20)
    @given(st.lists(CHANGES, min_size=1, max_size=6))
    def test_usable_sales_keep_the_rules_of_their_columns(self, changes: list[dict[str, object]]) -> None:
        usable = check_sales(any_sales(changes), ANY_LAYOUT).usable

        assert usable[["type", "sector"]].map(lambda text: isinstance(text, str) and text != "").all(axis=None)
        assert np.isfinite(usable[[*REQUIRED_COLUMNS[2:]]].to_numpy()).all()
        assert (usable[["net_usable_area", "net_area", "price"]] > 0).all(axis=None)
        assert not np.isinf(usable["year_built"]).any()


def with_objections(table: SourceTable, layout: SalesLayout, areas: Sequence[float], text: str) -> CheckedSales:
    """The table checked, and the homes of these whole areas set aside."""
    result = check_sales(table, layout)
    rows = np.flatnonzero(result.usable["net_area"].isin(areas)).tolist()
    return set_aside(result, table, [Objection(row, "non_market_price", text) for row in rows])


class TestSettingAside:
    ROWS = tuple({**HOME, "net_area": str(area), "note": f"n{area}"} for area in (300, 100, 400, 200))

    def test_keeps_the_source_row_and_says_why(self) -> None:
        bad = {**HOME, "price": "", "note": "no price"}
        table = source([*self.ROWS, bad], {99: "torn"})

        result = with_objections(table, SalesLayout(), [100, 400], "12 is 4.1 times less")

        assert numbers(result) == [200.0, 300.0]
        assert result.quarantined["row"].tolist() == [3, 4, 6, 99]
        assert result.quarantined["reason"].tolist()[:2] == ["non_market_price: 12 is 4.1 times less"] * 2
        assert result.quarantined["note"].tolist() == ["n100", "n400", "no price", None]
        assert result.quarantined["net_area"].tolist()[:2] == ["100", "400"]
        assert result.by_reason == {"non_market_price": 2, "price is missing": 1, "row cannot be read": 1}
        assert result.read == len(result.usable) + len(result.quarantined)

    def test_may_be_done_step_by_step(self) -> None:
        table = source(self.ROWS)
        first = with_objections(table, SalesLayout(), [300], "x")

        second = set_aside(first, table, [Objection(0, "duplicate", "y"), Objection(0, "area_unit", "z")])

        assert numbers(second) == [200.0, 400.0]
        assert second.quarantined["note"].tolist() == ["n300", "n100"]
        assert second.quarantined["reason"].tolist() == ["non_market_price: x", "duplicate: y; area_unit: z"]
        assert second.by_reason == {"duplicate": 1, "non_market_price": 1}

    def test_of_nothing_changes_nothing(self) -> None:
        result = checked({})

        assert set_aside(result, source([HOME]), []) is result

    def test_leaves_types_and_numbering_as_they_were(self) -> None:
        table = source([{**row, "sold_on": "2024-01-01", "id": None} for row in self.ROWS])
        before = check_sales(table, SalesLayout())

        after = set_aside(before, table, [Objection(row, "duplicate", "x") for row in range(4)])

        assert after.usable.dtypes.tolist() == before.usable.dtypes.tolist()
        assert after.usable.index.equals(pd.RangeIndex(0))
        assert after.quarantined.dtypes.tolist() == before.quarantined.dtypes.tolist()
        assert len(after.places) == 0

    def test_works_where_the_source_has_columns_of_our_names(self) -> None:
        rows = [{**row, "row": "a", "reason": "b"} for row in self.ROWS]
        table = source([*rows, {**rows[0], "price": "?"}])

        result = with_objections(table, SalesLayout(), [400], "x")

        assert result.quarantined.columns.tolist()[:2] == ["row", "reason"]
        assert result.quarantined.iloc[:, 0].tolist() == [4, 6]

    @settings(max_examples=20)
    @given(st.lists(CHANGES, min_size=1, max_size=6), st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_the_source(self, changes: list[dict[str, object]], chance: object) -> None:
        shuffled = changes.copy()
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        tables = [any_sales(changes), any_sales(shuffled)]
        found = [check_sales(table, ANY_LAYOUT) for table in tables]
        every_other = [Objection(row, "duplicate", "x") for row in range(0, len(found[0].usable), 2)]

        one, other = (set_aside(result, table, every_other) for result, table in zip(found, tables, strict=True))

        pd.testing.assert_frame_equal(one.usable, other.usable)
        assert one.by_reason == other.by_reason
        assert len(one.usable) + len(one.quarantined) == one.read

    @settings(max_examples=20)
    @given(st.permutations([100, 200, 300, 400, 500]))
    def test_every_usable_sale_knows_its_row(self, areas: list[int]) -> None:
        table = source([{**HOME, "net_area": area, "price": "" if area == 300 else "5"} for area in areas])

        result = check_sales(table, SalesLayout())

        assert table.frame["net_area"].iloc[result.places].tolist() == result.usable["net_area"].tolist()


class TestKeepingRejectedRows:
    def test_of_two_tables_works_where_one_has_columns_of_our_names(self) -> None:
        quarantine = InMemoryQuarantine()
        sales, holdout = checked({"price": "", "row": "a", "reason": "b"}), checked({"price": "?"})

        place = keep_rejected(quarantine, datetime(2024, 1, 1, tzinfo=UTC), sales, holdout)

        kept = quarantine.kept[str(place)]
        assert kept.columns.tolist() == ["row", "reason", *HOME, "row", "reason"]
        assert kept.iloc[:, 1].tolist() == ["price is missing", "price is not a number: '?'"]
        assert kept.iloc[0, -2:].tolist() == ["a", "b"]


class TestDigest:
    def test_is_of_the_sales_and_not_of_how_they_were_written(self) -> None:
        text = checked({"price": "1000", "sold_on": "2024-01-31", "n_rooms": "0"})
        typed = checked({"price": Decimal(1000), "sold_on": date(2024, 1, 31), "n_rooms": -0.0})

        assert sales_digest(text.usable) == sales_digest(typed.usable)

    @pytest.mark.parametrize("change", [{"price": "1000.0000001"}, {"sector": "x"}, {"sold_on": "2024-02-01"}])
    def test_changes_with_any_sale(self, change: Mapping[str, object]) -> None:
        sale = {"price": "1000", "sold_on": "2024-01-31"}

        assert sales_digest(checked(sale).usable) != sales_digest(checked({**sale, **change}).usable)
        assert sales_digest(checked(sale).usable) != sales_digest(checked(sale, sale).usable)

    def test_is_stable(self) -> None:
        sale = {"sold_on": "2024-01-31", "id": None}

        assert sales_digest(checked(sale).usable) == "11933c7c97c964b24896deb93da09c334a6c7023bfdf1bdc4290c9c75a133c56"

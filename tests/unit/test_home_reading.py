"""How the rows of a portfolio become homes."""

import pickle
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from application.ports.model_trainer import Extras
from application.sales.home_reading import HomeReading
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from domain.errors import SourceMalformed
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, Property
from tests.fakes.asked_portfolios import PLAIN, reading_of, the_head, the_rows
from tests.unit.test_sales_table import HOME, source

FURTHER = FeatureSchema(("year_built",), ("heating",), (), ())
ROW = {name: cell for name, cell in HOME.items() if name != "price"}


def cells(*changes: Mapping[Any, object]) -> pd.DataFrame:
    rows = [{**ROW, **change} for change in changes]
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in names}, dtype=object)


def _named(row: Mapping[Any, object]) -> dict[str, object]:
    return {str(name): cell for name, cell in row.items()}


def wrong(*changes: Mapping[str, object], reading: HomeReading | None = None) -> list[str]:
    table = cells(*changes)
    return list((reading or reading_of(table, FURTHER)).read(the_rows(table)).wrong.values())


def areas(table: pd.DataFrame, reading: HomeReading | None = None) -> list[float]:
    found: list[float] = (reading or reading_of(table)).read(the_rows(table)).table["net_area"].tolist()
    return found


class TestHomes:
    def test_come_in_the_order_of_the_rows_with_texts_as_they_were_written(self) -> None:
        table = cells({}, {"net_area": "x"}, {"sector": " Las  Condes "}, {"type": "CASA", "net_area": "7"})

        homes = reading_of(table).read(the_rows(table))

        assert homes.good.tolist() == [0, 2, 3]
        assert homes.table["type"].tolist() == ["casa"] * 3
        assert homes.table["sector"].tolist() == ["nunoa", "las condes", "nunoa"]
        assert homes.table["net_area"].tolist() == [95.5, 95.5, 7.0]
        assert list(homes.at(np.array([1, 2]))) == [
            Property("Casa", "Las  Condes", 80.0, 95.5, 3.0, 1.5, -33.45, -70.6),
            Property("CASA", "Ñuñoa", 80.0, 7.0, 3.0, 1.5, -33.45, -70.6),
        ]

    def test_are_read_like_sales(self) -> None:
        odd: list[dict[str, object]] = [
            {"type": None},
            {"net_area": "-0"},
            {"n_rooms": "1e9"},
            {"latitude": "inf"},
            {"sector": "a\x07b"},
            {},
        ]
        table = cells(*odd, {"n_bathroom": None, "net_area": "1,2,3"})

        homes = reading_of(table).read(the_rows(table))
        sales = check_sales(source([{**HOME, **_named(row)} for row in table.to_dict("records")]), SalesLayout())

        assert list(homes.wrong.values()) == [
            f"line {row}: {reason}" for row, reason in sales.quarantined[["row", "reason"]].itertuples(index=False)
        ]
        assert homes.table[[*NUMBER_FIELDS]].to_dict("records") == sales.usable[[*NUMBER_FIELDS]].to_dict("records")

    @pytest.mark.parametrize("kind", ["object", "str", "arrow text", "arrow numbers", "numbers", "decimals"])
    def test_are_the_same_whatever_the_columns_are_made_of(self, kind: str) -> None:
        text = cells({"net_area": "95.5"}, {"net_area": None}, {"net_area": "1e3"})
        numbers = text.assign(**{name: text[name].astype(float) for name in NUMBER_FIELDS})
        table = {
            "object": text,
            "str": text.astype("str"),
            "arrow text": text.astype(pd.ArrowDtype(pa.string())),
            "arrow numbers": numbers.convert_dtypes(dtype_backend="pyarrow"),
            "numbers": numbers,
            "decimals": text.assign(net_area=pd.Series([Decimal("95.5"), None, Decimal(1000)], dtype=object)),
        }[kind]

        homes = reading_of(table).read(the_rows(table))

        assert homes.wrong == {1: "line 3: net_area is missing"}
        assert homes.table["net_area"].tolist() == [95.5, 1000.0]
        assert homes.table.dtypes.astype(str).tolist() == ["category"] * 2 + ["float64"] * 6
        assert homes.table["latitude"].tolist() == [-33.45, -33.45]

    def test_of_a_source_in_square_feet_are_in_square_metres(self) -> None:
        table = cells({})
        assert areas(table, reading_of(table, layout=SalesLayout(area_unit="ft2"))) == [95.5 * 0.09290304]

    def test_may_each_have_a_day_of_their_own(self) -> None:
        days = [{"valuation_date": day} for day in ("31/12/2024", None, "1/2/2025", "soon", "1/1/1066")]
        table = cells(*days)

        reading = reading_of(table)
        homes = reading.read(the_rows(table))

        assert homes.days.astype(object).tolist() == [date(2024, 12, 31), None, date(2025, 2, 1)]
        assert reading.notes == ("valuation_date: dates are read as day/month/year.",)
        assert list(homes.wrong.values()) == [
            "line 5: valuation_date is not a date: 'soon'",
            "line 6: valuation_date is out of range: '1/1/1066' (not in 1900 to 2200)",
        ]

    def test_are_none_of_the_rows_that_could_not_be_read(self) -> None:
        table = cells({}, {}, {"net_area": "x"})
        table.iloc[1] = None

        homes = reading_of(table).read(the_rows(table, {1: "number of cells is 3"}))

        assert homes.good.tolist() == [0]
        assert homes.wrong == {
            1: "line 3: row cannot be read: number of cells is 3",
            2: "line 4: net_area is not a number: 'x'",
        }

    def test_may_be_none(self) -> None:
        homes = reading_of(cells({})).read(the_rows(cells({}).iloc[:0]))
        assert (homes.count, len(homes.table), homes.wrong) == (0, 0, {})


class TestFurtherFeatures:
    def test_may_be_unknown_but_not_unreadable(self) -> None:
        assert wrong({"year_built": None, "heating": None}, {"year_built": "old"}, {"heating": "\x1b[2J"}) == [
            "line 3: year_built is not a number: 'old'",
            "line 4: heating holds control characters: '\\x1b[2j'",
        ]

    def test_that_a_portfolio_lacks_are_unknown_of_every_home_and_that_is_said(self) -> None:
        table = cells({}, {})
        layout = SalesLayout({"heating": "Heizung"}, extras=Extras(("year_built",), ("heating",)))

        reading = reading_of(table, FURTHER, layout)
        homes = reading.read(the_rows(table))

        assert reading.absent == ("year_built", "heating")
        assert reading.notes == (
            "There is no column year_built: every home is valued without it.",
            "There is no column heating (column 'Heizung'): every home is valued without it.",
        )
        assert homes.table[["year_built", "heating"]].isna().all(axis=None)
        assert [home.extras for home in homes.at(np.array([0]))] == [{"year_built": None, "heating": None}]


class TestColumns:
    def test_have_the_names_of_the_sales_or_else_our_own(self) -> None:
        table = cells({"m2": "50", "price": "7", "sold_on": "never"}).drop(columns="net_area")
        layout = SalesLayout({"net_area": "m2", "net_usable_area": "m2 usable"})

        reading = reading_of(table, layout=layout)

        assert areas(table, reading) == [50.0]
        assert set(reading.wanted) == {*ROW, "m2"} - {"net_area"}
        assert wrong({"m2": "?"}, reading=reading) == ["line 2: net_area (column 'm2') is not a number: '?'"]
        assert HomeReading.columns_wanted(the_head(table), layout, PLAIN) == reading.wanted

    def test_that_are_missing_are_all_named_with_those_they_might_be(self) -> None:
        table = cells({"Net area": "5"}).drop(columns=["net_area", "sector"])
        with pytest.raises(SourceMalformed) as raised:
            reading_of(table, FURTHER)
        assert "homes.csv has no column 'sector', 'net_area' (is it 'Net area'?)" in str(raised.value)

    def test_that_are_there_twice_are_not_chosen_from(self) -> None:
        table = pd.concat([cells({}), cells({})[["sector"]]], axis=1)
        with pytest.raises(SourceMalformed, match="more than one column 'sector'"):
            reading_of(table)

    def test_keep_the_style_of_the_first_part(self) -> None:
        first = cells({"net_area": "1.234,5", "valuation_date": "12/31/2024"})
        reading = pickle.loads(pickle.dumps(reading_of(first)))  # noqa: S301 (our own)

        assert reading.notes == (
            "net_area: decimal comma ('1.234,5' is read as 1234.5).",
            "valuation_date: dates are read as month/day/year.",
        )
        later = cells({"net_area": "6.065", "valuation_date": "1/2/2025"}, {"net_area": "80.5"}, {"net_area": "80,5"})
        homes = reading.read(the_rows(later))
        assert homes.table["net_area"].tolist() == [6065.0, 80.5]
        assert homes.days[0] == np.datetime64("2025-01-02")
        assert homes.wrong == {1: "line 3: net_area is not a number: '80.5'"}

    def test_of_plain_numbers_do_not_turn_to_commas_later(self) -> None:
        reading = reading_of(cells({}))
        assert wrong({"net_area": "80,5"}, {"net_area": 80.5}, reading=reading) == [
            "line 2: net_area is not a number: '80,5'"
        ]

    def test_without_a_separator_in_the_first_part_are_written_later_as_the_others_are(self) -> None:
        commas = {"net_usable_area": "80,5", "n_bathroom": "1,5", "latitude": "-33,45", "longitude": "-70,6"}
        reading = reading_of(cells({**commas, "net_area": "95", "year_built": None}), FURTHER)

        later = cells(*({**commas, "net_area": area, "year_built": "1.990"} for area in ("1541,12", "1.200", "95.5")))
        homes = reading.read(the_rows(later))

        assert homes.table["net_area"].tolist() == [1541.12, 1200.0]
        assert homes.table["year_built"].tolist() == [1990.0] * 2
        assert homes.wrong == {2: "line 4: net_area is not a number: '95.5'"}
        assert [note for note in reading.notes if "net_area" in note] == []

    @pytest.mark.parametrize("proof", [{}, {"net_usable_area": "80,5", "latitude": "-33.45"}])
    def test_without_a_separator_stay_plain_where_the_others_do_not_agree(self, proof: dict[str, object]) -> None:
        reading = reading_of(cells({**proof, "net_area": "95"}))
        assert areas(cells({**proof, "net_area": "1.2"}), reading) == [1.2]


class TestDaysAndMonths:
    @pytest.mark.parametrize("first", [None, "2024-12-31", "5/5/2025", date(2024, 12, 31)])
    def test_are_told_apart_by_each_date_itself_where_the_first_part_proves_no_order(self, first: object) -> None:
        reading = reading_of(cells({"valuation_date": first}))
        later = cells(*({"valuation_date": day} for day in ("12/25/2010", "03/04/2010", "25.12.2010", "3-3-2010", "")))

        homes = reading.read(the_rows(later))

        assert homes.days.astype(object).tolist() == [*[date(2010, 12, 25)] * 2, date(2010, 3, 3), None]
        assert homes.wrong == {
            1: "line 3: valuation_date does not say which is the day: '03/04/2010' (write year-month-day)"
        }
        assert [note for note in reading.notes if "valuation_date" in note] == []

    def test_that_the_first_part_already_leaves_in_doubt_are_noted(self) -> None:
        table = cells({"valuation_date": "03/04/2010"}, {"valuation_date": "2010-04-03"})
        reading = reading_of(table)
        [note] = reading.notes
        assert note == (
            "valuation_date: dates such as '03/04/2010' do not say which part is the day: such rows are refused; write "
            "year-month-day."
        )
        assert reading.read(the_rows(table)).good.tolist() == [1]

    def test_that_contradict_each_other_prove_nothing(self) -> None:
        table = cells(*({"valuation_date": day} for day in ("25/12/2010", "12/25/2010", "2010-01-02")))
        assert reading_of(table).read(the_rows(table)).days.astype(str).tolist() == ["2010-12-25"] * 2 + ["2010-01-02"]

    def test_column_is_known_by_the_callers_name(self) -> None:
        layout = SalesLayout({"valuation_date": "Stichtag"})
        assert reading_of(cells({"Stichtag": None}), layout=layout).day_column == "Stichtag"
        assert reading_of(cells({})).day_column is None

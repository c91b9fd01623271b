"""How names are shown: as the sales mostly write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports.model_trainer import Extras
from application.sales.layout import SalesLayout
from application.sales.table import sales_digest
from domain.property import Property, normalised
from domain.spellings import AS_COMPARED, Spellings, commonest, spelled
from tests.unit.test_sales_table import checked

HOME = Property(
    "casa", "nunoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6, {"view": "rio", "year_built": 1990.0, "use": None}
)
LOCAL = Spellings({"type": {"casa": "Casa"}, "sector": {"nunoa": "Ñuñoa"}, "view": {"rio": "Río"}})


def sectors(*written: str) -> dict[str, str]:
    return dict(checked(*({"sector": name} for name in written)).spellings.by_field.get("sector", {}))


@given(st.text(max_size=12))
def test_what_is_shown_of_a_name_is_compared_as_the_name(text: str) -> None:
    assert normalised(spelled(text)) == normalised(text)


def test_the_most_frequent_spelling_is_kept() -> None:
    assert sectors("NUNOA", "Ñuñoa", "ñuñoa ", "Ñuñoa") == {"nunoa": "Ñuñoa"}
    assert sectors("Ñuñoa", "NUNOA", "NUNOA") == {"nunoa": "NUNOA"}


def test_spaces_and_the_way_in_which_accents_are_stored_make_no_other_spelling() -> None:
    apart = unicodedata.normalize("NFD", "Ñuñoa")
    assert sectors("nunoa", "nunoa", " Ñuñoa", apart, "Ñuñoa") == {"nunoa": "Ñuñoa"}
    assert sectors("Las  Condes") == {"las condes": "Las Condes"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_equally_frequent_ones_the_one_that_says_most_is_shown_whichever_comes_first(order: int) -> None:
    assert sectors(*["Ñuñoa", "ñuñoa", "NUNOA", "Nunoa"][::order]) == {"nunoa": "Ñuñoa"}
    assert commonest({"CASA": 1, "casa": 1, "Casa": 1}) == "Casa"


def test_a_name_that_is_written_as_it_is_compared_is_not_kept() -> None:
    assert sectors("nunoa", "las condes") == {}


def test_rows_that_cannot_be_used_have_no_say() -> None:
    sales = checked({"sector": "NUNOA", "price": "much"}, {"sector": "NUNOA", "price": ""}, {"sector": "Ñuñoa"})
    assert sales.spellings.by_field["sector"] == {"nunoa": "Ñuñoa"}


def test_no_spelling_acts_on_a_terminal() -> None:
    for text in ("Ñuñoa\n", "Ñu\tñoa", "Ñuñoa\x1b[2J"):
        assert all(shown.isprintable() for shown in sectors(text).values())


def test_categories_of_further_features_are_spelled_too() -> None:
    sales = checked({"view": "Río"}, {"view": None}, layout=SalesLayout(extras=Extras((), ("view",))))
    assert sales.spellings.by_field["view"] == {"rio": "Río"}


def test_spellings_are_no_part_of_the_digest() -> None:
    one, other = checked({"sector": "Ñuñoa"}), checked({"sector": "NUNOA"})
    assert one.spellings != other.spellings
    assert sales_digest(one.usable) == sales_digest(other.usable)


def test_a_home_is_shown_with_its_names_spelled_and_is_otherwise_the_same() -> None:
    shown = LOCAL.home(HOME)
    assert (shown.type, shown.sector) == ("Casa", "Ñuñoa")
    assert shown.extras == {"view": "Río", "year_built": 1990.0, "use": None}
    assert (shown.net_usable_area, shown.latitude) == (80.0, -33.45)
    assert AS_COMPARED.home(HOME) == HOME


def test_a_name_that_nobody_spelled_stays_as_it_is() -> None:
    assert LOCAL.of("sector", "vitacura") == "vitacura"
    assert LOCAL.of_all("type", ["casa", "loft"]) == ["Casa", "loft"]


def test_a_holdout_adds_the_spellings_of_names_that_the_sales_have_not() -> None:
    other = Spellings({"sector": {"nunoa": "NUNOA", "vitacura": "Vitacura"}, "use": {"si": "Sí"}})
    both = LOCAL.before(other)
    assert both.by_field["sector"] == {"nunoa": "Ñuñoa", "vitacura": "Vitacura"}
    assert (both.of("type", "casa"), both.of("use", "si")) == ("Casa", "Sí")

"""What a command says of a valuation that is not on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import ValuationNotFound

if TYPE_CHECKING:
    from config.container import Container


@contextmanager
def telling_why_missing(container: "Container", valuation_id: str) -> Iterator[None]:
    """Where the block finds no such valuation, ValuationNotFound says why there is none."""
    try:
        yield
    except ValuationNotFound:
        raise ValuationNotFound(container.locate_evidence().why_missing(valuation_id)) from None

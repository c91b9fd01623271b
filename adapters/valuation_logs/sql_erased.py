"""Which entries in a database are registered as erased: whatever stands in their place now is no record."""

from collections.abc import Mapping

from adapters.valuation_logs.sql_connections import EvidenceDatabase
from adapters.valuation_logs.sql_register import SqlRegister


class ErasedEntries:
    """Reads the register once, and then what was added since."""

    def __init__(self, database: EvidenceDatabase, register: SqlRegister) -> None:
        self._database = database
        self._register = register
        self._seen = 0, dict[str, frozenset[int]]()  # replaced as a whole: threads look at the same time

    def numbers(self) -> Mapping[str, frozenset[int]]:
        """By segment. Raises ValuationLogUnavailable."""
        seen, numbers = self._seen
        with self._database.transaction() as connection:
            last = self._register.last_number(connection)
            if last < seen:  # an older database was put in its place
                seen, numbers = 0, {}
            added = self._register.erased(connection, after=seen) if last > seen else []
        if last != self._seen[0]:
            numbers = dict(numbers)
            for event in added:
                numbers[event.segment] = numbers.get(event.segment, frozenset()).union(event.numbers)
            self._seen = last, numbers
        return numbers

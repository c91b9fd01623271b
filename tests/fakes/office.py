"""An office that values homes, with everything it keeps in memory: for tests of what is on record."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from application.record_valuations import RecordValuations
from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from domain.follow_up import Outcome, ValuerOverride
from domain.property import Property
from domain.valuation_record import Caller
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner
from tests.fakes.in_memory_key_store import InMemoryKeyStore
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_valuation_log import InMemoryValuationLog
from tests.fakes.models import a_card, a_trained_model

HOME = Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6)


@dataclass
class Office:
    """v1 values at 2,000 a m2 and is served, v2 at 3,000 and is stored. A minute passes with each valuation."""

    clock: FixedClock = field(default_factory=FixedClock)
    signer: InMemoryEvidenceSigner = field(default_factory=InMemoryEvidenceSigner)
    models: InMemoryModelRepository = field(default_factory=InMemoryModelRepository)
    keys: InMemoryKeyStore = field(default_factory=InMemoryKeyStore)
    key_id: str = "abc123abc123"
    coordinate_decimals: int | None = None

    def __post_init__(self) -> None:
        self.log = InMemoryValuationLog(self.signer, self.clock.now)
        for price in (2000.0, 3000.0):
            self.models.store(a_trained_model(price), a_card())
        self.models.promote("v1", NOON, "ana")
        self.served = ServedModel(self.models)
        self.served.refresh()

    def value(self, home: Property = HOME, client_ref: str | None = None, **how: Any) -> str:
        """Values a home, puts that on record, and returns its id. `how`: day, and what ValueProperty takes."""
        request = ValuationRequest(home, client_ref, how.pop("day", None))
        self.clock.advance(timedelta(minutes=1))
        (valuation,) = ValueProperty(self.served, self.clock)([request], **how)
        record = RecordValuations(self.log, self.clock, self.coordinate_decimals)
        record(
            Caller(self.key_id, "visit-1"), [request], [valuation], level=how.get("level"), began=time.perf_counter()
        )
        return valuation.id

    def sold(self, valuation_id: str, price: float = 150_000.0) -> None:
        """Tells for how much a valued home was sold."""
        now = self.clock.now()
        self.log.follow_up([Outcome(valuation_id, price, now.date(), now, "abc123abc123", "visit-2")])

    def overridden(self, valuation_id: str, value: float = 155_000.0) -> None:
        """Puts a valuer's figure beside a valuation."""
        now = self.clock.now()
        self.log.follow_up([ValuerOverride(valuation_id, value, "a new roof", "Ana Rojas", now, by="ana")])

"""Sales that speak for the value of a home, because they are of homes like it."""

from dataclasses import dataclass

from domain.sale import Sale


@dataclass(frozen=True, slots=True)
class SimilarSale:
    """A sale, how far its home is from the subject, in metres on the ground, and how alike they are.

    similarity: above 0, and 1 for a home that is alike in everything. id: the source's own, or one made of what the
    sale says, the same for the same sale always.
    """

    id: str
    sale: Sale
    distance_m: float
    similarity: float

"""How the sales write their names, beside the normalised form in which names are compared."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.property import Property


def spelled(text: str) -> str:
    """A name as it is shown: accents and case as they were written, single spaces.

    Its normalised form is that of `text`.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()))


def commonest(times: Mapping[str, int]) -> str:
    """Of spellings of one name, with how often each is written, the most frequent.

    Of equally frequent ones the one that says most: with the most accents, then in both upper and lower case. Which one
    came first says nothing: a database returns rows as it likes.
    """
    return max(times, key=lambda text: (times[text], _accents(text), not (text.isupper() or text.islower()), text))


def _accents(text: str) -> int:
    return sum(unicodedata.combining(character) > 0 for character in unicodedata.normalize("NFD", text))


@dataclass(frozen=True, slots=True)
class Spellings:
    """By field, the spelling of each name, in normalised form, that is mostly written otherwise.

    No two names of a field have one spelling: the normalised form of each is the name itself.
    """

    by_field: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, field: str, name: str) -> str:
        """The spelling of a name; a name that is not known stays as it is."""
        known = self.by_field.get(field)
        return name if known is None else known.get(name, name)

    def of_all(self, field: str, names: Iterable[str]) -> list[str]:
        """Likewise, in their order."""
        known = self.by_field.get(field, {})
        return [known.get(name, name) for name in names]

    def home(self, home: Property) -> Property:
        """The same home with its names spelled."""
        if not self.by_field:
            return home
        extras = {name: self.of(name, told) if isinstance(told, str) else told for name, told in home.extras.items()}
        return replace(home, type=self.of("type", home.type), sector=self.of("sector", home.sector), extras=extras)

    def before(self, others: "Spellings") -> "Spellings":
        """These, and the others of names that these do not have."""
        fields = {**others.by_field, **self.by_field}
        return Spellings({each: {**others.by_field.get(each, {}), **self.by_field.get(each, {})} for each in fields})


AS_COMPARED = Spellings()
"""Every name in its normalised form."""

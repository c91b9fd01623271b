"""What has changed, in plain sentences."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from domain.drift import MISSING, NEVER_SEEN, OUT_OF_DOMAIN, REFUSED, UNSEEN, VALUE, Bar, FeatureDrift, ShareDrift
from domain.property import printable

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Wording:
    """How a number is told of: what homes are that have more of it and less, and its unit."""

    more: str
    less: str
    unit: str = ""
    digits: int | None = None


_WORDINGS = {
    "net_usable_area": _Wording("are larger", "are smaller", " m2"),
    "net_area": _Wording("are larger", "are smaller", " m2"),
    "n_rooms": _Wording("have more rooms", "have fewer rooms"),
    "n_bathroom": _Wording("have more bathrooms", "have fewer bathrooms"),
    "latitude": _Wording("lie farther north", "lie farther south", digits=4),
    "longitude": _Wording("lie farther east", "lie farther west", digits=4),
}


def too_few(homes: int, fewest: int) -> str:
    """Why nothing is said of so few homes."""
    there = {0: "no home is", 1: "one home is"}.get(homes, f"{homes:,} different homes are")
    return f"{there} on record that this version valued in that time: of fewer than {fewest} nothing can be said."


def sentences(
    features: Sequence[FeatureDrift], shares: Sequence[ShareDrift], currency: str, least: float
) -> tuple[str, ...]:
    """A sentence for each alarm; one where there is none. least: the stability index from which on there is one."""
    unseen = {each.feature for each in shares if each.drifted and each.kind == UNSEEN}
    said = (*_said_of_features(features, unseen, currency), *(_of_share(each) for each in shares if each.drifted))
    return said or (_without_alarm(features, least),)


def _without_alarm(features: Sequence[FeatureDrift], least: float) -> str:
    small = ", ".join(f"{each.name} ({each.psi or 0:.3f})" for each in features if each.differs)
    if not small:
        return "nothing has changed beyond what chance alone would bring."
    return (
        "differs beyond chance, but by less than is told of (by its population stability index, told of from "
        f"{least:g}): {small}."
    )


def _said_of_features(features: Sequence[FeatureDrift], unseen: Set[str | None], currency: str) -> Iterator[str]:
    """A sentence a field, but for what is said of its categories never seen anyway."""
    for each in features:
        most = _most_changed(each)
        if not each.drifted or most is None or (each.name in unseen and most.label == NEVER_SEEN):
            continue
        if each.quartiles is None or each.training_quartiles is None:
            what = _of_bar(most, "of")
        elif each.test == "chi_square":
            moved = _of_few(each.quartiles[1], each.training_quartiles[1], _wording(each.name, currency))
            what = moved or _of_bar(most, "with")
        else:
            moved = _of_numbers(each.quartiles, each.training_quartiles, _wording(each.name, currency))
            what = moved or _of_bar(most, "in the band")
        at = ", amounts at the reference day of the price index" if each.name == VALUE else ""
        yield f"{each.name}: {what}{at} (population stability index {each.psi or 0:.2f})."


def _wording(name: str, currency: str) -> _Wording:
    if name == VALUE:
        return _Wording("are worth more", "are worth less", f" {currency}")
    return _WORDINGS.get(name, _Wording("have higher figures", "have lower figures"))


def _of_numbers(now: tuple[float, float, float], then: tuple[float, float, float], wording: _Wording) -> str | None:
    """How the middle moved or the spread changed, whichever the more; None where neither did much."""
    (low, middle, high), (low_then, middle_then, high_then) = now, then
    moved, spread = middle - middle_then, (high - low) - (high_then - low_then)
    least = 0.1 * (high_then - low_then)
    if max(abs(moved), abs(spread) / 2) <= least:
        return None

    def shown(figure: float) -> str:
        return _figure(figure, wording.digits) + wording.unit

    if abs(moved) >= abs(spread) / 2:
        direction = wording.more if moved > 0 else wording.less
        return (
            f"homes asked for {direction}: half are above {shown(middle)}, in training half were above "
            f"{shown(middle_then)}"
        )
    return (
        f"homes asked for differ {'more' if spread > 0 else 'less'}: the middle half lies between {shown(low)} and "
        f"{shown(high)}, in training between {shown(low_then)} and {shown(high_then)}"
    )


def _of_few(now: float, then: float, wording: _Wording) -> str | None:
    """How the middle of few different numbers moved; None where it did not."""
    if now == then:
        return None
    direction = wording.more if now > then else wording.less
    return f"homes asked for {direction}: half have at least {now:g}, in training half had at least {then:g}"


def _most_changed(each: FeatureDrift) -> Bar | None:
    return max(each.bars, key=lambda bar: abs(bar.served - bar.training), default=None)


def _of_bar(bar: Bar, preposition: str) -> str:
    """How the share of a part of the homes has changed."""
    direction = "more" if bar.served > bar.training else "fewer"
    return (
        f"{direction} homes {preposition} '{printable(bar.label)}' are asked for: {_of_100(bar.served)}, in training "
        f"{_of_100(bar.training)}"
    )


def _of_share(each: ShareDrift) -> str:
    now = _of_100(each.hits / each.homes)
    before = each.training_hits / each.training_homes
    judged = _of_100(before) if before else "none of the homes"
    named = ", ".join(f"'{name}' ({count:,})" for name, count in list(each.counts.items())[:_MOST_NAMED])
    more = " and others" if len(each.counts) > _MOST_NAMED else ""
    match each.kind:
        case kind if kind == UNSEEN:
            what = {"sector": "in sectors", "type": "of types"}.get(str(each.feature), "of categories")
            return f"{each.feature}: {now} are {what} that the model never saw: {named}{more}."
        case kind if kind == MISSING:
            then = f"not given for {_of_100(before)}" if before else "given for all"
            return f"{each.feature}: it is not given for {now}, in training it was {then}."
        case kind if kind == REFUSED:
            return f"refused: {now} are refused, for {named}{more}; {judged} that the model was judged by were."
        case kind if kind == OUT_OF_DOMAIN:
            return (
                f"out of domain: {now} are unlike what the model knows, by {named}{more}; {judged} that it was judged "
                "by were."
            )
    raise ValueError(f"{each.kind} is no kind of share")


def _of_100(share: float) -> str:
    if share == 0:
        return "none"
    return f"{100 * share:.0f} of 100 homes" if share >= 0.1 else f"{100 * share:.2g} of 100 homes"


def _figure(figure: float, digits: int | None) -> str:
    if digits is not None:
        return f"{figure:.{digits}f}"
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"

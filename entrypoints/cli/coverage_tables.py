"""The forward test as people read it on a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from domain.coverage_study import CoverageStudy
from domain.forward_test import Coverage, ForwardFigures, ForwardGroup, Median
from domain.property import printable
from domain.share import Share
from entrypoints.cli.report.words import NOTHING, count, share
from entrypoints.cli.tables import ratio_table

_WAYS = {"version": "model version", "month": "month of sale", "sector": "sector", "confidence": "confidence"}
_ORDER = {"high": 0, "medium": 1, "low": 2}


def coverage_tables(study: CoverageStudy) -> RenderableType:
    """What was held against what, the groups, hit rates, the ratio study, and what there is to say of it."""
    parts: list[RenderableType] = [Text(_held(study)), Text("")]
    if study.overall.valued or study.overall.refused:
        parts += [_groups(study), Text("\n".join(_too_few(study))), Text("")]
    if figures := study.overall.figures:
        parts += [_hit_rates(figures), Text(""), ratio_table(figures.ratio_study), Text("")]
    parts += [Text(line) for line in (*_overrides(study), *study.sentences)]
    return Group(*parts)


def _held(study: CoverageStudy) -> str:
    since = f"{study.since:%Y-%m-%d %H:%M} to " if study.since else "until "
    of = f" by {study.version}" if study.version else ""
    told = f"{count(study.valuations, 'valuation')}{of}, {since}{study.until:%Y-%m-%d %H:%M} UTC; "
    told += f"the sale is known of {study.with_outcome:,}"
    left_out = []
    if study.sold_before:
        left_out.append(f"{study.sold_before:,} made after the sale, which is no test")
    if study.superseded:
        left_out.append(f"{study.superseded:,} followed by another before the same sale, which counts instead")
    return told + (f" (left out: {'; '.join(left_out)})" if left_out else "")


def _groups(study: CoverageStudy) -> Table:
    """A line a group; behind each figure its 95 per cent interval."""
    table = Table(
        "", "sold", "refused", "MdAPE", "within 10 %", "within 20 %", "held by intervals", "held by FSD (68 %)"
    )
    table.box, table.padding = None, (0, 2, 0, 0)
    for column in table.columns[1:3]:
        column.justify = "right"
    table.add_row("overall", *_line(study.overall))
    for way, named in _WAYS.items():
        judged = {name: group for name, group in study.by[way].items() if group.figures}
        if judged:
            table.add_row(f"[dim]by {named}[/dim]")
        for name in sorted(judged, key=_in_order):
            table.add_row(Text(f"  {printable(name)}"), *_line(judged[name]))
    return table


def _in_order(name: str) -> tuple[int, str]:
    """Levels of confidence from the highest, v10 behind v9, all else by its letters."""
    number = int(name[1:]) if name[:1] == "v" and name[1:].isdecimal() else 0
    return _ORDER.get(name, number), name


def _too_few(study: CoverageStudy) -> Iterator[str]:
    for way, named in _WAYS.items():
        few = [f"{printable(name)} {group.valued}" for name, group in study.by[way].items() if group.figures is None]
        if few:
            yield f"too few to judge by {named}: {', '.join(few)}"


def _line(group: ForwardGroup) -> Iterator[str]:
    yield f"{group.valued:,}"
    yield f"{group.refused:,}" if group.refused else ""
    if (figures := group.figures) is None:
        yield "too few to judge"
        return
    yield _median(figures.mdape)
    yield _share(figures.pe10)
    yield _share(figures.pe20)
    yield "\n".join(_coverage(each) for each in figures.intervals)
    yield _share(figures.fsd.held)


def _hit_rates(figures: ForwardFigures) -> Table:
    table = Table("values taken up to an FSD of", "hit rate", "their MdAPE", box=None, padding=(0, 2, 0, 0))
    for each in figures.hit_rates:
        table.add_row(f"{each.fsd_at_most:g}", _share(each.hits), _median(each.mdape) if each.mdape else NOTHING)
    return table


def _overrides(study: CoverageStudy) -> Iterator[str]:
    if study.overrides.count:
        said = f"{count(study.overrides.count, 'valuation')} overridden by valuers"
        if difference := study.overrides.difference:
            of_all = study.overrides.compared == study.overrides.count
            said += "" if of_all else f"; the {study.overrides.compared:,} that had a value"
            said += f", by {100 * difference.value:+.1f} % in the median"
        yield said + "."


def _coverage(coverage: Coverage) -> str:
    of = f" of {coverage.held.count}"
    return f"{100 * coverage.promised:.6g} %: {_share(coverage.held)}{of}"


def _share(found: Share) -> str:
    return f"{share(found.share)} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def _median(found: Median) -> str:
    if found.low is None or found.high is None:
        return share(found.value)
    return f"{share(found.value)} ({100 * found.low:.1f} to {100 * found.high:.1f})"

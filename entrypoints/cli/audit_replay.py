"""`tasador audit replay`: recorded valuations, computed anew."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from config.loader import LoadedSettings
from config.log_lines import on_one_line
from domain.replay import Replay, ReplayStatus
from entrypoints.cli.missing_valuation import telling_why_missing
from entrypoints.cli.moments import since_option, until_option
from entrypoints.cli.progress import progress_bars
from entrypoints.cli.report.words import count, share
from entrypoints.cli.session import configured, container_of, json_option, print_json, tell

if TYPE_CHECKING:
    from config.container import Container

_TOLD_EVERY = 100


@dataclass(slots=True)
class _Tally:
    """What came of many replays. listed: the first that are not identical. causes: why some were impossible."""

    most: int
    counts: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    listed: list[Replay] = field(default_factory=list)
    furthest_off: float | None = None

    def add(self, replay: Replay) -> None:
        """Counts it."""
        self.counts[replay.status] += 1
        if replay.because:
            self.causes[replay.because] += 1
        if replay.off_by is not None:
            self.furthest_off = max(replay.off_by, self.furthest_off or 0.0)
        if replay.status != ReplayStatus.IDENTICAL and len(self.listed) < self.most:
            self.listed.append(replay)

    @property
    def failed(self) -> bool:
        """Whether any differs without having been rounded, or cannot be replayed."""
        return bool(self.counts[ReplayStatus.DIFFERS] or self.counts[ReplayStatus.IMPOSSIBLE])


@click.command()
@click.argument("valuation_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Every valuation on record, or those chosen below.")
@since_option
@until_option
@click.option("--version", metavar="V", help="With --all: served by this version.")
@click.option(
    "--most", type=click.IntRange(min=0), default=20, show_default=True, help="With --all: list at most so many."
)
@json_option
@configured
def replay(
    loaded: LoadedSettings,
    *,
    valuation_id: str | None,
    every: bool,
    since: datetime | None,
    until: datetime | None,
    version: str | None,
    most: int,
    as_json: bool,
) -> int:
    """Value recorded homes anew by the versions that served them; exit code 1 unless every figure is the same.

    Where coordinates were rounded before they were kept, figures may differ; that alone is no failure.
    """
    if every == (valuation_id is not None):
        raise click.UsageError("give the id of a valuation, or --all")
    if not every and (since or until or version):
        raise click.UsageError("--since, --until and --version go with --all")
    container = container_of(loaded)
    if valuation_id is not None:
        return _replay_one(container, valuation_id, as_json=as_json)
    tally, began = _Tally(most), time.perf_counter()
    with progress_bars() as watch:
        replays = container.replay_valuations().all(since, until, version)
        for done, each in enumerate(replays, start=1):
            tally.add(each)
            if done % _TOLD_EVERY == 0:
                watch("replayed", done, None)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(_shown(tally, seconds))
    else:
        for line in _told(tally, seconds):
            click.echo(line)
    if tally.failed:
        tell("not every figure could be computed again")
    return 1 if tally.failed else 0


def _replay_one(container: "Container", valuation_id: str, *, as_json: bool) -> int:
    with telling_why_missing(container, valuation_id):
        found = container.replay_valuations().one(valuation_id)
    if as_json:
        print_json(_document(found))
    else:
        for line in _lines(found, every=True):
            click.echo(line)
    return 1 if found.status in {ReplayStatus.DIFFERS, ReplayStatus.IMPOSSIBLE} else 0


def _document(found: Replay) -> dict[str, Any]:
    return {**msgspec.to_builtins(found), "off_by": found.off_by}


def _shown(tally: _Tally, seconds: float) -> dict[str, Any]:
    return {
        "replayed": tally.counts.total(),
        **{str(status): tally.counts[status] for status in ReplayStatus},
        "furthest_off": tally.furthest_off,
        "causes": dict(tally.causes),
        "not_identical": [_document(each) for each in tally.listed],
        "seconds": seconds,
    }


def _told(tally: _Tally, seconds: float) -> Iterator[str]:
    replayed, counts = tally.counts.total(), tally.counts
    for each in tally.listed:
        yield from _lines(each)
    others = replayed - counts[ReplayStatus.IDENTICAL] - len(tally.listed)
    if others:
        yield f"... and {others:,} others that are not identical"
    yield f"{count(replayed, 'valuation')} replayed in {seconds:.1f} s: {counts[ReplayStatus.IDENTICAL]:,} identical"
    if counts[ReplayStatus.DIFFERS]:
        yield f"{counts[ReplayStatus.DIFFERS]:,} differ"
    if counts[ReplayStatus.ROUNDED]:
        off = f", at most {share(tally.furthest_off, 3)} of the value off" if tally.furthest_off is not None else ""
        yield f"{counts[ReplayStatus.ROUNDED]:,} differ, as their coordinates were rounded before they were kept{off}"
    for because, times in tally.causes.most_common():
        yield on_one_line(f"{times:,} cannot be replayed: {because}")


def _lines(found: Replay, *, every: bool = False) -> Iterator[str]:
    """What came of it; every difference, or the first."""
    name = f"{found.valuation_id} by {found.model_version}" if found.model_version else found.valuation_id
    if found.status == ReplayStatus.IDENTICAL:
        yield f"{name}: identical in every figure"
    elif found.because:
        yield on_one_line(f"{name}: cannot be replayed: {found.because}")
    else:
        off = f", the value by {share(found.off_by, 3)}" if found.off_by is not None else ""
        rounded = ", as its coordinates were rounded" if found.status == ReplayStatus.ROUNDED else ""
        yield f"{name}: {count(len(found.differences), 'figure differs', 'figures differ')}{off}{rounded}"
        for each in found.differences if every else found.differences[:1]:
            yield on_one_line(f"  {each.figure}: recorded {_figure(each.recorded)}, now {_figure(each.now)}")


def _figure(figure: object) -> str:
    return "nothing" if figure is None else str(msgspec.to_builtins(figure))

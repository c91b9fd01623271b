"""`tasador models`: the stored models, and which of them is served."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click
import msgspec
from rich.table import Table
from rich.text import Text

from application.list_models import ListedModel
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from domain.duration import parse_duration
from domain.model_version import Promotion
from domain.reason import LONGEST_REASON, reason_fits
from entrypoints.cli.report.words import count
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json, print_table, tell
from entrypoints.cli.tables import model_table

if TYPE_CHECKING:
    from config.container import Container


def _checked_reason(_: click.Context, __: click.Parameter, reason: str) -> str:
    if not reason_fits(reason):
        raise click.BadParameter(f"give one line of at most {LONGEST_REASON} characters")
    return reason


_reason_option = click.option(
    "--reason", default="", metavar="TEXT", callback=_checked_reason, help="Why, for the record."
)


@click.group()
def models() -> None:
    """The stored models, and which of them is served."""


@models.command("list")
@json_option
@configured
def list_models(loaded: LoadedSettings, *, as_json: bool) -> None:
    """List the stored models, oldest first.

    This reads their cards alone: bytes that were altered are found by `models verify`, and when a version is promoted.
    """
    listed = container_of(loaded).list_models()()
    if as_json:
        print_json(listed)
        return
    table = Table(
        "", "version", "recipe", "trained", "by", "sales", "MdAPE", "PE10", "COD", "PRD", "promoted", box=None
    )
    for model in listed:
        mark = "served" if model.serving else ""
        promoted = _last_promotion(model)
        if model.description is None:
            table.add_row(mark, model.version, "refused", *[""] * 7, promoted)
            continue
        card = model.description.card
        table.add_row(
            mark,
            model.version,
            card.recipe,
            f"{card.trained_at:%Y-%m-%d %H:%M}",
            Text(model.description.stored_by),
            f"{card.data.used}",
            f"{card.metrics.mdape:.2%}",
            f"{card.metrics.pe10:.1%}",
            f"{card.ratio_study.cod:.2f}",
            f"{card.ratio_study.prd:.3f}",
            promoted,
        )
    print_table(table if listed else "There are no models yet: train one with `tasador train`.")
    for model in listed:
        if model.refused:
            click.echo(model.refused)


@models.command()
@click.argument("version")
@json_option
@configured
def show(loaded: LoadedSettings, *, version: str, as_json: bool) -> int:
    """Show all that is known of a stored model."""
    listed = container_of(loaded).list_models().one(version)
    if as_json:
        print_json(listed)
    elif listed.description is not None:
        print_table(model_table(listed.description, serving=listed.serving))
        for promotion in listed.promotions:
            click.echo(f"{promotion.number}. {promotion.action}, {_who_when_and_why(promotion)}")
    if listed.refused:
        tell(listed.refused)
    return 1 if listed.refused else 0


@models.command()
@click.argument("version")
@_reason_option
@json_option
@configured
def promote(loaded: LoadedSettings, *, version: str, reason: str, as_json: bool) -> None:
    """Serve this stored version from now on."""
    container = container_of(loaded)
    promotion = container.promote_model()(version, operator(), reason)
    _tell_promotion(container, "model promoted", promotion, as_json=as_json)


@models.command()
@_reason_option
@json_option
@configured
def rollback(loaded: LoadedSettings, *, reason: str, as_json: bool) -> None:
    """Serve the version again that was served before the current one."""
    container = container_of(loaded)
    promotion = container.roll_back_model()(operator(), reason)
    _tell_promotion(container, "model rolled back", promotion, as_json=as_json)


@models.command()
@json_option
@configured
def verify(loaded: LoadedSettings, *, as_json: bool) -> int:
    """Check everything stored: signatures, bytes, promotions; exit code 1 if anything is refused."""
    found = container_of(loaded).verify_models()()
    refused = [version for version, cause in found.versions.items() if cause]
    if as_json:
        versions = [{"version": version, "refused": cause} for version, cause in found.versions.items()]
        print_json({**msgspec.to_builtins(found), "versions": versions})
    else:
        for version, cause in found.versions.items():
            click.echo(cause or f"{version}: unaltered, signed by a trusted key")
        click.echo(found.promotions_refused or f"promotions: {count(found.promotions, 'record')}, none altered")
        for number in found.clocks_behind:
            click.echo(
                f"note: promotion {number} is dated before {number - 1}: a clock was set back, their order holds"
            )
        for file in found.unreferenced:
            click.echo(f"note: no version needs {file}: `tasador models prune` removes it once it is an hour old")
    if refused:
        tell(f"{len(refused)} of {count(len(found.versions), 'stored version')} refused: {', '.join(refused)}")
    elif found.promotions_refused:
        tell("the promotions cannot be read")
    return 0 if found.sound else 1


@models.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Remove versions too, but for the newest N and the last N served. Without it every version stays.",
)
@click.option(
    "--older-than",
    default="1h",
    show_default=True,
    metavar="TIME",
    help="Leave younger files alone: a training may be writing them (such as 30m, 12h, 2d; 0m where none runs).",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@json_option
@configured
def prune(loaded: LoadedSettings, *, keep: int | None, older_than: str, dry_run: bool, as_json: bool) -> None:
    """Remove what no version needs: what killed trainings left and, with --keep, old versions for good."""
    container = container_of(loaded)
    pruned = container.prune_models()(operator(), keep, _age(older_than), dry_run=dry_run)
    if not dry_run:
        container.loggers().service.info("models pruned", versions=pruned.versions, files=len(pruned.files))
    if as_json:
        print_json(msgspec.to_builtins(pruned) | {"dry_run": dry_run})
        return
    done = "would be removed" if dry_run else "removed"
    if pruned.versions:
        click.echo(f"{', '.join(pruned.versions)}: {done}")
    if pruned.out_of_reach:
        click.echo(f"no rollback leads back to {', '.join(pruned.out_of_reach)} any more")
    for file in pruned.files:
        click.echo(f"{file}: {done}")
    size = f"{pruned.size / 1024:.0f} KiB"
    click.echo(f"{count(len(pruned.versions), 'version')} and {count(len(pruned.files), 'file')} ({size}) {done}")


@models.command("signing-key")
@json_option
@configured
def signing_key(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Show the public key of this machine, to pin where its models are served; made if there is none."""
    key = container_of(loaded).model_repository().public_key()
    if as_json:
        print_json({"public_key": key})
        return
    click.echo(f'[model_repository]\ntrusted_keys = ["{key}"]')


def _tell_promotion(container: "Container", event: str, promotion: Promotion, *, as_json: bool) -> None:
    made = {"version": promotion.version, "by": promotion.by, "reason": promotion.reason}
    container.loggers().service.info(event, **made)
    if as_json:
        print_json(promotion)
    else:
        again = "again" if promotion.action == "rollback" else "from now on"
        click.echo(f"{promotion.version} is served {again}.")
    if promotion.clock_behind:
        tell("note: the clock of this machine is behind: the promotion before this one is dated later; its order holds")


def _last_promotion(model: ListedModel) -> Text:
    """Who last made it serve, when and why."""
    return Text(_who_when_and_why(model.promotions[-1]) if model.promotions else "")


def _who_when_and_why(promotion: Promotion) -> str:
    behind = " by a clock set back" if promotion.clock_behind else ""
    reason = f": {promotion.reason}" if promotion.reason else ""
    return on_one_line(f"{promotion.at:%Y-%m-%d %H:%M} UTC{behind} by {promotion.by}{reason}")


def _age(text: str) -> timedelta:
    age = parse_duration(text)
    if age is None:
        raise click.BadParameter("give a time such as 30m, 12h, 2d", param_hint="--older-than")
    return age

"""`tasador models`: the stored models, and which of them is served."""

import click
from rich.table import Table

from config.loader import LoadedSettings
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json, print_table, tell
from entrypoints.cli.tables import model_table


@click.group()
def models() -> None:
    """The stored models, and which of them is served."""


@models.command("list")
@json_option
@configured
def list_models(loaded: LoadedSettings, *, as_json: bool) -> None:
    """List the stored models, oldest first."""
    listed = container_of(loaded).list_models()()
    if as_json:
        print_json(listed)
        return
    table = Table("", "version", "recipe", "trained", "sales", "MdAPE", "PE10", "COD", "PRD", box=None)
    for model in listed:
        mark = "served" if model.serving else ""
        if model.description is None:
            table.add_row(mark, model.version, "refused")
            continue
        card = model.description.card
        table.add_row(
            mark,
            model.version,
            card.recipe,
            f"{card.trained_at:%Y-%m-%d %H:%M}",
            f"{card.data.used}",
            f"{card.metrics.mdape:.2%}",
            f"{card.metrics.pe10:.1%}",
            f"{card.ratio_study.cod:.2f}",
            f"{card.ratio_study.prd:.3f}",
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
            click.echo(f"{promotion.at:%Y-%m-%d %H:%M} UTC  {promotion.action} by {promotion.by}: {promotion.reason}")
    if listed.refused:
        tell(listed.refused)
    return 1 if listed.refused else 0


@models.command()
@click.argument("version")
@json_option
@configured
def promote(loaded: LoadedSettings, *, version: str, as_json: bool) -> None:
    """Serve this stored version from now on."""
    container = container_of(loaded)
    promotion = container.promote_model()(version, operator(), "by command")
    container.loggers().service.info("model promoted", version=promotion.version, by=promotion.by)
    if as_json:
        print_json(promotion)
        return
    click.echo(f"{promotion.version} is served from now on.")


@models.command()
@json_option
@configured
def rollback(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Serve the version again that was served before the current one."""
    container = container_of(loaded)
    promotion = container.roll_back_model()(operator(), "by command")
    container.loggers().service.info("model rolled back", version=promotion.version, by=promotion.by)
    if as_json:
        print_json(promotion)
        return
    click.echo(f"{promotion.version} is served again.")


@models.command()
@json_option
@configured
def verify(loaded: LoadedSettings, *, as_json: bool) -> int:
    """Check the stored bytes; exit code 1 if any is refused."""
    listed = container_of(loaded).list_models()(verify=True)
    refused = [model for model in listed if model.refused]
    if as_json:
        print_json([{"version": model.version, "refused": model.refused} for model in listed])
    else:
        for model in listed:
            click.echo(model.refused or f"{model.version}: unaltered")
    if refused:
        named = ", ".join(model.version for model in refused)
        tell(f"{len(refused)} of {len(listed)} stored versions refused: {named}")
    return 1 if refused else 0

"""`tasador audit override`: a valuer's value in the place of the model's."""

import click

from config.loader import LoadedSettings
from config.log_lines import on_one_line
from entrypoints.cli.missing_valuation import telling_why_missing
from entrypoints.cli.report.words import amount
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json


@click.command()
@click.argument("valuation_id", metavar="ID")
@click.option("--value", required=True, type=float, help="The valuer's value, in the currency of the valuation.")
@click.option("--reason", required=True, help="Why.")
@click.option("--valuer", required=True, metavar="NAME", help="Who answers for it.")
@json_option
@configured
def override(
    loaded: LoadedSettings, *, valuation_id: str, value: float, reason: str, valuer: str, as_json: bool
) -> None:
    """Record beside a valuation, which stays as it is, what a valuer holds instead."""
    container = container_of(loaded)
    with telling_why_missing(container, valuation_id):
        done = container.override_valuation()(valuation_id, value, reason, valuer, by=operator())
    if as_json:
        print_json({"status": "already_known" if done.already_known else "recorded", "override": done.override})
        return
    how = "was on record already" if done.already_known else "is on record"
    click.echo(f"{on_one_line(done.override.valuer)}'s value of {amount(value)} for valuation {valuation_id} {how}.")

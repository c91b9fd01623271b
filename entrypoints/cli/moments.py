"""The options --since and --until: days, or times to the microsecond."""

from datetime import datetime
from typing import Any

import click

from domain.moment import parse_moment


class Moment(click.ParamType[datetime]):
    """A day or a time, of UTC where no zone is given."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC."""
        try:
            return parse_moment(value)
        except ValueError as error:
            self.fail(f"'{value}' {error}.", param, ctx)


since_option = click.option("--since", type=Moment(), metavar="WHEN", help="Valuations made from this day or time on.")
until_option = click.option(
    "--until", type=Moment(), metavar="WHEN", help="Valuations made before this day or time (default: now)."
)

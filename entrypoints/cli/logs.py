"""`tasador logs`: read log files that were encrypted when they were closed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.loader import LoadedSettings
from domain.errors import LogFileUnreadable
from entrypoints.cli.output_file import whole_file
from entrypoints.cli.session import configured, tell

if TYPE_CHECKING:
    from application.ports.log_decryption import LogDecryption

_ENCRYPTED = ".age"
_PRIVATE_KEY = "AGE-SECRET-KEY-"
_FILE = click.Path(path_type=Path)


@click.group()
def logs() -> None:
    """Read log files that were encrypted when they were closed."""


@logs.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option(
    "--identity", required=True, metavar="KEYFILE", type=_FILE, help="The private key, as age-keygen writes it."
)
@click.option(
    "--output", metavar="DIR", type=_FILE, help="The folder for the decrypted files (default: standard output)."
)
@configured
def decrypt(loaded: LoadedSettings, *, files: tuple[Path, ...], identity: Path, output: Path | None) -> int:
    """Decrypt closed log files, on a machine that has the private key. Exit code 1 if some cannot be.

    What is printed of a file before it turns out to be altered is genuine; in a folder only whole files are left.
    """
    if str(identity).startswith(_PRIVATE_KEY):  # which must not be repeated
        raise click.UsageError("--identity takes the file that holds the key: never write a key on the command line.")
    from config.container import Container

    decryption = Container(settings=loaded.settings).log_decryption(identity)
    faults = 0
    for file in files:
        try:
            if output:
                _decrypt_into(output, file, decryption)
            else:
                decryption.decrypt(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()
        except LogFileUnreadable as error:
            tell(str(error))
            faults += 1
    return 1 if faults else 0


def _decrypt_into(folder: Path, file: Path, decryption: "LogDecryption") -> None:
    """Puts what `file` holds into the folder, whole or not at all, and never in the place of another file."""
    target = folder / file.name.removesuffix(_ENCRYPTED)
    if target.exists():
        raise LogFileUnreadable(f"{target} is there already: remove it, or give another folder with --output.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(target) as out:
        decryption.decrypt(file, out)
    click.echo(str(target))

"""Builds both images twice over, reads what they are made of, and runs the story in them: `make image-check`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from application.version import VERSION
from scripts.image_check.commands import Wrong, call
from scripts.image_check.engines import USER, Engine, engine_of
from scripts.image_check.form import check_form
from scripts.image_check.images import Image, layer_table
from scripts.image_check.service import may_look
from scripts.image_check.story import Story

SERVE, TRAIN, AGAIN = "localhost/tasador-check", "localhost/tasador-check-train", "localhost/tasador-check-again"
_INPUTS = (
    *("Dockerfile", ".dockerignore", "pyproject.toml", "hatch_build.py", "README.md", "tasador.toml", "requirements"),
    *("scripts", "domain", "application", "adapters", "config", "entrypoints", "data"),
)


def main() -> None:
    """Ends with 1 and the reason at the first thing that is wrong."""
    arguments = argparse.ArgumentParser(prog="make image-check", description=__doc__)
    arguments.add_argument("--engine", choices=("docker", "podman", "buildah"), help="default: the first that runs")
    arguments.add_argument("--once", action="store_true", help="do not build a second time to compare the layers")
    arguments.add_argument("--keep", action="store_true", help="keep the images")
    chosen = arguments.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="tasador-image-check-"))
    scratch.chmod(0o755)
    engine: Engine | None = None
    try:
        engine = engine_of(chosen.engine, scratch)
        _check(engine, scratch, once=chosen.once)
    except Wrong as error:
        sys.exit(f"image-check: {error}")
    finally:
        if engine and not chosen.keep:
            engine.clear([SERVE, TRAIN] if chosen.once else [SERVE, TRAIN, AGAIN])
        shutil.rmtree(scratch, ignore_errors=True)
    print("image-check: all is well.")


def _check(engine: Engine, scratch: Path, *, once: bool) -> None:
    may_look()
    print(f"engine: {engine.name}; base: {engine.base or 'the Dockerfile'}; {engine.cannot}", flush=True)
    options, secrets = _options(scratch)
    engine.build("serve", SERVE, Path(), *options)
    engine.build("train", TRAIN, Path(), *options)
    serve, train = engine.read(SERVE, scratch), engine.read(TRAIN, scratch)
    for name, image in (("serve", serve), ("train", train)):
        print(f"{name}: {image.size / 1e6:.0f} MB\n{layer_table(image.layers)}")
        print("\n".join(check_form(image, serves=name == "serve", secrets=secrets)), flush=True)
    print(json.dumps(dict(serve.labels), indent=2))
    volume = scratch / "volume"
    volume.mkdir()
    os.chown(volume, USER, USER)
    print("\n".join(Story(engine, SERVE, TRAIN, serve, volume).run()), flush=True)
    if not once:
        _check_same(engine, scratch, serve, options)


def _check_same(engine: Engine, scratch: Path, serve: Image, options: list[str]) -> None:
    """Builds again, without a cache, of a copy in another folder, whose files are newer."""
    copy = scratch / "copy"
    copy.mkdir()
    for name in _INPUTS:
        source = Path(name)
        if source.is_dir():
            shutil.copytree(source, copy / name, copy_function=shutil.copy)
        else:
            shutil.copy(source, copy / name)
    engine.build("serve", AGAIN, copy, "--no-cache", *options)
    again = engine.read(AGAIN, scratch)
    for before, after in zip(serve.layers, again.layers, strict=True):
        verdict = "the same" if before.digest == after.digest else f"now {after.digest[7:19]}"
        print(f"built twice: {before.digest[7:19]} {verdict}  {before.made_by[:70]}")
    if serve.layers[-1].digest != again.layers[-1].digest:
        raise Wrong("the application's layer is another one when it is built again of the same sources")


def _options(scratch: Path) -> tuple[list[str], list[str]]:
    """What both builds are given: labels, and this machine's settings of pip, if there are any; and their values."""
    revision = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    labels = {"version": VERSION, "revision": revision.stdout.strip() or "unknown", "source": "image-check"}
    options = [part for name, said in labels.items() for part in ("--label", f"org.opencontainers.image.{name}={said}")]
    pip = scratch / "pip.conf"
    settings = [
        line.partition("=")
        for line in call([sys.executable, "-m", "pip", "config", "list"], shown=False)[0].splitlines()
    ]
    named = {name.rpartition(".")[2]: value.strip("'") for name, _, value in settings}
    usable = {name: value for name, value in named.items() if "file:" not in value and name != "find-links"}
    pip.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in usable.items()), "utf-8")
    return [*options, "--secret", f"id=pip,src={pip}"], [value for value in usable.values() if "://" in value]


if __name__ == "__main__":
    main()

"""What builds and runs: Docker or Podman, or else buildah, which needs neither a daemon nor namespaces of its own."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scripts.image_check.commands import call
from scripts.image_check.images import Image, read_archive
from scripts.image_check.local_base import make_base

VOLUME = "/var/lib/tasador"
_EPOCH = "1764000000"
"""The date of all files: any will do, the same for every build."""
_NOT_FOUND = 127
USER = 10001
CERTIFICATES = ("--volume", "/etc/ssl/certs:/etc/ssl/certs:ro")
"""The host's, which may be all that knows whoever signs for its registry."""


class Engine(Protocol):
    """Builds images, and runs programs in them as compose.yaml does: read-only, without capabilities, under their user.

    All of them are on the host's network; `settings` are variables of the environment, beside the image's own.
    """

    @property
    def name(self) -> str:
        """What it is, for the transcript."""

    cannot: str
    """What its runs do not show."""

    base: str | None
    """The image that it builds on; None: that which the Dockerfile names."""

    def build(self, target: str, tag: str, folder: Path, *options: str) -> None:
        """Builds a target of the Dockerfile in `folder`."""

    def read(self, tag: str, scratch: Path) -> Image:
        """What the image is made of; to be read before it is run."""

    def command(self, tag: str, volume: Path, settings: Mapping[str, str], program: Sequence[str]) -> list[str]:
        """The command that runs a program of the image; SIGTERM to it is one to the program. Raises Wrong."""

    def clear(self, tags: Sequence[str]) -> None:
        """Removes the images, and what running them left behind."""


def run(
    engine: Engine,
    tag: str,
    volume: Path,
    *program: str,
    settings: Mapping[str, str] | None = None,
    expected: int | None = 0,
    shown: bool = True,
) -> tuple[str, str]:
    """What a program of the image wrote to its output and its error output. Raises Wrong."""
    return call(engine.command(tag, volume, settings or {}, program), shown=shown, expected=expected)


@dataclass
class Docker(Engine):
    """Docker, or Podman by the same words; `program`: which of them."""

    program: str
    base: str | None = None
    cannot: str = "the network is the host's"

    @property
    def name(self) -> str:
        """With its version."""
        return call([self.program, "--version"], shown=False)[0].strip()

    def build(self, target: str, tag: str, folder: Path, *options: str) -> None:
        """By the engine's own builder."""
        dated = ["--timestamp", _EPOCH, *CERTIFICATES]
        if self.program == "docker":
            dated = ["--build-arg", f"SOURCE_DATE_EPOCH={_EPOCH}", "--output", "type=docker,rewrite-timestamp=true"]
        base = ["--pull=never", "--build-arg", f"PYTHON_IMAGE={self.base}"] if self.base else []
        command = [
            self.program,
            "build",
            "--network",
            "host",
            *dated,
            *base,
            *options,
            "--target",
            target,
            "--tag",
            tag,
        ]
        call([*command, str(folder)], {"BUILDAH_FORMAT": "docker"})

    def read(self, tag: str, scratch: Path) -> Image:
        """By `save`."""
        return _read([self.program, "save", "--output", "{}", tag], scratch)

    def command(self, tag: str, volume: Path, settings: Mapping[str, str], program: Sequence[str]) -> list[str]:
        """A container that is gone afterwards."""
        closed = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
        given = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        return [self.program, "run", "--rm", "--no-healthcheck", "--network", "host", *closed,
                "--volume", f"{volume}:{VOLUME}", *given, "--entrypoint", program[0], tag, *program[1:]]  # fmt: skip

    def clear(self, tags: Sequence[str]) -> None:
        """The containers are gone already."""
        call([self.program, "rmi", "--force", *tags], shown=False, expected=None)


@dataclass
class Buildah(Engine):
    """buildah under chroot isolation; programs run in a mount namespace, more closed off than that: see `closed.py`."""

    base: str
    cannot: str = "processes, network, users and memory are the host's: no seccomp profile, no cgroup limit"
    _containers: dict[str, str] = field(default_factory=dict)
    _images: dict[str, Image] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """With what runs its images."""
        return "buildah, chroot isolation; programs run in a mount namespace of their own (closed.py)"

    def build(self, target: str, tag: str, folder: Path, *options: str) -> None:
        """Under chroot isolation, on the local base."""
        call(["buildah", "build", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers",
              "--timestamp", _EPOCH, *CERTIFICATES,
              "--build-arg", f"PYTHON_IMAGE={self.base}", *options, "--target", target, "--tag", tag, str(folder)],
             {"BUILDAH_FORMAT": "docker"})  # fmt: skip

    def read(self, tag: str, scratch: Path) -> Image:
        """By `push` into an archive."""
        self._images[tag] = _read(["buildah", "push", "--quiet", tag, "docker-archive:{}"], scratch)
        return self._images[tag]

    def command(self, tag: str, volume: Path, settings: Mapping[str, str], program: Sequence[str]) -> list[str]:
        """In one container an image, whose files no program can write to."""
        if tag not in self._containers:
            self._containers[tag] = call(["buildah", "from", "--pull-never", tag], shown=False)[0].strip()
        root = call(["buildah", "mount", self._containers[tag]], shown=False)[0].strip()
        environment = {**self._images[tag].environment, **settings}
        # Not as a module: inside, its folder is no longer to be found.
        return ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *_host_program("unshare"),
                "--mount", "--", sys.executable, str(Path(__file__).with_name("closed.py")), root, str(volume),
                *program]  # fmt: skip

    def clear(self, tags: Sequence[str]) -> None:
        """Containers first, which hold the images."""
        for container in self._containers.values():
            call(["buildah", "rm", container], shown=False)
        self._containers.clear()
        call(["buildah", "rmi", "--force", *tags], shown=False, expected=None)


def _host_program(name: str) -> list[str]:
    """By its whole path: the image's PATH need not have it."""
    return [shutil.which(name) or name]


def _read(command: Sequence[str], scratch: Path) -> Image:
    archive = scratch / "image.tar"
    call([part.format(archive) for part in command], shown=False)
    try:
        return read_archive(archive)
    finally:
        archive.unlink()


def engine_of(asked: str | None, scratch: Path) -> Engine:
    """The one asked for, or the first of docker, podman and buildah that runs here. Raises Wrong."""
    for program in ("docker", "podman"):
        if asked == program or (asked is None and _runs(program, scratch)):
            return Docker(program, None if _can_pull(program) else make_base(scratch, program))
    return Buildah(make_base(scratch, "buildah"))


def _can_pull(program: str) -> bool:
    """Whether the Dockerfile's own base can be fetched."""
    base = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", Path("Dockerfile").read_text("utf-8"), flags=re.MULTILINE)[0]
    return subprocess.run([program, "pull", base], capture_output=True, check=False).returncode == 0  # noqa: S603


def _runs(program: str, scratch: Path) -> bool:
    """Whether it starts containers. Podman needs no daemon, and tells what is not in a container only once it runs."""
    if not shutil.which(program):
        return False
    if program == "docker":
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0  # noqa: S607
    empty = scratch / "empty"
    empty.mkdir(exist_ok=True)
    probe = ["podman", "run", "--rm", "--network", "none", "--rootfs", str(empty), "/nothing"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == _NOT_FOUND  # noqa: S603

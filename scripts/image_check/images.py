"""What an image is made of, read as OCI: its layers with digest, size and origin, its labels and its health check."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.image_check.commands import Wrong

BILL = "usr/share/doc/tasador/sbom.cdx.json"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer; `size` in bytes, as it lies on the disk; `made_by`: the line of the Dockerfile, shortened."""

    digest: str
    size: int
    made_by: str


@dataclass(frozen=True, slots=True)
class File:
    """A file, folder or link as the image has it; `mode` with the type's bits left out."""

    mode: int
    owner: int
    folder: bool
    link: bool


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was built.

    Attributes:
        layers: From the base up.
        labels: Its labels.
        environment: The variables that its programs have.
        health_check: The command, without the word CMD; empty where there is none, or where it needs a shell.
        user: Of its programs.
        files: By path, without the leading slash.
        bill: Its bill of materials, as text; empty where it has none.
        told: All of its configuration and history, as text.
    """

    layers: tuple[Layer, ...]
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    health_check: tuple[str, ...]
    user: str
    files: Mapping[str, File]
    bill: str
    told: str

    @property
    def size(self) -> int:
        """Of all layers, in bytes, as they lie on the disk."""
        return sum(layer.size for layer in self.layers)


def read_archive(archive: Path) -> Image:
    """The image in what `docker save` wrote. Raises Wrong."""
    files: dict[str, File] = {}
    bill = ""
    with tarfile.open(archive) as opened:
        manifest = _json_of(opened, "manifest.json")[0]
        config = _json_of(opened, manifest["Config"])
        sizes = [_size_of(opened, name) for name in manifest["Layers"]]
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=opened.extractfile(_resolved(opened, name)), mode="r:*") as layer:
                for one in layer:
                    path = one.name.removeprefix("./").strip("/")
                    files[path] = File(one.mode, one.uid, one.isdir(), one.issym() or one.islnk())
                    if path == BILL and (content := layer.extractfile(one)):
                        bill = content.read().decode("utf-8")
    own, digests = config["config"], config["rootfs"]["diff_ids"]
    made_by = [one.get("created_by", "") for one in config["history"] if not one.get("empty_layer")]
    if not len(sizes) == len(digests) == len(made_by):
        raise Wrong(f"{archive} names {len(digests)} layers, and tells of {len(made_by)}")
    layers = map(Layer, digests, sizes, map(_shortened, made_by))
    environment = dict(one.split("=", 1) for one in own.get("Env", ()))
    kind, *check = (own.get("Healthcheck") or {}).get("Test") or ["NONE"]
    return Image(
        layers=tuple(layers),
        labels=own.get("Labels") or {},
        environment=environment,
        health_check=tuple(check) if kind == "CMD" else (),
        user=own.get("User", ""),
        files=files,
        bill=bill,
        told=json.dumps([own, config["history"]]),
    )


def _json_of(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    if member is None:
        raise Wrong(f"the image's archive lacks {name}")
    return json.load(member)


def _size_of(archive: tarfile.TarFile, name: str) -> int:
    return _resolved(archive, name).size


def _resolved(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    member = archive.getmember(name)
    return archive.getmember(member.linkname) if member.islnk() or member.issym() else member


def _shortened(made_by: str) -> str:
    """Without what tools write around the line."""
    line = made_by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ").split(" # buildkit")[0].strip()
    return " ".join(line.split())


def layer_table(layers: Sequence[Layer]) -> str:
    """Size, digest and line of each, one a line."""
    return "\n".join(f"{one.size / 1e6:8.1f} MB  {one.digest[7:19]}  {one.made_by[:88]}" for one in layers)

"""What an image may not be or lack, told from its layers and its configuration without running it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from scripts.image_check.commands import Wrong
from scripts.image_check.engines import USER
from scripts.image_check.images import Image

MOST = 400e6
_LABELS = {"version", "revision", "licenses", "source"}
_UNWANTED = re.compile(
    r"(^|/)s?bin/(sh|bash|dash|busybox|apt|apt-get|dpkg|perl|pip3?|easy_install|curl|wget|su|sudo|mount|passwd|cc|gcc)$"
    r"|(^|/)(pip\.conf|\.netrc|\.pypirc|id_rsa|pip|setuptools|ensurepip)$|^var/(cache|lib/apt)/.|^root/.|\.(pem|key)$"
)
_PUBLIC = re.compile(r"^(etc/ssl/certs/|usr/lib/ssl/cert\.pem)|/site-packages/(certifi|botocore)/cacert\.pem$")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)(?: ; ([^\\]+))?", flags=re.MULTILINE)


def check_form(image: Image, *, serves: bool, secrets: Sequence[str]) -> list[str]:
    """A line for each thing that was looked at. Raises Wrong."""
    if serves and image.size >= MOST:
        raise Wrong(f"the serving image has {image.size / 1e6:.0f} MB, and {MOST / 1e6:.0f} MB are allowed")
    if image.user != f"{USER}:{USER}" or bool(image.health_check) != serves:
        raise Wrong(f"the image has the user '{image.user}' and the health check {image.health_check}")
    if lacking := _LABELS - {name.rpartition(".")[2] for name in image.labels}:
        raise Wrong(f"the image lacks labels: {', '.join(sorted(lacking))}")
    bills = [_bill(image, requirements) for requirements in (("serve",) if serves else ("serve", "train"))]
    return [_permissions(image), _unwanted(image, secrets), *bills]


def _permissions(image: Image) -> str:
    setuid = [path for path, file in image.files.items() if file.mode & 0o6000 and not file.folder]
    sticky = {"tmp", "var/tmp"}
    writable = [
        path for path, file in image.files.items() if file.mode & 0o002 and not file.link and path not in sticky
    ]
    foreign = [path for path, file in image.files.items() if file.owner and path != "var/lib/tasador"]
    if wrong := sorted({*setuid, *writable, *foreign}):
        raise Wrong(f"setuid, writable for all, or not root's: {', '.join(wrong[:20])}")
    return (
        f"{len(image.files):,} files: none setuid, none writable for all but in /tmp, all root's but /var/lib/tasador"
    )


def _unwanted(image: Image, secrets: Sequence[str]) -> str:
    found = [path for path in image.files if _UNWANTED.search(path) and not _PUBLIC.search(path)]
    if found:
        raise Wrong(f"in the image without need: {', '.join(sorted(found)[:20])}")
    if any(secret in image.told for secret in secrets):
        raise Wrong("pip's settings are in the image's configuration or history")
    return "no shell, no package manager, no pip, no compiler, no key; nothing of pip's settings in its history"


def _bill(image: Image, requirements: str) -> str:
    """Whether each pin of the file is in it, but for those of some platforms alone; and whatever is installed."""
    components = json.loads(image.bill or "{}").get("components", [])
    listed = {(_plain(one["name"]), one["version"]) for one in components}
    pins = _PIN.findall(Path("requirements", f"{requirements}.txt").read_text("utf-8"))
    if lacking := [f"{name} {version}" for name, version, marker in pins
                   if not marker and (_plain(name), version) not in listed]:  # fmt: skip
        raise Wrong(f"the bill of materials lacks {', '.join(lacking)}")
    installed = {(_plain(found[1]), found[2]) for path in image.files if (found := _installed(path))}
    if unlisted := sorted(f"{name} {version}" for name, version in installed - listed if name != "tasador"):
        raise Wrong(f"installed, and not in the bill of materials: {', '.join(unlisted)}")
    debian = sum(one.get("purl", "").startswith("pkg:deb/") for one in components)
    return (
        f"bill of materials: all of {requirements}.txt for this platform, all {len(installed)} distributions that are "
        f"installed, {debian} packages of Debian"
    )


def _installed(path: str) -> re.Match[str] | None:
    return re.search(r"/site-packages/([^/]+?)-([^/-]+)\.dist-info$", path)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

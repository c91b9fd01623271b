"""What is released: a commit, and nothing that lies beside it."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.release.changelog import notes, sections


class NotReleasable(Exception):
    """Why there is no release: one line, which says what to do."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that may be released: its name, and its moment in seconds since 1970."""

    repository: Path
    revision: str
    epoch: int

    @property
    def created(self) -> str:
        """Its moment in RFC 3339, in UTC."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def export(self, folder: Path) -> Path:
        """Writes its files, and only these, into `folder`."""
        archive = _git(self.repository, "-c", "core.autocrlf=false", "archive", self.revision)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return folder


def releasable_commit(repository: Path, version: str) -> Commit:
    """The commit that is checked out, if `version` may be released from it. Raises NotReleasable."""
    try:
        revision, epoch = _git(repository, "log", "-1", "--format=%H %ct").decode().split()
        changed = _git(repository, "status", "--porcelain").decode().splitlines()
        tagged = _git(repository, "for-each-ref", "--format=%(objectname) %(*objectname)", f"refs/tags/v{version}")
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotReleasable("a release is made from a git clone, and git finds none here that has a commit") from error
    if changed:
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        raise NotReleasable(f"{changed[0][3:]}{more} is not as in commit {revision[:12]}: commit it, or remove it")
    if tagged and revision not in tagged.decode().split():
        raise NotReleasable(f"v{version} is the tag of another commit: raise VERSION in application/version.py")
    changelog = (repository / "CHANGELOG.md").read_text("utf-8")
    if sections(changelog).get(version) is None or not notes(changelog, version):
        raise NotReleasable(
            f"CHANGELOG.md has no section `## [{version}] - YYYY-MM-DD` that says what changed: write it"
        )
    return Commit(repository, revision, int(epoch))


def _git(repository: Path, *words: str) -> bytes:
    command = ["git", "-C", str(repository), *words]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 (our own arguments)

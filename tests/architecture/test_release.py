"""A release: one version everywhere, a changelog that knows it, and a commit that is clean."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from application.version import VERSION
from entrypoints.http.documentation import openapi_config
from scripts.release.changelog import UNRELEASED, notes, sections
from scripts.release.commit import NotReleasable, releasable_commit
from scripts.release.release import image_labels
from tests.cli.command import run

REPOSITORY = Path(__file__).parents[2]
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-23\n- A door.\n\n## [1.1.0] - 2026-10-01\n- A wall.\n"
)

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Git in a clone with a changelog and one commit."""

    def said(*words: str) -> str:
        known = ("-c", "user.name=R. Rojas", "-c", "user.email=r@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *known, "-C", str(tmp_path), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    said("init", "--quiet")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    said("add", "--all")
    said("commit", "--quiet", "--message", "first", "--date", "2026-11-23T12:00:00Z")
    return said


def test_the_version_is_the_same_wherever_it_is_told() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"] == {"path": "application/version.py"}
    assert run("--version").out == f"tasador {VERSION}\n"
    assert openapi_config().version == VERSION


def test_the_changelog_knows_the_version_of_the_code_or_is_about_to() -> None:
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    released = [name for name in sections(text) if name != UNRELEASED]
    assert all(sections(text)[name] for name in released), "a released version has its day"
    assert VERSION in released[:1] or (notes(text, UNRELEASED) and VERSION not in released)


def test_a_clean_commit_whose_version_is_in_the_changelog_may_be_released(git: Git, tmp_path: Path) -> None:
    commit = releasable_commit(tmp_path, "1.2.0")
    assert commit.revision == git("rev-parse", "HEAD")
    assert str(commit.epoch) == git("log", "-1", "--format=%ct")
    assert [file.name for file in commit.export(tmp_path / "out").iterdir()] == ["CHANGELOG.md"]
    labels = {"version": "1.2.0", "revision": commit.revision, "created": commit.created}
    told = [f"org.opencontainers.image.{name}={value}" for name, value in labels.items()]
    assert image_labels(commit, "1.2.0").splitlines() == told
    git("tag", "--annotate", "--message", "1.2.0", "v1.2.0")
    (tmp_path / "out" / "CHANGELOG.md").unlink()
    assert releasable_commit(tmp_path, "1.2.0") == commit


@pytest.mark.parametrize("version", ["1.3.0", "Unreleased"])
def test_a_version_without_its_section_is_not_released(git: Git, tmp_path: Path, version: str) -> None:
    with pytest.raises(NotReleasable, match=rf"no section `## \[{version}\] - YYYY-MM-DD`"):
        releasable_commit(tmp_path, version)


def test_a_tree_that_is_not_the_commit_is_not_released(git: Git, tmp_path: Path) -> None:
    (tmp_path / "beside.py").touch()
    with pytest.raises(NotReleasable, match=r"^beside.py is not as in commit"):
        releasable_commit(tmp_path, "1.2.0")


def test_a_version_that_was_released_is_not_released_again_from_another_commit(git: Git, tmp_path: Path) -> None:
    git("tag", "v1.2.0")
    git("commit", "--quiet", "--allow-empty", "--message", "second")
    with pytest.raises(NotReleasable, match=r"v1.2.0 is the tag of another commit"):
        releasable_commit(tmp_path, "1.2.0")


def test_what_is_no_clone_is_not_released(tmp_path: Path) -> None:
    with pytest.raises(NotReleasable, match="git clone"):
        releasable_commit(tmp_path, "1.2.0")

"""What the repository holds: pinned requirements that name no registry, and no data but the public sales."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
COMPILED = ("audit", "build", "compile", "compiler", "dask", "fuzz", "serve", "test", "train")
DATA_SUFFIXES = {
    *(".csv", ".tsv", ".parquet", ".feather", ".arrow", ".xls", ".xlsx", ".ods", ".db", ".sqlite", ".sqlite3", ".dump"),
    *(".joblib", ".pkl", ".pickle", ".npy", ".npz", ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar"),
}
UNTRACKED_FOLDERS = {"var", "build", "dist", "__pycache__"}


def files_of_the_repository() -> list[str]:
    """Every file that is tracked or would be by `git add --all`; outside a clone, every file but of known folders."""
    git = shutil.which("git")
    if git and (REPOSITORY / ".git").exists():
        command = [git, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        return [name for name in listed.split("\0") if name]
    paths = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*") if path.is_file()]
    return [
        path.as_posix()
        for path in paths
        if not any(part.startswith(".") or part in UNTRACKED_FOLDERS for part in path.parts)
    ]


@pytest.fixture(scope="module")
def files() -> list[str]:
    return files_of_the_repository()


def pinned(requirements: str) -> dict[str, str]:
    """Each requirement of a compiled file with its hashes and comments, by name and version."""
    entries = re.split(r"^(?=[a-z0-9])", requirements, flags=re.MULTILINE)[1:]
    return {entry.split(" \\")[0].split("\n")[0]: entry for entry in entries}


def test_no_data_is_tracked_but_the_public_sales(files: list[str]) -> None:
    data = [name for name in files if DATA_SUFFIXES & {suffix.lower() for suffix in Path(name).suffixes}]
    assert data == ["data/ames_sales.csv"]


def test_no_lock_file_spells_out_registries(files: list[str]) -> None:
    locks = re.compile(r"(uv|poetry|pdm|Pipfile)\.lock|pylock(\..+)?\.toml|pip\.conf")
    assert [name for name in files if locks.fullmatch(Path(name).name)] == []


def test_no_environment_or_secret_is_tracked(files: list[str]) -> None:
    private = re.compile(r"(^|/)(\.env(\..*)?|\.venv/.*|.*\.(pem|key|pepper))$|^var/")
    assert [name for name in files if private.search(name)] == []


@pytest.mark.parametrize("name", COMPILED)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    requirements = pinned((REPOSITORY / f"requirements/{name}.txt").read_text("utf-8"))
    assert requirements
    assert [entry for entry in requirements if not re.match(r"[a-z0-9.-]+==[^ ]+( ; .+)?$", entry)] == []
    assert [entry for entry, text in requirements.items() if "--hash=sha256:" not in text] == []


@pytest.mark.parametrize("name", COMPILED)
def test_a_requirement_file_names_no_registry_and_no_machine(name: str) -> None:
    text = (REPOSITORY / f"requirements/{name}.txt").read_text("utf-8")
    assert re.findall(r"://|--(?:extra-)?index|--find-links|--trusted-host|file:|(?m:^\s*-[if] )| /\S+", text) == []


def test_the_requirement_files_are_those_of_the_project(files: list[str]) -> None:
    compiled = [name for name in files if re.fullmatch(r"requirements/.+\.txt", name)]
    assert sorted(compiled) == [f"requirements/{name}.txt" for name in COMPILED]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    wanted = {
        "serve": project["project"]["dependencies"],
        "test": [
            *project["project"]["dependencies"],
            *(n for group in project["dependency-groups"].values() for n in group),
        ],
        "build": project["build-system"]["requires"],
    }
    for file, specifiers in wanted.items():
        pins = {entry.split("==")[0] for entry in pinned((REPOSITORY / f"requirements/{file}.txt").read_text("utf-8"))}
        names = {re.split(r"[^A-Za-z0-9-]", specifier)[0].lower() for specifier in specifiers}
        assert names <= pins, f"run `make requirements`: {file}.txt lacks {names - pins}"

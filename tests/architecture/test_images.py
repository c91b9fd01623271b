"""What the images are made of, as far as that can be told without building them."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from entrypoints.cli.learners import LEARNERS
from scripts.image_check.commands import Wrong
from scripts.image_check.engines import USER
from scripts.image_check.form import MOST, check_form
from scripts.image_check.images import File, Image, Layer
from scripts.image_root.debian import is_left_out
from scripts.supply_chain.system import system_components

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")
IGNORED = (REPOSITORY / ".dockerignore").read_text("utf-8")
STAGES = re.findall(r"^FROM .+ AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)
EXTRAS = ("serve", "train", "dask")
COMMANDS = (
    ["train"],
    ["evaluate"],
    ["value", "data/ames_sales.csv", "valued.csv"],
    ["keys", "create", "--label", "mine", "--scope", "value", "--json"],
)
WITHOUT_LEARNERS = f"""
import contextlib, io, json, sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(LEARNERS)!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from entrypoints.cli.main import exit_code
told = []
for arguments in {COMMANDS!r}:
    streams = [io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        code = exit_code(arguments)
    told.append([code, *(stream.buffer.getvalue().decode() for stream in streams)])
print(json.dumps(told))
"""


def copied() -> set[str]:
    """What the Dockerfile copies from the repository."""
    lines = re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, flags=re.MULTILINE)
    return {source.rstrip("/") for line in lines for source in line.split()[:-1]}


def is_let_in(name: str) -> bool:
    """Whether .dockerignore leaves this file to the builder: its last line that fits decides."""
    paths = [Path(name), *Path(name).parents]
    verdict = True
    for line in IGNORED.splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        where = [path.name for path in paths] if "**/" in line else [path.as_posix() for path in paths]
        if line and not line.startswith("#") and any(fnmatch(path, pattern) for path in where if path != "."):
            verdict = line.startswith("!")
    return verdict


def pins(name: str) -> set[str]:
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text("utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))


def test_serving_is_the_last_image_and_so_the_default() -> None:
    assert STAGES[-1] == "serve"
    assert "train" in STAGES


def test_both_images_run_as_the_user_whom_the_check_and_compose_know() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, flags=re.MULTILINE) == [f"{USER}:{USER}"]
    assert f'user: "{USER}:{USER}"' in (REPOSITORY / "compose.yaml").read_text("utf-8")


def test_an_extra_is_added_to_what_serves() -> None:
    installed = re.findall(
        r"-r requirements/(\S+)\.txt( \$\{EXTRAS:\+-r requirements/\$\{EXTRAS\}\.txt\})?", DOCKERFILE
    )
    assert [name for name, extra in installed if extra] == ["serve"]
    assert [name for name, _ in installed if name in EXTRAS] == ["serve", "train"]


def test_whatever_the_images_are_made_of_is_there_and_not_ignored() -> None:
    sources = copied() | {f"requirements/{extras}.txt" for extras in EXTRAS}
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    assert [source for source in sources if not is_let_in(source)] == []
    assert {f"requirements/{extras}.txt" for extras in EXTRAS} <= copied()


@pytest.mark.parametrize("name", ["var/tasador.db", "tests/conftest.py", ".git/config", "adapters/a/__pycache__/b.pyc"])
def test_nothing_else_reaches_the_builder(name: str) -> None:
    assert not is_let_in(name)


def test_the_page_is_among_what_is_copied() -> None:
    page = sorted((REPOSITORY / "entrypoints" / "http" / "console" / "static").rglob("*.*"))
    assert [file for file in page if not is_let_in(file.relative_to(REPOSITORY).as_posix())] == []
    assert len(page) > 10


def test_the_learners_are_in_the_image_that_trains_and_not_in_the_one_that_serves() -> None:
    learners = pins("train") - pins("serve")
    assert {"pandas", "pyarrow", "scikit-learn", "scipy"} <= learners
    assert {"sklearn" if name == "scikit-learn" else name.replace("-", "_") for name in learners} == LEARNERS
    assert pins("train") <= pins("dask")


def test_what_only_serving_is_configured_for_is_in_the_image_that_serves() -> None:
    assert {"redis", "hvac", "s3fs", "opentelemetry-sdk", "psycopg", "bootstrap-wrapper"} <= pins("serve")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """Exit code, output and error output by command, of one process that has no learners."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LEARNERS],
        cwd=REPOSITORY,
        env={**os.environ, "TASADOR_HOME": str(tmp_path_factory.mktemp("home"))},
        capture_output=True,
        text=True,
        check=True,
    )
    told = [(code, output, said) for code, output, said in json.loads(done.stdout)]
    return dict(zip((arguments[0] for arguments in COMMANDS), told, strict=True))


@pytest.mark.parametrize("command", ["train", "evaluate", "value"])
def test_without_the_learners_a_command_that_needs_them_names_the_other_image_in_one_line(
    ran: dict[str, tuple[int, str, str]], command: str
) -> None:
    code, output, said = ran[command]
    assert (code, output) == (1, "")
    assert said.count("\n") == 1
    assert "tasador-train" in said


def test_without_the_learners_keys_are_managed_as_ever(ran: dict[str, tuple[int, str, str]]) -> None:
    code, output, said = ran["keys"]
    assert (code, said) == (0, "")
    assert json.loads(output)["token"]


def test_what_lies_under_the_libraries_is_in_the_bill_by_debians_own_names(tmp_path: Path) -> None:
    record = "Package: libstdc++6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:12.2.0-14\n"
    (tmp_path / "libstdc++6").write_text(record, "utf-8")
    python, library = system_components(tmp_path)
    assert python["name"] == "cpython"
    assert library["purl"] == "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0-14?arch=amd64"


def image(files: dict[str, File], told: str = "", *, without: str = "") -> Image:
    """One that serves as it should, but for these files, what it tells, and what its bill of materials lacks."""
    labels = dict.fromkeys(("version", "revision", "licenses", "source"), "x")
    text = (REPOSITORY / "requirements" / "serve.txt").read_text("utf-8")
    pinned = re.findall(r"^([a-z0-9-]+)==([^ \n]+)", text, flags=re.MULTILINE)
    bill = {"components": [{"name": name, "version": version} for name, version in pinned if name != without]}
    return Image((), labels, {}, ("python3",), "10001:10001", files, json.dumps(bill), told)


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("usr/bin/su", 0o4755, "setuid"),
        ("etc/open", 0o666, "writable for all"),
        ("usr/bin/sh", 0o755, "without need"),
        ("opt/tasador/lib/python3.11/site-packages/pip", 0o755, "without need"),
        ("opt/tasador/lib/python3.11/site-packages/unlisted-1.0.dist-info", 0o755, "not in the bill.*: unlisted 1.0"),
    ],
)
def test_an_image_with_what_nobody_wants_in_it_is_refused(name: str, mode: int, said: str) -> None:
    files = {name: File(mode=mode, owner=0, folder=False, link=False)}
    with pytest.raises(Wrong, match=said):
        check_form(image(files), serves=True, secrets=())


def test_an_image_whose_bill_lacks_a_library_that_serving_needs_is_refused() -> None:
    with pytest.raises(Wrong, match="bill of materials lacks litestar "):
        check_form(image({}, without="litestar"), serves=True, secrets=())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers": (Layer("sha256:1", int(MOST), "COPY"),)}, "400 MB are allowed"),
        ({"user": ""}, "has the user ''"),
        ({"health_check": ()}, r"the health check \(\)"),
        ({"labels": {}}, "lacks labels: licenses, revision, source, version"),
        ({"files": {"etc/own": File(mode=0o644, owner=USER, folder=False, link=False)}}, "not root's: etc/own"),
    ],
)
def test_an_image_that_is_not_as_it_should_be_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Wrong, match=said):
        check_form(replace(image({}), **change), serves=True, secrets=())


def test_an_image_with_nothing_unwanted_passes() -> None:
    assert len(check_form(image({}), serves=True, secrets=["https://own.example"])) == 3


def test_an_image_whose_history_tells_of_a_registry_is_refused() -> None:
    with pytest.raises(Wrong, match="pip's settings"):
        check_form(image({}, "--index-url https://own.example"), serves=True, secrets=["https://own.example"])


def test_nothing_of_the_base_that_starts_programs_comes_into_an_image() -> None:
    unwanted = (
        "/bin/sh",
        "/usr/bin/passwd",
        "/usr/sbin/useradd",
        "/etc/init.d/x",
        "/usr/share/man/x",
        "/usr/lib/x/gconv/y",
    )
    assert [path for path in unwanted if not is_left_out(path)] == []
    wanted = ("/usr/lib/x86_64-linux-gnu/libssl.so.3", "/usr/share/zoneinfo/Europe/Madrid", "/etc/ssl/openssl.cnf")
    assert [path for path in wanted if is_left_out(path)] == []

"""The console as browsers load it: what is sent, under which rules, and that its files fit together."""

import gzip
import re
from pathlib import Path, PurePosixPath

import msgspec
import pytest
from dependency_injector import providers

from config.settings import ConsoleSettings
from entrypoints.http.console.files import page_files
from tests.http.service import Service

STATIC = Path(__file__).parents[2] / "entrypoints" / "http" / "console" / "static"
MODULES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))
IMPORT = re.compile(
    r"""^\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)""", re.MULTILINE
)
TEXT = re.compile(
    r'"(?P<name>[\w.-]+)":\s*\[\s*"(?P<english>(?:[^"\\]|\\.)*)",\s*"(?P<spanish>(?:[^"\\]|\\.)*)",?\s*\]', re.DOTALL
)
USED = re.compile(r"""\bt\("([\w.-]+)"[,)]""")
USED_FOR_MANY = re.compile(r"""\btn\("([\w.-]+)",""")


def a_console(folder: Path, settings: ConsoleSettings) -> Service:
    service = Service(folder)
    all_settings = msgspec.structs.replace(service.container.settings(), console=settings)
    service.container.settings.override(providers.Object(all_settings))
    return service


class TestThePage:
    def test_it_is_a_page_that_nothing_from_elsewhere_may_be_loaded_into(self, asked: Service) -> None:
        answer = asked.client.get("/")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["img-src"] == "'self' data: blob:"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"

    def test_it_holds_no_script_and_no_style_of_its_own(self, asked: Service) -> None:
        text = asked.client.get("/").text
        assert not re.search(r"<style|\sstyle=|\son\w+=", text)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))

    def test_all_that_it_names_is_there_and_may_be_kept_for_good(self, asked: Service) -> None:
        named = re.findall(r'(?:src|href)="(/[^"]+)"', asked.client.get("/").text)
        assert len(named) > 5
        for path in named:
            answer = asked.client.get(path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (
                200,
                "public, max-age=31536000, immutable",
            ), path

    def test_browsers_ask_for_it_each_time_and_are_told_that_it_is_the_same(self, asked: Service) -> None:
        first = asked.client.get("/")
        assert first.headers["Cache-Control"] == "no-cache"
        tag = first.headers["ETag"].removeprefix("W/")
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = asked.client.get("/", headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b""), known
        assert asked.client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200

    def test_it_is_compressed_where_that_is_understood(self, asked: Service) -> None:
        path = f"/console/{page_files().build}/vendor/leaflet.js"
        plain = asked.client.get(path, headers={"Accept-Encoding": "br, gzip;q=0"})
        packed = asked.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.content == plain.content
        assert int(packed.headers["Content-Length"]) < len(plain.content) / 2

    def test_all_of_it_takes_less_than_500_kb_on_its_way(self) -> None:
        assert sum(len(file.compressed) for file in page_files().by_name.values()) < 500_000
        assert all(gzip.decompress(file.compressed) == file.content for file in page_files().by_name.values())

    @pytest.mark.parametrize("path", ["old/app.js", "{build}/nothing.js", "{build}/../app.py", "{build}/files.py"])
    def test_there_are_no_other_files_and_none_of_another_build(self, asked: Service, path: str) -> None:
        assert asked.client.get(f"/console/{path.format(build=page_files().build)}").status_code == 404


class TestSettings:
    def test_tiles_may_come_from_where_they_are_configured_and_from_nowhere_else(self, tmp_path: Path) -> None:
        tiles = "https://tiles.example/{z}/{x}/{y}.png"
        settings = ConsoleSettings(tile_url=tiles, tile_attribution='"><script>alert(1)</script>')
        with a_console(tmp_path, settings).running() as service:
            answer = service.client.get("/")
        assert "img-src 'self' data: blob: https://tiles.example;" in answer.headers["Content-Security-Policy"]
        assert f'content="{tiles}"' in answer.text
        assert "<script>alert" not in answer.text

    def test_without_a_console_the_start_page_leads_to_the_documentation(self, tmp_path: Path) -> None:
        with a_console(tmp_path, ConsoleSettings(enabled=False)).running() as service:
            answer = service.client.get("/")
            assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")
            assert service.client.get(f"/console/{page_files().build}/app.js").status_code == 404


class TestTheFiles:
    @pytest.mark.parametrize("module", MODULES)
    def test_every_module_that_is_imported_is_there(self, module: str) -> None:
        for found in IMPORT.finditer((STATIC / module).read_text()):
            name = next(filter(None, found.groups()))
            assert name.startswith("."), f"{module} imports {name}, which is not our own"
            assert (STATIC / PurePosixPath(module).parent / name).is_file(), f"{module} imports {name}"

    def test_every_module_is_used(self) -> None:
        imported = {
            (STATIC / PurePosixPath(module).parent / next(filter(None, found.groups()))).resolve()
            for module in MODULES
            for found in IMPORT.finditer((STATIC / module).read_text())
        }
        named = {
            STATIC / name
            for name in re.findall(r"/console/\{build\}/([\w/.-]+\.js)", (STATIC / "index.html").read_text())
        }
        assert {STATIC / module for module in MODULES} - imported - named == set()

    def test_every_text_is_there_in_both_languages_with_the_same_blanks(self) -> None:
        texts = {
            found["name"]: (found["english"], found["spanish"])
            for path in STATIC.rglob("words*.js")
            for found in TEXT.finditer(path.read_text())
        }
        assert len(texts) > 50
        for name, pair in texts.items():
            assert all(text.strip() for text in pair), name
            assert len({frozenset(re.findall(r"\{\w+\}", text)) for text in pair}) == 1, name
        used = {name for module in MODULES for name in USED.findall((STATIC / module).read_text())}
        many = {name for module in MODULES for name in USED_FOR_MANY.findall((STATIC / module).read_text())}
        assert used | {f"{name}.{form}" for name in many for form in ("one", "many")} <= texts.keys()

    @pytest.mark.parametrize("module", MODULES)
    def test_nothing_reads_html_or_makes_code_of_text(self, module: str) -> None:
        text = (STATIC / module).read_text()
        assert not re.search(
            r"\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage.*key",
            text,
        )

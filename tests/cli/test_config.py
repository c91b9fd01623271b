"""`tasador config`, and where every command finds its configuration."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.command import Command


class TestCheck:
    def test_says_which_configuration_can_be_used(self, here: Path, tasador: Command) -> None:
        assert tasador("config", "check").out == "built-in defaults: the settings are valid.\n"
        Path("tasador.toml").write_text("")
        assert tasador("config", "check").out == f"{here}/tasador.toml: the settings are valid.\n"

    def test_tells_what_cannot(self, here: Path, tasador: Command) -> None:
        Path("tasador.toml").write_text("[http]\nprot = 1\n")
        refused = tasador("config", "check")
        assert refused.code == 2
        assert refused.told == f"{here}/tasador.toml: there is no setting 'http.prot'; did you mean 'http.port'?"

    def test_writes_nothing(self, here: Path, tasador: Command) -> None:
        tasador("config", "check")
        assert list(here.iterdir()) == []

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            ('[http]\nhost = "0.0.0.0"', "http.host: 0.0.0.0 is reached from other machines, and without TLS"),
            ('[http]\nhost = "nonsense..host"', "http.host: 'nonsense..host' is no address or name of this machine."),
            ('[http]\ntls_certificate = "no.pem"\ntls_key = "no.pem"', "http.tls_certificate: {here}/no.pem cannot be"),
            (
                '[http]\ntls_certificate = "tasador.toml"\ntls_key = "tasador.toml"',
                "http.tls_certificate: {here}/tasador.toml holds no certificate in PEM form",
            ),
            ('[http]\nrate_limit_password_file = "no"', "http.rate_limit_url is needed where"),
            (
                '[http]\nrate_limit_url = "redis://h"\nrate_limit_password_file = "no"',
                "http: The password file {here}/no cannot be read",
            ),
            ('[key_store]\nurl = "mysql://x/y"', "key_store.url is of no use: 'mysql' is no database"),
            ('[key_store]\nurl = "vault"', "key_store.url is of no use: no database url"),
            ('[key_store]\npassword_file = "no"', "key_store: The password file {here}/no cannot be read"),
            ('[key_store]\npepper_variable = "TASADORS"', "The environment variable TASADORS, which key_store.pepper_"),
            ('[key_store]\npepper_file = "tasador.toml"', "key_store: The secret file {here}/tasador.toml can"),
            ('[model_repository]\nkind = "object_storage"\nurl = "gs://b/c"', "model_repository.url: gs:// needs a"),
            (
                '[data_source]\nkind = "sql"\nurl = "postgresql://h/d"\nquery = "q"\npassword_file = "no"',
                "data_source: The password file {here}/no cannot be read",
            ),
            ('[data_source]\npath = "gs://b/sales.csv"', "data_source: gs:// needs a further library"),
            (
                '[data_source]\nkind = "parquet"\npath = "s3://somebody:hush@b/sales"',
                "The s3:// address must not hold credentials",
            ),
        ],
    )
    def test_tells_what_serve_or_keys_would_refuse(
        self, here: Path, tasador: Command, settings: str, told: str
    ) -> None:
        Path("tasador.toml").write_text(settings)
        refused = tasador("config", "check")
        assert refused.code == 2
        assert refused.told.startswith(told.format(here=here))

    def test_tells_every_fault_in_a_line(self, here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("VAULT_TOKEN", raising=False)
        Path("tasador.toml").write_text(
            '[http]\nhost = "::"\n[key_store]\nkind = "vault"\nurl = "https://h"\nca_file = "no"\n'
        )
        refused = tasador("config", "check")
        assert (refused.code, refused.out) == (2, "")
        assert [line.partition(": ")[2].partition(":")[0] for line in refused.err.splitlines()] == [
            "http.host",
            "key_store.ca_file",
            "key_store.token_file",
        ]

    @pytest.mark.parametrize(
        ("lacking", "setting", "extra"),
        [
            ("adapters.rate_limiters.redis_server", 'http.rate_limit_url = "redis://h"', "redis"),
            ("adapters.log_sinks.otlp_collector", 'logging.otlp_url = "http://h"', "otel"),
            ("adapters.span_exporters.otlp_collector", 'tracing.otlp_url = "http://h"', "otel"),
        ],
    )
    def test_tells_what_to_install(
        self, tasador: Command, monkeypatch: pytest.MonkeyPatch, lacking: str, setting: str, extra: str
    ) -> None:
        monkeypatch.setitem(sys.modules, lacking, None)
        Path("tasador.toml").write_text(setting)
        name = setting.partition(" ")[0]
        told = (
            f"{name} needs a further library: install requirements/serve.txt of the release, or run "
            f"pip install '.[{extra}]' in the checkout."
        )
        refused = tasador("config", "check")
        assert (refused.code, refused.told) == (2, told)
        refused = tasador("serve", "--port", "0")  # before it says that it serves
        assert (refused.code, refused.told) == (1, told)


class TestShow:
    def test_shows_every_setting_as_it_is_resolved(
        self, here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_DATA_SOURCE__EXTRA__NUMERIC", '["age"]')
        out = tasador("config", "show").out
        for line in (
            "http.port = 8000",
            f'model_repository.path = "{here}/var/models"',
            "data_source.path = (not set)",
            "data_source.columns = {}",
            'data_source.extra.numeric = ["age"]',
            "screening.enabled = true",
        ):
            assert f"{line}\n" in out
        shown = tasador("config", "show", "--json").json
        assert shown["http"]["port"] == 8000
        assert shown["data_source"]["extra"]["numeric"] == ["age"]

    def test_masks_passwords(self, tasador: Command) -> None:
        Path("tasador.toml").write_text(
            '[key_store]\nurl = "postgresql://ana:p@ss@h/d"\n[data_source]\nurl = "postgresql://h/d?password=p@ss"\n'
        )
        for words in (("config", "show"), ("config", "show", "--json")):
            out = tasador(*words).out
            assert "p@ss" not in out
            assert "***" in out
        assert "postgresql://ana:***@h/d" in tasador("config", "show").out


class TestTheOption:
    @pytest.mark.parametrize(
        "words",
        [
            ("--config", "other.toml", "config", "show", "--json"),
            ("config", "show", "--config", "other.toml", "--json"),
            ("--config", "third.toml", "config", "show", "--json", "--config", "other.toml"),
        ],
    )
    def test_may_stand_before_the_command_or_behind_it(self, tasador: Command, words: tuple[str, ...]) -> None:
        for name, port in (("tasador", 1), ("other", 2), ("third", 3)):
            Path(f"{name}.toml").write_text(f"[http]\nport = {port}\n")
        assert tasador(*words).json["http"]["port"] == 2

    def test_of_one_command_is_forgotten_by_the_next(self, tasador: Command) -> None:
        Path("other.toml").write_text("[http]\nport = 2\n")
        tasador("config", "show", "--config", "other.toml")
        assert tasador("config", "show", "--json").json["http"]["port"] == 8000

    def test_must_name_a_file(self, here: Path, tasador: Command) -> None:
        for words in (("--config", "no.toml", "keys", "list"), ("keys", "list", "--config", "no.toml")):
            refused = tasador(*words)
            assert refused.code == 2
            assert refused.told == f"--config: there is no file {here}/no.toml; name an existing TOML file."

    def test_comes_before_the_variable(self, tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, port in (("other", 2), ("third", 3)):
            Path(f"{name}.toml").write_text(f"[http]\nport = {port}\n")
        monkeypatch.setenv("TASADOR_CONFIG", "third.toml")
        assert tasador("config", "show", "--json").json["http"]["port"] == 3
        assert tasador("config", "show", "--json", "--config", "other.toml").json["http"]["port"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("train", "--json"),
        ("evaluate",),
        ("models", "list"),
        ("models", "show", "v1"),
        ("models", "promote", "v1"),
        ("models", "rollback"),
        ("models", "verify"),
        ("keys", "create", "--label", "x"),
        ("keys", "list", "--json"),
        ("keys", "revoke", "000000000000"),
        ("serve",),
        ("quickstart",),
        ("config", "show"),
    ],
)
def test_no_command_runs_under_a_wrong_configuration(
    here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TASADOR_HTTP__PORT", "many")
    refused = tasador(*words)
    assert refused.code == 2
    assert refused.told == "TASADOR_HTTP__PORT: http.port: expected a whole number, got text."
    assert list(here.iterdir()) == []


def test_what_is_written_goes_to_the_home_of_tasador(
    here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASADOR_HOME", "elsewhere")
    tasador("keys", "create", "--label", "x")
    assert [path.name for path in here.iterdir()] == ["elsewhere"]
    assert {"logs", "tasador.db", "pepper.json"} <= {path.name for path in (here / "elsewhere").iterdir()}
    assert json.loads(next((here / "elsewhere/logs").glob("keys-*")).read_text())["action"] == "issued"

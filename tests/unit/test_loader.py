"""Settings from a file and from the environment, and what a user is told of one that cannot be used."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.faults import ConfigurationError
from config.loader import LoadedSettings, load_settings, shown_settings
from config.settings import (
    DataSourceSettings,
    HttpSettings,
    KeyStoreSettings,
    Location,
    Section,
    Settings,
    ValuationLogSettings,
)

PASSWORD = "geheim-9"

# INTERFACE.md, section 3, word for word.
SAMPLE = """
[market]
currency = "USD"
area_unit = "m2"            # or "ft2": converted when read

[data_source]
kind = "csv"                # csv | parquet | sql
path = "sales.csv"
test_path = "test.csv"      # optional: a given holdout; otherwise one is split off
# url = "postgresql://..."  query = "select ..."      for sql (PostgreSQL, SQLite)
[data_source.columns]
price = "sale_price"
[data_source.extra]
numeric = ["year_built"]
categorical = []

[training]
recipe = "boosted"          # notebook | forest | boosted
validation = "auto"         # random | spatial | temporal | auto (temporal where sold_on is known)
test_fraction = 0.25
seed = 0
interval_level = 0.9

[screening]
enabled = true              # off: only rows that cannot be used at all are quarantined

[model_repository]
kind = "joblib"             # joblib | object_storage (url)
path = "var/models"

[key_store]
kind = "sql"                # csv | sql | vault
url = "sqlite:///var/tasador.db"
# path = "var/keys.csv"     for csv

[valuation_log]
kind = "jsonl"              # jsonl | sql
path = "var/valuations"

[logging]
format = "auto"             # auto | console | json | classic
directory = "var/logs"

[http]
host = "127.0.0.1"
port = 8000
workers = 1
max_body_kb = 64            # batch route: max_batch_kb
rate_limit = "600/minute"   # per key
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that a command is run in."""
    return tmp_path.resolve()


def load(
    folder: Path,
    toml: str | bytes | None = None,
    environment: Mapping[str, str] | None = None,
    config: str | None = None,
) -> LoadedSettings:
    """What the settings come to where `toml` is the content of tasador.toml in `folder`."""
    if toml is not None:
        (folder / "tasador.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return load_settings(config, environment or {}, folder)


def refusal(
    folder: Path,
    toml: str | bytes | None = None,
    environment: Mapping[str, str] | None = None,
    config: str | None = None,
) -> str:
    """The one line that a user is told where the settings cannot be used; it never holds the password."""
    with pytest.raises(ConfigurationError) as raised:
        load(folder, toml, environment, config)
    line = str(raised.value)
    assert line.isprintable()
    assert PASSWORD not in line
    return line


def every_setting(section: type[Section] = Settings, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """The keys that lead to each setting, and its type."""
    found = []
    for field in msgspec.structs.fields(section):
        keys = (*above, field.name)
        if isinstance(field.type, type) and issubclass(field.type, Section):
            found += every_setting(field.type, keys)
        else:
            found.append((keys, field.type))
    return found


PUBLIC_KEY = f"ed25519:{'A' * 43}="
AGE_RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def an_override(keys: tuple[str, ...], kind: Any) -> tuple[str, object]:
    """Text for an environment variable that sets this setting, and the value that it spells."""
    if get_origin(kind) is Literal:
        choice = get_args(kind)[-1]
        return choice, choice
    if get_origin(kind) is tuple:
        spelt_items = {
            "trusted_keys": PUBLIC_KEY,
            "age_recipients": AGE_RECIPIENT,
            "trusted_proxies": "10.0.0.0/8",
            "cors_origins": "https://desk.example",
        }
        item = spelt_items.get(keys[-1], "year_built")
        return json.dumps([item]), (item,)
    if get_origin(kind) is dict:
        return '{"price": "sale_price"}', {"price": "sale_price"}
    for place in (Path, Location):
        if place in (kind, *get_args(kind)):
            return f"/elsewhere/{keys[-1]}", place(f"/elsewhere/{keys[-1]}")
    spelt_texts = {
        "rate_limit": "7/hour",
        "failed_keys_limit": "7/hour",
        "rate_limit_url": "redis://h",
        "syslog_url": "tls://h:6514",
        "otlp_url": "https://h:4318",
        "tile_url": "https://h/{z}/{x}/{y}.png",
    }
    if spelt := spelt_texts.get(keys[-1]):
        return spelt, spelt
    for candidate, value in (("0.5", 0.5), ("7", 7), ("70", 70), ("false", False), ("plain", "plain")):
        try:
            if msgspec.convert(candidate, kind, strict=False) == value:
                return candidate, value
        except msgspec.ValidationError:
            continue
    raise AssertionError(f"no override is known for {keys}: {kind}")


class TestTheFile:
    def test_the_sample_of_the_interface_loads(self, folder: Path) -> None:
        loaded = load(folder, SAMPLE)
        assert loaded.file == folder / "tasador.toml"
        assert loaded.settings.data_source == DataSourceSettings(
            path=Location(folder / "sales.csv"),
            test_path=Location(folder / "test.csv"),
            columns={"price": "sale_price"},
            extra=loaded.settings.data_source.extra,
        )
        assert loaded.settings.data_source.extra.numeric == ("year_built",)
        assert loaded.settings.model_repository.path == folder / "var/models"
        assert loaded.settings.key_store.url == f"sqlite:///{folder}/var/tasador.db"

    def test_the_sample_says_what_the_defaults_are(self, folder: Path) -> None:
        sampled = load(folder, SAMPLE).settings
        (folder / "tasador.toml").unlink()
        defaults = load(folder).settings
        assert msgspec.structs.replace(sampled, data_source=defaults.data_source) == defaults

    def test_without_one_the_defaults_hold(self, folder: Path) -> None:
        loaded = load(folder)
        assert loaded.file is None
        assert loaded.settings.http == HttpSettings()
        assert loaded.settings.logging.directory == folder / "var/logs"

    def test_is_looked_for_in_the_documented_order(self, folder: Path) -> None:
        for name, port in (("tasador", 1), ("by_variable", 2), ("by_option", 3)):
            (folder / f"{name}.toml").write_text(f"[http]\nport = {port}\n")
        named = {"TASADOR_CONFIG": "by_variable.toml"}
        assert load(folder, config="by_option.toml", environment=named).settings.http.port == 3
        assert load(folder, environment=named).settings.http.port == 2
        assert load(folder, environment={"TASADOR_CONFIG": ""}).settings.http.port == 1
        assert load(folder).settings.http.port == 1

    def test_that_is_named_must_be_there(self, folder: Path) -> None:
        assert refusal(folder, config="no.toml") == (
            f"--config: there is no file {folder}/no.toml; name an existing TOML file."
        )
        assert refusal(folder, "", {"TASADOR_CONFIG": "no.toml"}).startswith("TASADOR_CONFIG: there is no file ")
        assert "there is no file" in refusal(folder, config=str(folder))
        assert "cannot be read: File name too long" in refusal(folder, config="x" * 300)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("[http", "this is not TOML: Expected ']' at the end of a table declaration (at end of document)."),
            ("[http]\nport = 1\nport = 2\n", "this is not TOML: Cannot overwrite a value (at line 3, column 9)."),
            (f'[key_store]\nurl = "{PASSWORD}\n', "this is not TOML: "),
            ("[http]\nport = " + "9" * 5000, "this is not TOML: "),
            ("[market]\ncurrency = '\xf1'\n".encode("latin-1"), "line 2 is not UTF-8: save the file as UTF-8."),
            ("[http]\n".encode("utf-16"), "line 1 is not UTF-8: save the file as UTF-8."),
        ],
    )
    def test_that_is_no_toml_is_named_with_the_place(self, folder: Path, content: str | bytes, told: str) -> None:
        assert refusal(folder, content).startswith(f"{folder}/tasador.toml: {told}")

    def test_may_begin_with_a_byte_order_mark(self, folder: Path) -> None:
        assert load(folder, b"\xef\xbb\xbf[http]\r\nport = 9\r\n").settings.http.port == 9

    def test_that_is_empty_says_nothing(self, folder: Path) -> None:
        assert load(folder, "").settings.http == HttpSettings()


class TestUnknownKeys:
    @pytest.mark.parametrize(
        ("toml", "told"),
        [
            ("[htp]\nport = 1\n", "there is no setting 'htp'; did you mean 'http'?"),
            ("htp = 1\n", "there is no setting 'htp'; did you mean 'http'?"),
            ("[http]\nprot = 1\n", "there is no setting 'http.prot'; did you mean 'http.port'?"),
            (
                "[data_source.extra]\nnumerical = []\n",
                "there is no setting 'data_source.extra.numerical'; did you mean 'data_source.extra.numeric'?",
            ),
            (
                f'[key_store]\npassword = "{PASSWORD}"\n',
                "there is no setting 'key_store.password'; did you mean 'key_store.password_file'?",
            ),
            ("port = 1\n", "there is no setting 'port'; did you mean 'http.port'?"),
            ("[market]\nseed = 1\n", "there is no setting 'market.seed'; did you mean 'training.seed'?"),
            ("[market]\npath = 1\n", "there is no setting 'market.path'; known here: currency, area_unit."),
            ("[market]\nzzz = 1\n", "there is no setting 'market.zzz'; known here: currency, area_unit."),
            ('[market]\n"z\\nz" = 1\n', r"there is no setting 'market.z\nz'; known here: currency, area_unit."),
        ],
    )
    def test_are_refused_with_the_nearest_known_one(self, folder: Path, toml: str, told: str) -> None:
        assert refusal(folder, toml) == f"{folder}/tasador.toml: {told}"

    @pytest.mark.parametrize(
        ("variable", "told"),
        [
            ("TASADOR_HTP__PORT", "there is no setting 'htp'; did you mean 'http'?"),
            ("TASADOR_HTTP__PROT", "there is no setting 'http.prot'; did you mean 'http.port'?"),
            ("TASADOR_HTTP__", "there is no setting 'http.'; "),
            ("TASADOR__HTTP__PORT", "there is no setting '_http'; did you mean 'http'?"),
            ("TASADOR_HTTP__PORT__X", "http.port is a value, not a table."),
            ("TASADOR_HTTP_PORT", "it overrides nothing; did you mean TASADOR_HTTP__PORT, with two underscores?"),
        ],
    )
    def test_of_a_variable_are_refused_naming_the_variable(self, folder: Path, variable: str, told: str) -> None:
        assert refusal(folder, "", {variable: PASSWORD}).startswith(f"{variable}: {told}")

    def test_of_variables_that_are_none_of_ours_are_left_alone(self, folder: Path) -> None:
        theirs = {"TASADOR_KEY": "tsd_x", "TASADOR_PORT": "tcp://10.0.0.1:8000", "PATH": "/bin", "tasador_http__x": "1"}
        assert load(folder, environment=theirs).settings.http == HttpSettings()

    def test_among_the_mapped_columns_are_refused(self, folder: Path) -> None:
        told = refusal(folder, '[data_source.columns]\nprise = "x"\n')
        assert told == "data_source.columns.prise: there is no such column; did you mean 'price'?"
        assert "known here: type, sector, " in refusal(folder, '[data_source.columns]\nzzz = "x"\n')

    def test_are_no_further_features_whose_columns_are_mapped(self, folder: Path) -> None:
        mapped = load(folder, '[data_source]\ncolumns = {Age = "edad"}\nextra = {numeric = ["Age"]}\n')
        assert mapped.settings.data_source.columns == {"Age": "edad"}


class TestIllTypedValues:
    @pytest.mark.parametrize(
        ("toml", "told"),
        [
            ("http = 1\n", "http: expected a table, got a whole number."),
            ('[http]\nport = "8000"\n', "http.port: expected a whole number, got text."),
            ("[http]\nport = true\n", "http.port: expected a whole number, got true or false."),
            ("[http]\nport = 70000\n", "http.port: expected a whole number <= 65535."),
            ('[http]\nhost = ""\n', "http.host: expected text that is not empty."),
            ('[market]\ncurrency = "US D"\n', "market.currency: expected text of 1 to 8 characters without spaces."),
            ('[market]\narea_unit = "acre"\n', "market.area_unit: expected one of m2, ft2."),
            ("[training]\nseed = -1\n", "training.seed: expected a whole number >= 0."),
            ("[training]\nseed = 1.5\n", "training.seed: expected a whole number, got a number."),
            ("[training]\ntest_fraction = 1\n", "training.test_fraction: expected a number < 1.0."),
            ("[training]\ninterval_level = nan\n", "training.interval_level: expected a number > 0.0."),
            ('[screening]\nenabled = "yes"\n', "screening.enabled: expected true or false, got text."),
            ("[data_source]\npath = 3\n", "data_source.path: expected the path of a file or folder."),
            ('[data_source]\npath = ""\n', "data_source.path: expected the path of a file or folder."),
            ('[data_source]\npath = "a\\u0000b"\n', "data_source.path: expected the path of a file or folder."),
            ("[data_source]\ncolumns = 3\n", "data_source.columns: expected a table, got a whole number."),
            ("[data_source.columns]\nprice = 3\n", "data_source.columns.price: expected text, got a whole number."),
            ('[data_source.extra]\nnumeric = "a"\n', "data_source.extra.numeric: expected a list, got text."),
            (
                '[data_source.extra]\nnumeric = ["a", 3]\n',
                "data_source.extra.numeric[1]: expected text, got a whole number.",
            ),
            (
                f'[key_store]\nkind = "postgresql://u:{PASSWORD}@h/d"\n',
                "key_store.kind: expected one of csv, sql, vault.",
            ),
            (f'[key_store]\nurl = ["postgresql://u:{PASSWORD}@h/d"]\n', "key_store.url: expected text, got a list."),
        ],
    )
    def test_are_refused_naming_the_key_and_what_was_expected(self, folder: Path, toml: str, told: str) -> None:
        assert refusal(folder, toml) == f"{folder}/tasador.toml: {told}"

    @pytest.mark.parametrize(
        ("variable", "text", "told"),
        [
            ("TASADOR_HTTP__PORT", "x", "http.port: expected a whole number, got text."),
            ("TASADOR_HTTP__PORT", "", "http.port: expected a whole number, got text."),
            ("TASADOR_SCREENING__ENABLED", "ja", "screening.enabled: expected true or false, got text."),
            ("TASADOR_KEY_STORE__KIND", PASSWORD, "key_store.kind: expected one of csv, sql, vault."),
            (
                "TASADOR_DATA_SOURCE__EXTRA__NUMERIC",
                "year_built,heating",
                'data_source.extra.numeric: expected JSON, such as ["a", "b"].',
            ),
            (
                "TASADOR_DATA_SOURCE__EXTRA__NUMERIC",
                '"year_built"',
                "data_source.extra.numeric: expected a list, got text.",
            ),
            ("TASADOR_DATA_SOURCE__EXTRA__NUMERIC", "null", "data_source.extra.numeric: expected a list, got nothing."),
            ("TASADOR_DATA_SOURCE__COLUMNS", "x", 'data_source.columns: expected JSON, such as {"a": "b"}.'),
            ("TASADOR_DATA_SOURCE__COLUMNS", '["a"]', "data_source.columns: expected a table, got a list."),
            (
                "TASADOR_DATA_SOURCE__COLUMNS",
                '{"price": 3}',
                "data_source.columns.price: expected text, got a whole number.",
            ),
            ("TASADOR_DATA_SOURCE__EXTRA", "3", "data_source.extra: expected a table, got a whole number."),
            ("TASADOR_DATA_SOURCE__EXTRA", '{"x": 3}', "there is no setting 'data_source.extra.x'; "),
        ],
    )
    def test_of_a_variable_are_refused_naming_the_variable(
        self, folder: Path, variable: str, text: str, told: str
    ) -> None:
        assert refusal(folder, "", {variable: text}).startswith(f"{variable}: {told}")

    @pytest.mark.parametrize("text", ["https://desk.example", " https://desk.example ", '["https://desk.example"]'])
    def test_of_a_list_may_be_one_text_alone(self, folder: Path, text: str) -> None:
        environment = {"TASADOR_HTTP__CORS_ORIGINS": text, "TASADOR_HTTP__TRUSTED_PROXIES": "10.0.0.7"}
        http = load(folder, "", environment).settings.http
        assert (http.cors_origins, http.trusted_proxies) == (("https://desk.example",), ("10.0.0.7",))

    def test_of_the_file_are_told_before_a_variable_is_put_into_it(self, folder: Path) -> None:
        told = refusal(folder, "http = 1\n", {"TASADOR_HTTP__PORT": "9"})
        assert told == f"{folder}/tasador.toml: http: expected a table, got a whole number."

    @given(
        keys=st.sampled_from([keys for keys, _ in every_setting()]),
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=4,
        ),
    )
    def test_of_any_kind_end_in_settings_or_in_one_line_that_names_the_key(
        self, tmp_path_factory: pytest.TempPathFactory, keys: tuple[str, ...], value: object
    ) -> None:
        variable = "TASADOR_" + "__".join(keys).upper()
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            load_settings(None, {variable: text}, tmp_path_factory.getbasetemp())
        except ConfigurationError as error:
            line = str(error)
            assert line.isprintable()
            assert ".".join(keys) in line


class TestOverrides:
    @pytest.mark.parametrize(("keys", "kind"), every_setting(), ids=lambda part: str(part)[:40])
    def test_any_setting_can_be_overridden_by_its_variable(
        self, folder: Path, keys: tuple[str, ...], kind: Any
    ) -> None:
        text, expected = an_override(keys, kind)
        others = {
            "TASADOR_DATA_SOURCE__URL": "sqlite:////s.db",
            "TASADOR_DATA_SOURCE__QUERY": "select 1",
            "TASADOR_MODEL_REPOSITORY__URL": "s3://bucket/models",
            "TASADOR_KEY_STORE__URL": "https://vault.example:8200",
            "TASADOR_HTTP__TLS_CERTIFICATE": "/elsewhere/certificate.pem",
            "TASADOR_HTTP__TLS_KEY": "/elsewhere/key.pem",
            "TASADOR_HTTP__RATE_LIMIT_URL": "redis://counts.internal",
            "TASADOR_LOGGING__SYSLOG_URL": "tls://logs.internal:6514",
        }
        value: Any = load(folder, SAMPLE, others | {"TASADOR_" + "__".join(keys).upper(): text}).settings
        for key in keys:
            value = getattr(value, key)
        assert value == expected
        assert type(value) is type(expected)

    def test_a_single_column_can_be_mapped_beside_those_of_the_file(self, folder: Path) -> None:
        by_variable = {"TASADOR_DATA_SOURCE__COLUMNS__NET_AREA": "total"}
        columns = load(folder, SAMPLE, by_variable).settings.data_source.columns
        assert columns == {"price": "sale_price", "net_area": "total"}

    def test_a_whole_table_comes_before_a_single_key_of_it(self, folder: Path) -> None:
        both = {
            "TASADOR_DATA_SOURCE__COLUMNS__NET_AREA": "total",
            "TASADOR_DATA_SOURCE__COLUMNS": '{"price": "precio"}',
        }
        expected = {"price": "precio", "net_area": "total"}
        assert load(folder, SAMPLE, both).settings.data_source.columns == expected
        assert load(folder, SAMPLE, dict(reversed(both.items()))).settings.data_source.columns == expected

    def test_a_section_may_be_given_whole(self, folder: Path) -> None:
        extra = load(folder, SAMPLE, {"TASADOR_DATA_SOURCE__EXTRA": '{"categorical": ["heating"]}'})
        assert extra.settings.data_source.extra.categorical == ("heating",)
        assert extra.settings.data_source.extra.numeric == ()

    def test_relative_paths_of_variables_resolve_against_the_file_too(self, folder: Path) -> None:
        (folder / "conf").mkdir()
        (folder / "conf/t.toml").write_text("")
        loaded = load(folder, config="conf/t.toml", environment={"TASADOR_DATA_SOURCE__PATH": "sales.csv"})
        assert loaded.settings.data_source.path == Location(folder / "conf/sales.csv")


class TestPaths:
    def test_resolve_against_the_folder_of_the_file(self, folder: Path) -> None:
        (folder / "conf").mkdir()
        (folder / "conf/t.toml").write_text('[data_source]\npath = "sales.csv"\ntest_path = "/data/test.csv"\n')
        settings = load(folder, config="conf/t.toml").settings
        assert settings.data_source.path == Location(folder / "conf/sales.csv")
        assert settings.data_source.test_path == Location(Path("/data/test.csv"))
        assert settings.key_store.pepper_file == folder / "conf/var/pepper.json"

    def test_stay_as_they_are_where_they_are_urls(self, folder: Path) -> None:
        source = load(folder, '[data_source]\npath = "s3://sales/2026/a.csv"\n').settings.data_source
        assert source.path == "s3://sales/2026/a.csv"

    def test_resolve_against_where_a_linked_file_is_seen(self, folder: Path) -> None:
        (folder / "mounted").mkdir()
        (folder / "mounted/data.toml").write_text('[data_source]\npath = "sales.csv"\n')
        (folder / "tasador.toml").symlink_to("mounted/data.toml")
        assert load(folder).settings.data_source.path == Location(folder / "sales.csv")

    def test_under_var_move_with_the_home_of_tasador(self, folder: Path) -> None:
        settings = load(folder, SAMPLE, {"TASADOR_HOME": "/srv/tasador"}).settings
        assert settings.data_source.path == Location(folder / "sales.csv")
        assert settings.model_repository.path == Path("/srv/tasador/models")
        assert settings.logging.directory == Path("/srv/tasador/logs")
        assert settings.screening.quarantine == Path("/srv/tasador/quarantine")
        assert settings.key_store.url == "sqlite:////srv/tasador/tasador.db"

    def test_of_a_relative_home_resolve_against_the_working_folder(self, folder: Path) -> None:
        (folder / "conf").mkdir()
        (folder / "conf/t.toml").write_text("")
        loaded = load(folder, config="conf/t.toml", environment={"TASADOR_HOME": "here"})
        assert loaded.settings.model_repository.path == folder / "here/models"
        assert load(folder, environment={"TASADOR_HOME": ""}).settings.model_repository.path == folder / "var/models"

    def test_that_are_absolute_stay(self, folder: Path) -> None:
        settings = load(folder, '[model_repository]\npath = "/m"\n', {"TASADOR_HOME": "/srv"}).settings
        assert settings.model_repository.path == Path("/m")

    def test_may_begin_with_the_users_own_folder(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/ana")
        toml = '[data_source]\npath = "~/sales.csv"\n[key_store]\nurl = "sqlite:///~/keys.db"\n'
        settings = load(folder, toml, {"TASADOR_HOME": "~/tasador"}).settings
        assert settings.data_source.path == Location(Path("/home/ana/sales.csv"))
        assert settings.key_store.url == "sqlite:////home/ana/keys.db"
        assert settings.model_repository.path == Path("/home/ana/tasador/models")

    @pytest.mark.parametrize(
        ("toml", "environment", "key"),
        [
            ('[data_source]\npath = "~nobody-here/x"\n', {}, "data_source.path"),
            ('[key_store]\nurl = "sqlite:///~nobody-here/x"\n', {}, "key_store.url"),
            ("", {"TASADOR_HOME": "~nobody-here/x"}, "TASADOR_HOME"),
            ("", {"TASADOR_CONFIG": "~nobody-here/x"}, "TASADOR_CONFIG"),
        ],
    )
    def test_in_the_folder_of_a_user_who_does_not_exist_are_refused(
        self, folder: Path, toml: str, environment: dict[str, str], key: str
    ) -> None:
        assert refusal(folder, toml, environment) == f"{key}: there is no home folder for '~nobody-here'."

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("sqlite:///keys.db", "sqlite:///{folder}/keys.db"),
            ("sqlite:///var/keys.db", "sqlite:////home/keys.db"),
            ("sqlite:////abs/keys.db", "sqlite:////abs/keys.db"),
            ("sqlite:///:memory:", "sqlite:///:memory:"),
            ("sqlite://", "sqlite://"),
            ("postgresql://u@h/var/x", "postgresql://u@h/var/x"),
        ],
    )
    def test_of_sqlite_addresses_resolve_alike(self, folder: Path, url: str, expected: str) -> None:
        settings = load(folder, f'[key_store]\nurl = "{url}"\n', {"TASADOR_HOME": "/home"}).settings
        assert settings.key_store.url == expected.format(folder=folder)


class TestKeysThatNeedEachOther:
    def test_a_database_of_sales_needs_an_address_and_a_query(self, folder: Path) -> None:
        assert refusal(folder, '[data_source]\nkind = "sql"\n') == (
            "data_source.url is needed where data_source.kind is 'sql'."
        )
        told = refusal(folder, f'[data_source]\nkind = "sql"\nurl = "postgresql://u:{PASSWORD}@h/d"\n')
        assert told == "data_source.query is needed where data_source.kind is 'sql'."


class TestSecretsServer:
    @pytest.mark.parametrize("host", ["vault.example:8200", "10.0.0.7", "127.0.0.1.example", "[fd00::1]:8200"])
    def test_a_secrets_server_is_not_asked_in_the_clear(self, folder: Path, host: str) -> None:
        toml = f'[key_store]\nkind = "vault"\nurl = "http://{host}"\n'
        assert refusal(folder, toml).startswith("key_store.url: over http:// the server's token could be read")

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8200", "http://localhost:8200", "http://[::1]", "https://vault"])
    def test_a_secrets_server_on_this_machine_may_be(self, folder: Path, url: str) -> None:
        assert load(folder, f'[key_store]\nkind = "vault"\nurl = "{url}"\n').settings.key_store.url == url


class TestLimits:
    @pytest.mark.parametrize("key", ["rate_limit", "failed_keys_limit"])
    def test_what_is_no_limit_is_named_with_an_example(self, folder: Path, key: str) -> None:
        assert refusal(folder, f'[http]\n{key} = "fast"\n') == (
            f'http.{key}: expected a number of times, at most a million, in at most 31 days, such as "600/minute" or '
            '"100 per 5 minutes", or "off".'
        )

    def test_they_are_counted_in_redis_or_nowhere_else(self, folder: Path) -> None:
        told = refusal(folder, f'[http]\nrate_limit_url = "http://u:{PASSWORD}@h"\n')
        assert told.startswith("http.rate_limit_url: expected such as redis://counts.internal:6379/0 or rediss://")
        assert PASSWORD not in told

    def test_the_password_of_their_address_is_never_shown(self) -> None:
        settings = Settings(http=HttpSettings(rate_limit_url=f"rediss://u:{PASSWORD}@h:6379/0"))
        assert shown_settings(settings)["http"]["rate_limit_url"] == "rediss://u:***@h:6379/0"


class TestWhoMayReadClosedLogs:
    @pytest.mark.parametrize(
        "bad", [AGE_RECIPIENT[:-1] + "q", AGE_RECIPIENT[:-1], "AGE-SECRET-KEY-1QQQ", "ssh-ed25519 AAAA"]
    )
    def test_is_refused_by_place_where_nothing_can_be_encrypted_to_it(self, folder: Path, bad: str) -> None:
        told = refusal(folder, f'[logging]\nage_recipients = ["{AGE_RECIPIENT}", "{bad}"]\n')
        assert "logging.age_recipients[1]: " in told
        assert bad not in told


class TestLogServers:
    @pytest.mark.parametrize("url", ["tcp://10.0.0.1:514", "tls://logs.example:6514", "tls://[::1]:6514"])
    def test_of_syslog_are_taken(self, folder: Path, url: str) -> None:
        assert load(folder, f'[logging]\nsyslog_url = "{url}"\n').settings.logging.syslog_url == url

    @pytest.mark.parametrize(
        "url",
        ["udp://h:514", "tcp://h", "tcp://h:0", "tcp://h:65536", "tcp://:514", "tls://h:1/x", "h:514", "tcp://[::g]:1"],
    )
    def test_of_syslog_that_there_cannot_be_are_refused(self, folder: Path, url: str) -> None:
        assert refusal(folder, f'[logging]\nsyslog_url = "{url}"\n').startswith("logging.syslog_url: expected such as ")

    def test_of_syslog_know_no_users(self, folder: Path) -> None:
        told = refusal(folder, f'[logging]\nsyslog_url = "tls://u:{PASSWORD}@h:6514"\n')
        assert told.endswith("syslog knows no users.")

    def test_of_syslog_over_tcp_have_no_certificates(self, folder: Path) -> None:
        told = refusal(folder, '[logging]\nsyslog_url = "tcp://h:514"\nsyslog_ca_file = "ca.pem"\n')
        assert told == "logging.syslog_ca_file: it is for a logging.syslog_url with tls:// only."

    @pytest.mark.parametrize("section", ["logging", "tracing"])
    def test_of_opentelemetry_are_taken_where_there_can_be_such(self, folder: Path, section: str) -> None:
        for url in ("http://127.0.0.1:4318", "https://otel.example/in/", "http://[::1]:4318"):
            taken = load(folder, f'[{section}]\notlp_url = "{url}"\n').settings
            assert getattr(taken, section).otlp_url == url
        for url in ("grpc://h:4317", "h:4318", f"https://u:{PASSWORD}@h", f"https://h?t={PASSWORD}", "http://h:65536"):
            told = refusal(folder, f'[{section}]\notlp_url = "{url}"\n')
            assert told.startswith(f"{section}.otlp_url: expected a collector's address, such as http://127.0.0.1:4318")
            assert "OTEL_EXPORTER_OTLP_HEADERS" in told

    @pytest.mark.parametrize(
        "url",
        [
            "https://tiles.example/{z}/{x}/{y}.png",
            "http://127.0.0.1:8080/tiles?x={x}&y={y}&z={z}",
            "https://a.tiles.example/{z}/{y}/{x}@2x.webp?key=a%20b",
        ],
    )
    def test_of_tiles_are_taken_with_a_place_for_each_number(self, folder: Path, url: str) -> None:
        assert load(folder, f'[console]\ntile_url = "{url}"\n').settings.console.tile_url == url

    @pytest.mark.parametrize(
        "url",
        [
            "tiles/{z}/{x}/{y}.png",
            "ftp://h/{z}/{x}/{y}.png",
            "https://{s}.h/{z}/{x}/{y}.png",
            "https://h/{s}/{z}/{x}/{y}.png",
            "https://h/{z}/{x}.png",
            "https://h/{z}/{x}/{y}/{y}.png",
            "https://h/{z}/{x}/{y}.png}",
            "https://h:0/{z}/{x}/{y}.png",
            f"https://u:{PASSWORD}@h/{{z}}/{{x}}/{{y}}.png",
            "https://h; script-src *//{z}/{x}/{y}.png",
            "https://h/{z}/{x}/{y}.png' *",
        ],
    )
    def test_of_tiles_that_no_browser_could_fetch_are_refused(self, folder: Path, url: str) -> None:
        told = refusal(folder, f'[console]\ntile_url = "{url}"\n')
        assert told.startswith("console.tile_url: expected such as https://tiles.example/{z}/{x}/{y}.png")
        assert PASSWORD not in told


def shown_key_store_url(url: str) -> str:
    shown = shown_settings(Settings(key_store=KeyStoreSettings(url=url)))["key_store"]["url"]
    assert isinstance(shown, str)
    return shown


class TestShownSettings:
    @pytest.mark.parametrize(
        "password",
        ["pw", "p@w", "p/w", "p%40w", "p%3Fw", "p:w", "p#w", "p w", "p&w", "p=w", "@", "p@w/x@y&z=1", "ñ"],
    )
    def test_mask_the_password_of_an_address(self, password: str) -> None:
        assert (
            shown_key_store_url(f"postgresql://ana:{password}@host:5432/keys") == "postgresql://ana:***@host:5432/keys"
        )

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("postgresql://h/d?password=pw", "postgresql://h/d?password=***"),
            (
                "postgresql://h/d?user=ana&Password=p/w&sslmode=require",
                "postgresql://h/d?user=ana&Password=***&sslmode=require",
            ),
            ("postgresql://h/d?p%61ssword=pw", "postgresql://h/d?p%61ssword=***"),
            ("postgresql://ana:pw@h/d?sslpassword=p2", "postgresql://ana:***@h/d?sslpassword=***"),
            ("host=h user=ana password=pw", "***"),
            ("postgresql://ana:p?w@h/d", "postgresql://***"),
            ("postgresql://ana:pw@h/d?password=p@w", "postgresql://***"),
            ("postgresql://ana@h/d?sslmode=require", "postgresql://ana@h/d?sslmode=require"),
            ("sqlite:////srv/tasador.db", "sqlite:////srv/tasador.db"),
            ("https://pw@h/sales.csv?sig=pw&code=pw", "https://***@h/sales.csv?sig=***&code=***"),
            ("s3://id:pw@bucket/sales.csv", "s3://***@bucket/sales.csv"),
        ],
    )
    def test_mask_what_is_secret_in_any_address_and_nothing_else(self, url: str, shown: str) -> None:
        assert shown_key_store_url(url) == shown

    @given(st.text())
    def test_never_hold_a_password_whatever_it_is(self, password: str) -> None:
        shown = shown_key_store_url(f"postgresql://ana:{password}@h/d")
        assert shown == ("postgresql://***" if "?" in password else "postgresql://ana:***@h/d")

    @given(st.text().filter(lambda text: "&" not in text), st.sampled_from(["h/d", "ana@h/d", "ana:pw@h/d"]))
    def test_never_hold_a_password_among_the_options(self, password: str, address: str) -> None:
        shown = shown_key_store_url(f"postgresql://{address}?password={password}")
        rest = "***" if "@" in password else f"{address.replace('pw', '***')}?password=***"
        assert shown == f"postgresql://{rest}"

    def test_mask_every_address_of_the_configuration(self) -> None:
        url = f"postgresql://ana:{PASSWORD}@h/d"
        settings = Settings(
            data_source=DataSourceSettings(kind="sql", url=url, query="select 1"),
            key_store=KeyStoreSettings(url=url),
            valuation_log=ValuationLogSettings(url=url),
        )
        assert PASSWORD not in str(shown_settings(settings))

    def test_hold_every_setting_as_plain_values(self, folder: Path) -> None:
        shown = shown_settings(load(folder, SAMPLE).settings)
        assert json.loads(json.dumps(shown))["data_source"]["extra"] == {"numeric": ["year_built"], "categorical": []}
        assert shown["model_repository"] == {
            "kind": "joblib",
            "path": f"{folder}/var/models",
            "url": None,
            "signing_key_file": f"{folder}/var/model-signing-key.pem",
            "trusted_keys": (),
        }
        for keys, _ in every_setting():
            section = shown
            for key in keys[:-1]:
                section = section[key]
            assert keys[-1] in section

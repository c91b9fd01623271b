"""From TOML and environment to Settings. Every error is one line that names the key.

The file is the one given, else `$TASADOR_CONFIG`, else `./tasador.toml`, else none. A variable
`TASADOR_<SECTION>__<KEY>` overrides a value; a list or table is JSON there, a list of one also its text alone. Relative
paths resolve against the file's folder, and those under `var/` against `$TASADOR_HOME`, where that is set.
"""

import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeGuard
from urllib.parse import unquote

import msgspec

from config.checks import check_settings
from config.faults import ConfigurationError, dotted, nearest
from config.settings import Location, Section, Settings

DEFAULT_FILE = "tasador.toml"
_PREFIX = "TASADOR_"
_RELATIVE_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:)(.+)")
_SECRET_OPTION = re.compile(r"pass|pwd|secret|token|sig|key|credential|auth|code", re.IGNORECASE)
_WITHOUT_ACCOUNTS = re.compile(r"https?|s3a?|gc?s", re.IGNORECASE)  # what stands before an @ is secret there
_OF_JSON = re.compile(r'["\[\]{},]')
_MASK = "***"
_PLAIN_WORDS = {
    "Expected": "expected",
    "`str | null`": "text",
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a table",
    "`null`": "nothing",
    " of length >= 1": " that is not empty",
    r" matching regex '^\\S{1,8}$'": " of 1 to 8 characters without spaces",
    " matching regex '^ed25519:[A-Za-z0-9+/]{43}=$'": (
        " as `tasador models signing-key` shows it of models, `tasador audit signing-key` of evidence"
    ),
    " matching regex '^age1[02-9ac-hj-np-z]{58}$'": " as age-keygen prints it (age1...), the public key",
}


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and the file they came from (None: built-in defaults)."""

    settings: Settings
    file: Path | None


def load_settings(path: str | None, environment: Mapping[str, str], folder: Path) -> LoadedSettings:
    """The settings of `path` (or of the file that the environment or `folder` offers), overridden by `environment`.

    Raises ConfigurationError.
    """
    file = _configuration_file(path, environment, folder)
    values = _toml(file) if file else {}
    _section(Settings, values, f"{file}: ")  # before anything is overridden, so that an error names where it stands
    for variable, text in sorted(environment.items()):  # a table before its keys
        if variable.startswith(_PREFIX):
            _override(values, variable, text)
    settings = typing.cast("Settings", _section(Settings, values, ""))
    base = file.parent if file else folder
    home = base / "var"
    if environment.get("TASADOR_HOME"):
        home = folder / _expanded(Path(environment["TASADOR_HOME"]), "TASADOR_HOME")
    settings = typing.cast("Settings", _resolved(settings, base, home))
    check_settings(settings)
    return LoadedSettings(settings, file)


def shown_settings(settings: Settings) -> dict[str, Any]:
    """The settings as plain values, passwords in URLs masked."""
    plain = msgspec.to_builtins(settings, enc_hook=str)
    for section in plain.values():
        for key, value in section.items():
            if value and (key == "url" or key.endswith("_url") or "://" in str(value)):
                section[key] = shown_url(value)
    return typing.cast("dict[str, Any]", plain)


def shown_url(url: str) -> str:
    """`url` without what is, or may be, a password: rather too much than too little is masked."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _MASK  # no URL at all: nobody can tell what is secret in it
    account, at, place = rest.rpartition("@")  # the last: a password may hold one as it is
    if "?" in account:
        return f"{scheme}://{_MASK}"  # in a password or behind it: nobody can tell
    user, colon, _ = account.partition(":")
    if account and _WITHOUT_ACCOUNTS.fullmatch(scheme):
        user, colon = _MASK, ""
    address, mark, options = f"{user}{colon}{_MASK if colon else ''}{at}{place}".partition("?")
    shown = [
        f"{name}={_MASK}" if equals and _SECRET_OPTION.search(unquote(name)) else f"{name}{equals}{value}"
        for name, equals, value in (option.partition("=") for option in options.split("&"))
    ]
    return f"{scheme}://{address}{mark}{'&'.join(shown)}"


def _configuration_file(path: str | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    named = path or environment.get("TASADOR_CONFIG")
    told_by = "--config" if path else "TASADOR_CONFIG"
    file = folder / (_expanded(Path(named), told_by) if named else DEFAULT_FILE)
    try:
        found = file.is_file()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}.") from None
    if found:
        # Not the file that a link points to: paths in it are meant from where the user sees it.
        return file.parent.resolve() / file.name
    if named:
        raise ConfigurationError(f"{told_by}: there is no file {file}; name an existing TOML file.")
    return None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{file}: line {line} is not UTF-8: save the file as UTF-8.") from None
    except ValueError as error:
        raise ConfigurationError(f"{file}: this is not TOML: {error}.") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}.") from None


def _override(values: dict[str, Any], variable: str, text: str) -> None:
    """Sets the value that `variable` names, read from `text` as the type of that setting asks for."""
    origin = f"{variable}: "
    if "__" not in variable:
        _refuse_single_underscores(variable)
        return
    keys = [part.lower() for part in variable.removeprefix(_PREFIX).split("__")]
    kind: Any = Settings
    for depth, key in enumerate(keys):
        if _is_section(kind):
            kind = _field_types(kind).get(key) or _refuse_unknown(origin, keys[: depth + 1], kind)
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        else:
            raise ConfigurationError(f"{origin}{dotted(keys[:depth])} is a value, not a table.")
    for key in keys[:-1]:
        values = values.setdefault(key, {})
    if _is_section(kind) or typing.get_origin(kind) in {dict, tuple}:
        example = '["a", "b"]' if typing.get_origin(kind) is tuple else '{"a": "b"}'
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            if typing.get_origin(kind) is not tuple or not text.strip() or _OF_JSON.search(text):
                raise ConfigurationError(f"{origin}{dotted(keys)}: expected JSON, such as {example}.") from None
            value = [text.strip()]  # there are lists of texts alone
        _value(kind, value, origin, keys)
    else:
        value = msgspec.to_builtins(_value(kind, text, origin, keys, strict=False), enc_hook=str)
    values[keys[-1]] = value


def _refuse_single_underscores(variable: str) -> None:
    """Raises ConfigurationError where `variable` is meant as an override; any other is not ours to judge."""
    for key in _all_keys(Settings):
        if variable.removeprefix(_PREFIX).lower() == key.replace(".", "_"):
            meant = _PREFIX + key.replace(".", "__").upper()
            raise ConfigurationError(f"{variable}: it overrides nothing; did you mean {meant}, with two underscores?")


def _section(kind: type[Section], values: Mapping[str, Any], origin: str, above: Sequence[str] = ()) -> Section:
    """The section that `values` spell; `origin` leads its error messages, `above` are the keys that lead to it."""
    types = _field_types(kind)
    for key in values:
        if key not in types:
            _refuse_unknown(origin, (*above, key), kind)
    return kind(**{key: _value(types[key], value, origin, (*above, key)) for key, value in values.items()})


def _value(kind: Any, value: Any, origin: str, keys: Sequence[str], *, strict: bool = True) -> Any:
    """`value` as the type `kind`, part by part, so that an error names the key of the very part.

    No error repeats a value: a password may stand where it does not belong.
    """
    container = typing.get_origin(kind)
    if (_is_section(kind) or container is dict) and isinstance(value, dict):
        if _is_section(kind):
            return _section(kind, value, origin, keys)
        return {key: _value(typing.get_args(kind)[1], item, origin, (*keys, key)) for key, item in value.items()}
    if container is tuple and isinstance(value, list):
        place = f"{keys[-1]}[{{}}]"
        item_kind = typing.get_args(kind)[0]
        return tuple(
            _value(item_kind, item, origin, (*keys[:-1], place.format(number))) for number, item in enumerate(value)
        )
    try:
        return msgspec.convert(value, kind, strict=strict, dec_hook=_path)
    except msgspec.ValidationError as error:
        choices = typing.get_args(kind) if container is typing.Literal else ()
        expected = f"expected one of {', '.join(choices)}" if choices else _plain(error)
        raise ConfigurationError(f"{origin}{dotted(keys)}: {expected}.") from None


def _path(kind: type, value: Any) -> Any:
    if kind in {Path, Location} and isinstance(value, str) and value and "\0" not in value:
        return kind(value)
    raise msgspec.ValidationError("expected the path of a file or folder")


def _refuse_unknown(origin: str, keys: Sequence[str], section: type[Section]) -> NoReturn:
    known = list(_field_types(section))
    near = nearest(keys[-1], known)
    meant = _elsewhere(keys[-1]) or (dotted((*keys[:-1], near)) if near else None)
    hint = f"did you mean '{meant}'?" if meant else f"known here: {', '.join(known)}."
    raise ConfigurationError(f"{origin}there is no setting '{dotted(keys)}'; {hint}")


def _elsewhere(name: str) -> str | None:
    """The one setting of this name in any section."""
    found = [key for key in _all_keys(Settings) if key.rpartition(".")[2] == name]
    return found[0] if len(found) == 1 else None


def _all_keys(section: type[Section], above: str = "") -> list[str]:
    keys: list[str] = []
    for name, kind in _field_types(section).items():
        keys += _all_keys(kind, f"{above}{name}.") if _is_section(kind) else [f"{above}{name}"]
    return keys


def _plain(error: msgspec.ValidationError) -> str:
    """A msgspec message in the user's words."""
    message = str(error).partition(" - at `")[0]
    for technical, plain in _PLAIN_WORDS.items():
        message = message.replace(technical, plain)
    return message


def _resolved(section: Section, base: Path, home: Path, above: str = "") -> Section:
    """The section with absolute paths, also in SQLite addresses."""
    changes: dict[str, Any] = {}
    for name in section.__struct_fields__:
        value, key = getattr(section, name), f"{above}{name}"
        if isinstance(value, Section):
            changes[name] = _resolved(value, base, home, f"{key}.")
        elif isinstance(value, Path):
            changes[name] = _absolute(value, base, home, key)
        elif isinstance(value, Location):
            changes[name] = value if value.is_url else Location(_absolute(Path(value), base, home, key))
        elif isinstance(value, str) and (match := _RELATIVE_SQLITE.fullmatch(value)):
            changes[name] = match[1] + str(_absolute(Path(match[2]), base, home, key))
    return msgspec.structs.replace(section, **changes)


def _absolute(path: Path, base: Path, home: Path, key: str) -> Path:
    if path.parts[:1] == ("var",):
        return (home / Path(*path.parts[1:])).absolute()
    return (base / _expanded(path, key)).absolute()


def _expanded(path: Path, told_by: str) -> Path:
    """`path` with its leading `~` or `~user` as the home folder meant."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ConfigurationError(f"{told_by}: there is no home folder for {path.parts[0]!r}.") from None


def _is_section(kind: Any) -> TypeGuard[type[Section]]:
    return isinstance(kind, type) and issubclass(kind, Section)


def _field_types(section: type[Section]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(section)}

"""Write docs/operations/configuration.md, every setting with its type, bounds, default and meaning, from the settings.

    python -m scripts.configuration_reference

All of it is read from `config/settings.py`: the types and what their Meta allows, the defaults, the docstrings.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    CustomType,
    DictType,
    Field,
    FloatType,
    IntType,
    LiteralType,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from config.settings import Location, Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "operations" / "configuration.md"
_HEAD = """\
# Configuration

<!-- Written by `make reference` from config/settings.py: change that, not this. -->

The file is the one of `--config`, else of `$TASADOR_CONFIG`, else `./tasador.toml`; without one everything is as below.
A variable `TASADOR_<SECTION>__<KEY>` overrides a value (`TASADOR_HTTP__PORT=9000`): a list or a table is JSON there, a
list of one also its text alone. Relative paths are from the file's folder, those under `var/` from `$TASADOR_HOME`
where that is set. An unknown key, or a value that does not fit, is refused by name before anything starts.

`tasador config check` says whether all is well, `tasador config show` what is in force, with passwords masked.
Passwords stand in files of their own (`password_file` and the like): see [secrets.md](secrets.md).
"""


def reference() -> str:
    """The page."""
    return "\n".join([_HEAD, *(line for field in _fields(Settings) for line in _section(field.name, field.type))])


def _section(name: str, kind: Type) -> Iterator[str]:
    """Of a section: its heading, what it is, the table of its keys, then the sections within."""
    assert isinstance(kind, StructType)  # noqa: S101
    meanings = _meanings(kind.cls)
    yield f"## [{name}]\n\n{inspect.getdoc(kind.cls)}\n"
    yield "| key | what | default | meaning |\n|---|---|---|---|"
    within = [field for field in _fields(kind.cls) if isinstance(field.type, StructType)]
    for field in _fields(kind.cls):
        if field not in within:
            yield f"| `{field.name}` | {_words(field.type)} | {_default(field)} | {meanings[field.name]} |"
    yield ""
    for field in within:
        yield from _section(f"{name}.{field.name}", field.type)


def _fields(kind: type) -> tuple[Field, ...]:
    found = type_info(kind)
    assert isinstance(found, StructType)  # noqa: S101
    return found.fields


def _meanings(kind: type) -> Mapping[str, str]:
    """The docstring below each field, on one line."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101
    meanings = {}
    for field, told in zip(body.body, body.body[1:], strict=False):
        match field, told:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                meanings[name] = " ".join(text.split())
    return meanings


def _words(kind: Type) -> str:
    """A type, for people."""
    match kind:
        case UnionType(types=types):
            words = " or ".join(_words(each) for each in types if not isinstance(each, NoneType))
        case LiteralType(values=values):
            words = ", ".join(f"`{value}`" for value in values)
        case BoolType():
            words = "true or false"
        case IntType() | FloatType():
            words = ("a whole number" if isinstance(kind, IntType) else "a number") + _bounds(kind)
        case StrType(pattern=str(pattern)):
            words = f"text like `{pattern}`"
        case StrType():
            words = "text" + (f" of at most {kind.max_length} characters" if kind.max_length else "")
        case VarTupleType(item_type=item):
            words = f"list of: {_words(item)}"
        case DictType(value_type=value):
            words = f"table of: {_words(value)}"
        case CustomType(cls=cls) if cls in {Path, Location}:
            words = "path" if cls is Path else "path or URL"
        case _:
            raise TypeError(f"A setting is of the type {kind}, for which there are no words: give them in `_words`.")
    return words


def _bounds(kind: IntType | FloatType) -> str:
    limits = {"from": kind.ge, "above": kind.gt, "up to": kind.le, "below": kind.lt}
    told = [f"{word} {limit:,.15g}" for word, limit in limits.items() if limit is not None]
    return f" {', '.join(told)}" if told else ""


def _default(field: Field) -> str:
    value: Any = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None:
        return "none"
    return f"`{json.dumps(value, default=str)}`"


def main() -> None:
    """Writes it."""
    TARGET.write_text(reference(), "utf-8")


if __name__ == "__main__":
    main()

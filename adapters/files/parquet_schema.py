"""One schema for all files of a folder: they may differ in what harms nothing, which is said."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from adapters.arrow.columns import is_text
from domain.errors import SourceMalformed


def common_schema(schemas: Sequence[tuple[str, pa.Schema]]) -> tuple[pa.Schema, tuple[str, ...]]:
    """The schema that all files, given by name, can be read in, and what was widened for it, one sentence each.

    Columns stand in the first file's order. Raises SourceMalformed, naming file and column.
    """
    first, schema = schemas[0]
    _refuse_twins(first, schema)
    notes: dict[str, str] = {}
    for name, other in schemas[1:]:
        if other.equals(schema):
            continue
        _refuse_twins(name, other)
        for missing in sorted(set(schema.names) - set(other.names)):
            raise _changed(name, first, f"has no column {missing!r}")
        for added in sorted(set(other.names) - set(schema.names)):
            raise _changed(name, first, f"has a further column {added!r}")
        for place, field in enumerate(schema):
            kind = other.field(field.name).type
            if kind == field.type:
                continue
            wide = _wide(field.type, kind)
            if wide is None:
                raise _changed(name, first, f"holds {kind} in column {field.name!r}, not {field.type}")
            if wide != field.type or not _is_null(kind):
                notes[field.name] = f"{name}: column {field.name!r} is {kind} here, and read as {wide} from all files."
            schema = schema.set(place, pa.field(field.name, wide, metadata=field.metadata))
    return schema, tuple(notes.values())


def _refuse_twins(name: str, schema: pa.Schema) -> None:
    twins = [column for column in schema.names if schema.names.count(column) > 1]
    if twins:
        raise SourceMalformed(f"{name} names the column {twins[0]!r} twice: rename or remove one.")


def _changed(name: str, first: str, how: str) -> SourceMalformed:
    return SourceMalformed(f"{name} {how}, unlike {first}: give files of one schema, or value them apart.")


def _wide(one: Any, other: Any) -> Any:
    """A type that holds the values of both as they are, or None."""
    if _is_null(one) or _is_null(other):
        return other if _is_null(one) else one
    one, other = _plain(one), _plain(other)
    if one == other:
        return one
    for is_kind, wide in (
        (is_text, pa.large_string()),
        (pa.types.is_date, pa.date32()),
        (lambda kind: pa.types.is_integer(kind) and not pa.types.is_uint64(kind), pa.int64()),
        # Whole numbers beyond 2**53 are told when they are met.
        (lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind), pa.float64()),
    ):
        if is_kind(one) and is_kind(other):
            return wide
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other) and one.tz == other.tz:
        return max(one, other, key=lambda kind: ("s", "ms", "us", "ns").index(kind.unit))
    if pa.types.is_decimal(one) and pa.types.is_decimal(other):
        scale = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + scale
        return pa.decimal128(digits, scale) if digits <= 38 else None
    return None


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_null(kind: Any) -> bool:
    return bool(pa.types.is_null(kind))

"""Queries on any other database, through SQLAlchemy and a driver that has to be installed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain

from sqlalchemy import URL, CursorResult, Engine, NullPool, create_engine
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from adapters import databases
from adapters.queries.python_rows import Kind, KindsSeen, Row, typed
from adapters.queries.result import QueryResult, SaidOf, TypedBatch, names_of
from adapters.queries.written import without_end
from domain.errors import SourceUnavailable

_WITH_THE_EXTRA = {"mysql", "mariadb", "oracle", "mssql"}
_SAY_READ_ONLY = {"mysql", "mariadb", "oracle"}
_READS_TO_THE_END = {"mysql", "mariadb"}  # before it closes a cursor, however many rows are left
_ROWS_AT_A_TIME = 8_192


@contextmanager
def opened(url: URL, query: str, said: SaidOf, rows: int) -> Iterator[QueryResult]:
    """The query's result, by a cursor that the server keeps; its types are those of the first part's cells.

    It runs in a read-only transaction where SQLAlchemy or the database knows one, and is never committed.
    Raises SourceUnavailable, SourceMalformed.
    """
    name = databases.shown(url)
    try:
        engine = _engine(url, said)
        with engine.connect() as connection:
            if url.get_backend_name() in _SAY_READ_ONLY:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            number = None
            if url.get_backend_name() in _READS_TO_THE_END:
                number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
            try:
                result = connection.exec_driver_sql(without_end(query))
            except SQLAlchemyError as error:
                raise _refused(error, name, said) from None
            try:
                names = names_of(tuple(result.keys()) if result.returns_rows else (), name, said)
                yield QueryResult(name, names, _batches(result, names, rows, name, said))
            finally:
                if number is not None:
                    _stop(engine, number, result)
                result.close()
    except SQLAlchemyError as error:
        raise SourceUnavailable(
            f"{name} cannot be reached: {databases.cause(error)}. Check {said.url}, and that the database runs."
        ) from None


def _stop(engine: Engine, number: object, result: CursorResult[tuple[object, ...]]) -> None:
    """Has the server end what another connection of ours runs, and takes what is on its way still."""
    with suppress(SQLAlchemyError), engine.connect() as connection:
        connection.exec_driver_sql(f"KILL QUERY {number}")
    with suppress(SQLAlchemyError):
        for _ in result.partitions(_ROWS_AT_A_TIME):
            pass


def _engine(url: URL, said: SaidOf) -> Engine:
    backend = url.get_backend_name()
    options = databases.postgresql_options(url) if backend == "postgresql" else {}
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except NoSuchModuleError:
        raise SourceUnavailable(
            f"{said.url} cannot be used: '{url.drivername}' is no database that SQLAlchemy knows. Install its dialect, "
            "or export the rows as CSV or Parquet."
        ) from None
    except ImportError as error:
        # By its name some index might give another `tasador`.
        extra = ".[databases]" if backend in _WITH_THE_EXTRA else error.name or url.get_driver_name()
        raise SourceUnavailable(
            f"{said.url} needs the driver '{error.name or url.get_driver_name()}', which is not installed: "
            f"pip install '{extra}'{' in the checkout' if extra.startswith('.') else ''}."
        ) from None
    # Without parameters the driver leaves every % and : of the query alone.
    return engine.execution_options(
        no_parameters=True, stream_results=True, max_row_buffer=_ROWS_AT_A_TIME, postgresql_readonly=True
    )


def _batches(
    result: CursorResult[tuple[object, ...]], names: tuple[str, ...], rows: int, name: str, said: SaidOf
) -> Iterator[TypedBatch]:
    parts = _parts(result, rows, name, said)
    first = next(parts, None)
    if first is None:
        return
    seen = KindsSeen(len(names))
    seen.look_at(first)
    # Oracle sends the whole numbers and the others of one column in types of their own.
    lasting: dict[Kind, Kind] = {"int": "mixed"} if result.context.dialect.name == "oracle" else {}
    kinds: list[Kind] = [lasting.get(kind, kind) for kind in seen.kinds()]
    yield from typed(names, kinds, chain([first], parts))


def _parts(result: CursorResult[tuple[object, ...]], rows: int, name: str, said: SaidOf) -> Iterator[Sequence[Row]]:
    try:
        yield from result.partitions(rows)
    except SQLAlchemyError as error:
        raise _refused(error, name, said) from None


def _refused(error: SQLAlchemyError, name: str, said: SaidOf) -> SourceUnavailable:
    return SourceUnavailable(f"{name} refused {said.query}: {databases.cause(error)}. Check the query.")

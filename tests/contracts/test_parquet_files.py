"""Parquet as the world writes it: types, folders, and files that are not what they should be."""

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from adapters.data_sources.parquet_files import ParquetDataSource
from adapters.portfolio_sources.parquet_files import ParquetPortfolio
from adapters.portfolio_sources.parquet_stream import ParquetStream
from domain.errors import SourceMalformed, SourceUnavailable

NIGHT = datetime(2024, 3, 1, 23, 30)  # noqa: DTZ001 (a time stamp without a zone is what is tested)
ALL_TYPES = pa.table(
    {
        "whole": pa.array([1, None], pa.int32()),
        "large": pa.array([2**63, None], pa.uint64()),
        "fraction": pa.array([float("nan"), float("inf")]),
        "short": pa.array([0.1, None], pa.float32()),
        "decimal": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
        "yes": pa.array([True, None]),
        "text": pa.array([" casa ", " "]),
        "long": pa.array(["a", None], pa.large_string()),
        "category": pa.array(["x", None]).dictionary_encode(),
        "bytes": pa.array([b"\xc3\xb1", b"\xff"]),
        "day": pa.array([date(2024, 1, 1), None]),
        "stamp": pa.array([NIGHT, None], pa.timestamp("us")),
        "in zone": pa.array([NIGHT, None], pa.timestamp("us", "Europe/Madrid")),
        "far": pa.array([3_000_000, None], pa.int32()).cast(pa.date32()),
        "nothing": pa.nulls(2),
        "list": pa.array([[1, 2], None]),
        "struct": pa.array([{"a": 1}, None]),
    }
)
CELLS = [
    (1, 2**63, None, 0.1, 1.1, True, "casa", "a", "x", "ñ", date(2024, 1, 1), date(2024, 3, 1), date(2024, 3, 2),
     "out of range", None),
    (None, None, float("inf"), *[None] * 6, "\\xff", *[None] * 5),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "homes"


def write(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)
    return path


def own(source: ParquetPortfolio) -> list[dict[str, object]]:
    return [
        {str(name): cell for name, cell in row.items()}
        for part in source.parts()
        for row in part.read(()).own().to_dict("records")
    ]


class TestTypes:
    def test_become_text_numbers_and_days(self, folder: Path) -> None:
        folder.mkdir()
        parquet.write_table(ALL_TYPES, folder / "all.parquet")
        plain = ALL_TYPES.column_names[:-2]

        table = ParquetDataSource(folder / "all.parquet").sales()
        (part,) = ParquetPortfolio(f"{folder}/all.parquet").parts()

        for frame in (table.frame, part.read(plain).cells):
            assert [tuple(row) for row in frame.to_dict("split")["data"]] == CELLS
            assert list(frame.columns) == plain
        assert [note.partition(": ")[2] for note in table.notes] == [
            "column 'list' is left out: its type is list<element: int64>.",
            "column 'struct' is left out: its type is struct<a: int64>.",
        ]

    def test_of_the_caller_s_own_columns_stay(self, folder: Path) -> None:
        folder.mkdir()
        parquet.write_table(ALL_TYPES, folder / "all.parquet")

        frames = [part.read(()).own() for part in ParquetPortfolio(str(folder), rows_a_part=1).parts()]

        table = pa.concat_tables(pa.Table.from_pandas(frame, preserve_index=False) for frame in frames)
        expected = parquet.read_table(folder / "all.parquet")
        assert table.schema.equals(expected.schema)
        written, read = (
            each.set_column(2, "fraction", each["fraction"].cast(pa.string()))  # as text each NaN is equal to the other
            for each in (table, expected)
        )
        assert written.equals(read)

    def test_of_text_that_is_not_utf_8_are_read_with_those_bytes_as_codes(self, folder: Path) -> None:
        spoilt = pa.array([b"ca\xffsa", b"\xc3\xb1"]).view(pa.string())
        file = write(folder / "a.parquet", text=spoilt)
        said = ["ca\\xffsa", "ñ"]

        (part,) = ParquetPortfolio(str(file)).parts()

        assert part.read(["text"]).cells["text"].tolist() == said
        assert pa.Table.from_pandas(part.read(()).own())["text"].equals(pa.chunked_array([said]))
        assert ParquetDataSource(file).sales().frame["text"].tolist() == said

    def test_that_hold_no_cells_cannot_be_a_column_of_ours(self, folder: Path) -> None:
        (part,) = ParquetPortfolio(str(write(folder / "a.parquet", price=[[1]]))).parts()

        with pytest.raises(SourceMalformed, match=r"a\.parquet: column 'price' holds no single values but list"):
            part.read(["price"])


class TestStandardInput:
    def test_is_read_as_the_file_would_be(self, folder: Path) -> None:
        file = write(folder / "homes.parquet", loan=[1, 2, 3])
        with file.open("rb") as stream:
            streamed = ParquetStream(lambda: stream, folder / "spooled")
            assert streamed.head().name == "standard input"
            parts = list(streamed.parts())
        assert [part.digest for part in parts] == [part.digest for part in ParquetPortfolio(str(file)).parts()]
        del streamed
        assert not list((folder / "spooled").iterdir())

    def test_that_is_no_parquet_is_refused(self, folder: Path) -> None:
        streamed = ParquetStream(lambda: io.BytesIO(b"type;sector\n"), folder)
        with pytest.raises(SourceMalformed, match="standard input"):
            streamed.head()
        assert not list(folder.iterdir())


class TestFolders:
    def test_are_read_in_the_order_of_their_files_names_in_parts_of_one_size(self, folder: Path) -> None:
        for name, homes in (("b", [4, 5]), ("a", [1, 2, 3]), ("c", [6, 7])):
            write(folder / f"{name}.parquet", n=homes)
        (folder / "_SUCCESS").touch()
        source = ParquetPortfolio(str(folder), rows_a_part=2)

        parts = [part.read(["n"]) for part in source.parts()]

        assert [rows.cells["n"].tolist() for rows in parts] == [[1, 2], [3, 4], [5, 6], [7]]
        assert [list(rows.places) for rows in parts] == [[1, 2], [3, 4], [5, 6], [7]]

    def test_may_be_partitioned_as_hive_and_spark_do(self, folder: Path) -> None:
        write(folder / "sector=Las%20Condes/year=07/a.parquet", n=[1])
        write(folder / "sector=__HIVE_DEFAULT_PARTITION__/year=08/a.parquet", n=[2])

        assert own(ParquetPortfolio(str(folder))) == [
            {"n": 1, "sector": "Las Condes", "year": "07"},
            {"n": 2, "sector": None, "year": "08"},
        ]
        assert ParquetDataSource(folder).sales().frame["sector"].tolist()[0] == "Las Condes"

    def test_may_differ_in_what_harms_nothing_and_that_is_said(self, folder: Path) -> None:
        write(folder / "a.parquet", n=pa.array([1], pa.int32()), text=["x"])
        write(folder / "b.parquet", text=pa.array(["y"], pa.large_string()), n=[2])
        write(folder / "c.parquet", text=pa.nulls(1), n=[2.5])
        source = ParquetPortfolio(str(folder))

        assert own(source) == [{"n": 1.0, "text": "x"}, {"n": 2.0, "text": "y"}, {"n": 2.5, "text": None}]
        assert source.head().notes == (
            f"{folder}/c.parquet: column 'n' is double here, and read as double from all files.",
            f"{folder}/b.parquet: column 'text' is large_string here, and read as large_string from all files.",
        )

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ({"n": [1]}, "has no column 'text'"),
            ({"n": [1], "text": ["x"], "more": [1]}, "has a further column 'more'"),
            ({"n": ["1"], "text": ["x"]}, "holds string in column 'n', not int64"),
            ({"n": [True], "text": ["x"]}, "holds bool in column 'n', not int64"),
        ],
    )
    def test_whose_schema_changes_are_refused_before_anything_is_read(
        self, folder: Path, columns: dict[str, object], told: str
    ) -> None:
        write(folder / "a.parquet", n=[1], text=["x"])
        write(folder / "b.parquet", **columns)
        write(folder / "c.parquet", n=[1], text=["x"])

        with pytest.raises(SourceMalformed, match=rf"b\.parquet {told}, unlike .*a\.parquet"):
            ParquetPortfolio(str(folder)).head()

    def test_whose_numbers_no_common_type_can_hold_are_refused_by_column(self, folder: Path) -> None:
        write(folder / "a.parquet", n=[2**53 + 1])
        write(folder / "b.parquet", n=[0.5])

        with pytest.raises(SourceMalformed, match=r"a\.parquet: column 'n' cannot be read as double"):
            list(ParquetPortfolio(str(folder)).parts())

    def test_without_rows_still_tell_the_types_of_their_columns(self, folder: Path) -> None:
        file = write(folder / "homes.parquet", loan=pa.array([], pa.int32()))
        [part] = ParquetPortfolio(str(file)).parts()
        assert str(part.read(()).own()["loan"].dtype) == "int32[pyarrow]"

    def test_without_files_are_told(self, folder: Path) -> None:
        folder.mkdir()

        with pytest.raises(SourceMalformed, match="holds no files"):
            ParquetPortfolio(str(folder)).head()


class TestFilesThatAreNone:
    @pytest.mark.parametrize(
        ("keep", "told"),
        [(-3, "is damaged, or ends too soon"), (50, "is damaged, or ends too soon"), (2, "is no Parquet")],
    )
    def test_are_told_in_one_line(self, folder: Path, keep: int, told: str) -> None:
        path = write(folder / "a.parquet", n=[1, 2, 3])
        path.write_bytes(path.read_bytes()[:keep])

        with pytest.raises(SourceMalformed, match=rf"a\.parquet {told}") as refusal:
            ParquetPortfolio(str(path)).head()
        assert "\n" not in str(refusal.value)

    def test_are_told_when_their_damage_is_met(self, folder: Path) -> None:
        path = write(folder / "a.parquet", n=list(range(10_000)))
        content = bytearray(path.read_bytes())
        content[4:400] = bytes(396)
        path.write_bytes(content)

        with pytest.raises(SourceMalformed, match=r"a\.parquet is damaged"):
            list(ParquetPortfolio(str(path)).parts())

    def test_of_sales_name_the_setting(self, folder: Path) -> None:
        with pytest.raises(SourceUnavailable, match=r"data_source\.path"):
            ParquetDataSource(folder / "nowhere.parquet").sales()

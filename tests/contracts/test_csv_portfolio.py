"""Homes in CSV files as the world writes them: cut into parts fast, and without losing a row."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.portfolio_sources.csv_file import CsvPart, CsvPortfolio
from application.ports.portfolio_source import Dialect, PortfolioRows
from domain.errors import SourceMalformed, SourceUnavailable

CELLS = st.text(st.sampled_from('ab ",;\n\tñ'), max_size=6)


def streamed(content: bytes, part_bytes: int = 4_000_000) -> CsvPortfolio:
    return CsvPortfolio(lambda: io.BytesIO(content), part_bytes)


def read(content: bytes | str, part_bytes: int = 4_000_000) -> list[PortfolioRows]:
    source = streamed(content if isinstance(content, bytes) else content.encode(), part_bytes)
    return [part.read(source.head().columns) for part in source.parts()]


def lines(parts: list[PortfolioRows]) -> list[str]:
    return [line for rows in parts for line in rows.lines or ()]


def broken(parts: list[PortfolioRows]) -> dict[int, str]:
    return {rows.places[row]: why for rows in parts for row, why in rows.broken.items()}


class TestParts:
    @given(
        rows=st.lists(st.tuples(CELLS, CELLS), max_size=20),
        separator=st.sampled_from(",;\t"),
        line_end=st.sampled_from(["\n", "\r\n"]),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        part_bytes=st.integers(64, 300),
    )
    def test_give_back_the_rows_as_they_were_written_whatever_their_size(
        self, rows: list[tuple[str, str]], separator: str, line_end: str, quoting: int, part_bytes: int
    ) -> None:
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=separator, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
        writer.writerow(("type", "sector"))
        written = []
        for row in rows:
            begin = file.tell()
            writer.writerow(row)
            written.append(file.getvalue()[begin:].removesuffix(line_end))

        parts = read(file.getvalue(), part_bytes)

        assert lines(parts) == written
        assert broken(parts) == {}
        assert [tuple(row) for part in parts for row in part.own().to_numpy().tolist()] == rows

    @given(text=st.text(st.sampled_from('ab ",\n\r'), max_size=60), part_bytes=st.integers(64, 90))
    def test_lose_no_letter_and_no_line_of_any_text_at_all(self, text: str, part_bytes: int) -> None:
        parts = read("type,sector\n" + text, part_bytes)

        kept = lines(parts)
        places = [place for part in parts for place in part.places]
        assert places == sorted(set(places))
        for line in kept:  # an answer can be put behind each
            answered = f"{line},valued"
            assert ["valued"] in [
                next(csv.reader(io.StringIO(answered, newline=""), skipinitialspace=spaced))[2:]
                for spaced in (False, True)
            ]
        cut = [why.split("cut off: ")[1] for why in broken(parts).values() if "cut off: " in why]
        for letter in "ab":
            assert "".join(kept + cut).count(letter) == text.count(letter)

    def test_depend_on_the_text_alone(self) -> None:
        class Trickle(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                return super().read(min(7, size or 7))

        content = b"type,n\n" + b'"a, ""b""\nc",1\nloft,2\n' * 40
        whole = [part.digest for part in streamed(content, 128).parts()]

        assert [part.digest for part in CsvPortfolio(lambda: Trickle(content), 128).parts()] == whole
        assert [part.digest for part in streamed(gzip.compress(content), 128).parts()] == whole
        assert len(whole) > 3

    def test_of_a_stream_are_read_once(self) -> None:
        source = streamed(b"type\ncasa\n")
        list(source.parts())

        with pytest.raises(SourceUnavailable, match="read already"):
            list(source.parts())

    @pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
    def test_of_short_rows_have_no_more_of_them_than_others(self, line_end: bytes) -> None:
        content = line_end.join([b"type", *[b"a"] * 70_000, b""])

        blocks = [(part.first, len(part.content)) for part in streamed(content).parts() if isinstance(part, CsvPart)]

        assert all(size <= 32_768 * len(b"a" + line_end) for _, size in blocks)
        assert len(blocks) == 3
        assert sum(size for _, size in blocks) == len(content) - len(b"type" + line_end)
        for first, _ in blocks:
            assert (first - 2) % 32_768 in (0, 32_767, 32_766)  # a return at the end may have its line feed behind

    def test_have_cells_of_any_length(self) -> None:
        long = "x" * 200_000

        parts = read(f'type,n\n{long},1\n"{long}",2\n"{long},3\nloft,4\n')

        assert lines(parts)[:2] == [f"{long},1", f'"{long}",2']
        assert {line: why[:45] for line, why in broken(parts).items()} == {
            4: "a quotation mark is not closed, or not double"
        }
        assert lines(parts)[3] == "loft,4"

    def test_are_refused_where_a_line_never_ends(self) -> None:
        with pytest.raises(SourceMalformed, match="line 2 is longer than 128 bytes"):
            list(streamed(b"type\n" + b"a" * 200, 64).parts())


class TestHead:
    def test_tells_how_the_file_is_written(self) -> None:
        content = '\ufeffsep=;\r\n\r\ntype ;"area;m2"\r\ncasa;80,5\r\n'

        head = streamed(content.encode()).head()

        assert head.header == 'type ;"area;m2"'
        assert head.columns == ("type", "area;m2")
        assert head.dialect == Dialect(";", decimal_comma=True, byte_order_mark=True, line_end="\r\n")
        assert head.notes == ("standard input: cells are separated by semicolons.",)

    def test_has_decimal_points_unless_more_columns_have_commas(self) -> None:
        dialect = streamed(b'a,b,c\n"1,5",2.25,3.75\n').head().dialect

        assert dialect is not None
        assert not dialect.decimal_comma

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
    def test_and_rows_are_the_same_in_any_encoding(self, encoding: str) -> None:
        source = streamed("típe,sector\ncasa,Ñuñoa\n".encode(encoding))

        assert source.head().columns == ("típe", "sector")
        assert [line for part in source.parts() for line in part.read(()).lines or ()] == ["casa,Ñuñoa"]

    def test_tells_afterwards_of_an_encoding_that_turned_up_late(self) -> None:
        source = streamed(b"type,sector\n" + b"casa,x\n" * 20_000 + b"casa,\xd1u\xf1oa\n", 4_096)
        assert source.head().notes == ()

        last = [part.read(()).lines or () for part in source.parts()][-1]

        assert last[-1] == "casa,Ñuñoa"
        assert source.head().notes == ("standard input: line 20002 is not UTF-8, so the file is read as Windows-1252.",)

    def test_tells_afterwards_of_a_last_line_that_does_not_end(self) -> None:
        source = streamed(b"type,n\ncasa,1\nloft,12")
        assert [part.read(()).lines for part in source.parts()] == [["casa,1", "loft,12"]]
        assert source.head().notes == ("standard input: the last line has no line end: was the file cut off?",)

    def test_of_very_many_columns_is_told_soon(self) -> None:
        columns = 20_000
        content = ";".join(map(str, range(columns))) + "\n" + (";".join(["1,5"] * columns) + "\n") * 2

        head = streamed(content.encode()).head()

        assert len(head.columns) == columns
        assert head.dialect is not None
        assert head.dialect.decimal_comma

    def test_of_too_many_columns_is_refused(self) -> None:
        with pytest.raises(SourceMalformed, match="more than 100,000 columns on line 1"):
            streamed(b",".join(b"%d" % column for column in range(100_001)) + b"\n").head()

    def test_with_a_control_character_is_no_text(self) -> None:
        with pytest.raises(SourceMalformed, match="control character on line 1"):
            streamed(b"type,se\0tor\ncasa,x\n").head()


class TestBrokenRows:
    def test_are_padded_or_cut_and_tell_what_was_cut(self) -> None:
        parts = read('type,n\ncasa\nloft,1,"2,3",4\nflat,1,,\n\n,\n')

        assert lines(parts) == ["casa,", "loft,1", "flat,1", ","]
        assert broken(parts) == {
            2: "number of cells is 1, where the header names 2 columns",
            3: "number of cells is 4, where the header names 2 columns; cut off: ',\"2,3\",4'",
        }
        assert [row["type"] for row in parts[0].cells.to_dict("records")] == [None, None, "flat", None]

    def test_do_not_swallow_the_rows_behind_an_open_quotation_mark(self) -> None:
        parts = read('type,n\n"casa,1\nloft,2\nflat,3\n')

        assert list(broken(parts)) == [2]
        assert lines(parts) == ['"""casa",', "loft,2", "flat,3"]

    def test_keep_their_first_cell_where_quotation_marks_do_not_come_right(self) -> None:
        parts = read('id,type,n\n"c, d" ,casa,1\nA-17,"casa,2\n"A-18,loft,3\nA-19,flat,4\n')

        assert lines(parts) == ['"c, d",,', "A-17,,", '"""A-18",,', "A-19,flat,4"]
        assert [row.own()["id"].tolist() for row in parts] == [["c, d", "A-17", '"A-18', "A-19"]]
        why = "a quotation mark is not closed, or not doubled; cut off: "
        assert broken(parts) == {2: why + "',casa,1'", 3: why + "',\"casa,2'", 4: why + "',loft,3'"}

    @pytest.mark.parametrize(("end", "line"), [("flat", "flat,"), ('"fl', '"""fl",'), ('flat,"3', "flat,")])
    def test_are_the_last_ones_of_a_file_that_ends_within_them(self, end: str, line: str) -> None:
        parts = read(f"type,n\ncasa,1\n{end}")

        assert lines(parts) == ["casa,1", line]
        assert list(broken(parts)) == [3]

    def test_are_told_alike_wherever_a_control_character_stands(self) -> None:
        first, last = "\0a,1\n", "\x02b,2\n"
        for content in (first + last + "casa,1\n" * 10_000, "casa,1\n" * 10_000 + first + last):
            assert list(broken(read("type,n\n" + content)).values()) == ["it holds a control character"]

    def test_are_those_alone_whose_bytes_are_no_text(self) -> None:
        parts = read("type,n\nñ,1\n".encode() + b"casa,1\n" * 10_000 + b"\xf1,2\na\0,3\n")

        assert broken(parts) == {10_003: "it is not UTF-8", 10_004: "it holds a control character"}
        assert lines(parts)[-2:] == ["ñ,2", "a\0,3"]


def test_a_file_is_found_changed_by_its_identity(tmp_path: Path) -> None:
    path = tmp_path / "homes.csv"
    path.write_text("type\ncasa\n")
    before = CsvPortfolio(str(path)).head().identity
    path.write_text("type\nloft\n\n")

    assert CsvPortfolio(str(path)).head().identity != before


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b" , \n"])
def test_an_empty_file_is_told(content: bytes) -> None:
    with pytest.raises(SourceMalformed, match="standard input is empty"):
        streamed(content).head()

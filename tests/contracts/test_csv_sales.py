"""CSV files as the world writes them."""

import gzip
from pathlib import Path

import pytest

from adapters.data_sources.csv_file import CsvDataSource
from application.ports.data_source import SourceTable
from domain.errors import SourceMalformed, SourceUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


def read(path: Path, content: bytes | str) -> SourceTable:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CsvDataSource(path).sales()


def rows(table: SourceTable) -> dict[int, list[object]]:
    return {int(str(line)): row.tolist() for line, row in table.frame.iterrows()}


class TestEncoding:
    @pytest.mark.parametrize(
        ("encoding", "note"),
        [
            ("utf-8", None),
            ("utf-8-sig", None),
            ("utf-16", "read as UTF-16"),
            ("utf-32", "read as UTF-32"),
            ("cp1252", "line 3 is not UTF-8, so the file is read as Windows-1252"),
        ],
    )
    def test_is_detected_and_said_where_it_is_not_utf_8(self, path: Path, encoding: str, note: str | None) -> None:
        table = read(path, "type,sector\ncasa,x\ncasa,Ñuñoa\n".encode(encoding))

        assert list(table.frame.columns) == ["type", "sector"]
        assert rows(table)[3] == ["casa", "Ñuñoa"]
        assert table.notes == (() if note is None else (f"{path}: {note}.",))

    def test_falls_back_to_latin_1_for_bytes_that_windows_does_not_know(self, path: Path) -> None:
        table = read(path, b"type,sector\ncasa,\xd1u\xf1oa\x81\n")

        assert rows(table) == {2: ["casa", "Ñuñoa\x81"]}
        assert "Latin-1" in table.notes[0]

    def test_of_a_row_that_breaks_off_from_the_rest_spoils_that_row_alone(self, path: Path) -> None:
        table = read(path, "type,sector\ncasa,Ñuñoa\n".encode() + b"loft,\xd1u\xf1oa\n")

        assert rows(table) == {2: ["casa", "Ñuñoa"]}
        assert table.broken == {3: "it is not UTF-8"}

    def test_that_its_mark_promises_must_hold(self, path: Path) -> None:
        with pytest.raises(SourceMalformed, match="UTF-16"):
            read(path, b"\xff\xfea")


class TestGzip:
    def test_is_known_by_its_content_whatever_the_name(self, path: Path) -> None:
        table = read(path, gzip.compress(b"type,price\ncasa,1\n") + gzip.compress(b"loft,2\n"))

        assert rows(table) == {2: ["casa", "1"], 3: ["loft", "2"]}

    @pytest.mark.parametrize(("keep", "told"), [(-9, "ends too soon"), (-4, "ends too soon")])
    def test_that_is_truncated_is_told(self, path: Path, keep: int, told: str) -> None:
        with pytest.raises(SourceMalformed, match=rf"sales\.csv is a gzip archive that {told}"):
            read(path, gzip.compress(b"type,price\n" + b"casa,1\n" * 500)[:keep])

    def test_that_is_damaged_is_told(self, path: Path) -> None:
        packed = bytearray(gzip.compress(b"type,price\n" + b"casa,1\n" * 500))
        packed[-8] ^= 1  # of its checksum

        with pytest.raises(SourceMalformed, match=r"sales\.csv is a gzip archive that is damaged"):
            read(path, bytes(packed))


class TestTheLastLine:
    def test_that_does_not_end_is_read_and_noted(self, path: Path) -> None:
        table = read(path, "type,price\ncasa,1\nloft,12")

        assert rows(table) == {2: ["casa", "1"], 3: ["loft", "12"]}
        assert table.notes == (f"{path}: the last line has no line end: was the file cut off?",)

    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n  "])
    def test_that_ends_or_is_blank_is_not(self, path: Path, end: str) -> None:
        assert read(path, "type,price\ncasa,1" + end).notes == ()


class TestSeparator:
    @pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
    def test_is_detected_and_said_where_it_is_no_comma(self, path: Path, separator: str, name: str) -> None:
        table = read(path, f"type{separator}price\ncasa{separator}1,5\n")

        assert rows(table) == {2: ["casa", "1,5"]}
        assert table.notes == (f"{path}: cells are separated by {name}.",)

    def test_is_looked_for_outside_quotation_marks(self, path: Path) -> None:
        table = read(path, '"type;of;home;sold",price\ncasa,1\n')

        assert list(table.frame.columns) == ["type;of;home;sold", "price"]

    def test_may_be_told_in_excel_s_first_line(self, path: Path) -> None:
        table = read(path, "sep=;\r\na,b;c\r\n1,2;3\r\n")

        assert list(table.frame.columns) == ["a,b", "c"]
        assert rows(table) == {3: ["1,2", "3"]}


class TestRows:
    def test_are_known_by_the_line_on_which_they_start(self, path: Path) -> None:
        table = read(path, '\ntype,price\n\n"ca\nsa",1\n   \nloft,2\n , \nflat,3')

        assert rows(table) == {4: ["ca\nsa", "1"], 7: ["loft", "2"], 9: ["flat", "3"]}
        assert table.broken == {}

    def test_may_end_as_on_an_old_macintosh(self, path: Path) -> None:
        assert rows(read(path, "type,price\rcasa,1\rloft,2\r")) == {2: ["casa", "1"], 3: ["loft", "2"]}

    def test_may_have_quoted_cells_with_separators_and_doubled_marks(self, path: Path) -> None:
        assert rows(read(path, 'type,price\n"casa, ""grande""", "1"\n')) == {2: ['casa, "grande"', "1"]}

    def test_with_too_few_or_too_many_cells_are_broken_and_nothing_else_is(self, path: Path) -> None:
        table = read(path, "type,price\ncasa,1\nloft\ncasa,1,2\nflat,3,,\n")

        assert rows(table) == {2: ["casa", "1"], 5: ["flat", "3"]}
        assert table.broken == {
            3: "number of cells is 1, where the header names 2 columns",
            4: "number of cells is 3, where the header names 2 columns",
        }

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ('type,price\ncasa,1\n"loft,2\nflat,3\n', "line 3"),
            ('type,price\ncasa,1\n"loft,2\nflat","3"x\n', "line 3"),
            ('type,price\n"ca"sa,1\n', "line 2"),
            ('type,price\ncasa,1\n"loft,2\nflat,3"\ncasa,4\n', "lines 3 to 4"),
        ],
    )
    def test_that_an_open_quotation_mark_swallows_are_not_lost_in_silence(
        self, path: Path, content: str, line: str
    ) -> None:
        with pytest.raises(SourceMalformed, match=f"{line}.*quotation mark"):
            read(path, content)


class TestHeader:
    def test_with_a_name_twice_is_refused_with_both_places(self, path: Path) -> None:
        with pytest.raises(SourceMalformed, match="'price' twice on line 2, as columns 1 and 3"):
            read(path, "\nprice,type,price \n1,casa,2\n")

    def test_without_a_name_is_left_out_where_the_column_is_empty(self, path: Path) -> None:
        table = read(path, "type,,price,,\ncasa,x,1,,\n")

        assert list(table.frame.columns) == ["type", "column 2", "price"]

    def test_alone_gives_no_rows(self, path: Path) -> None:
        table = read(path, "type,price\n")

        assert list(table.frame.columns) == ["type", "price"]
        assert rows(table) == {}


class TestRefusals:
    @pytest.mark.parametrize("content", [b"", b"\n  \n\n", b"\xef\xbb\xbf", b" , \n"])
    def test_name_an_empty_file(self, path: Path, content: bytes) -> None:
        with pytest.raises(SourceMalformed, match=r"sales\.csv is empty"):
            read(path, content)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a picture"),
            (b"PK\x03\x04\x14\x00\x06\x00", "is a ZIP archive or an Excel workbook"),
            (b"\x1f\x8b\x08\x00", "is a gzip archive"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", "control character on line 1"),
            ("type,price\ncasa,1\n".encode("utf-16-le"), "control character on line 1"),
            (b"type,price\n" + b"casa,1\n" * 20_000 + b"casa,\x00\n", "control character on line 20002"),
        ],
    )
    def test_say_what_a_file_is_that_is_no_text(self, path: Path, content: bytes, told: str) -> None:
        with pytest.raises(SourceMalformed, match=f"sales\\.csv.*{told}"):
            read(path, content)

    def test_are_not_for_one_odd_letter(self, path: Path) -> None:
        assert rows(read(path, "type,price\nca\x02sa,1\n")) == {2: ["ca\x02sa", "1"]}

    def test_name_a_missing_file_and_the_key_that_sets_it(self, tmp_path: Path) -> None:
        here = tmp_path / "sales.csv"
        here.write_text("type\ncasa\n")
        source = CsvDataSource(tmp_path / "nowhere.csv", tmp_path / "no test.csv")

        with pytest.raises(SourceUnavailable, match=r"nowhere\.csv.*data_source\.path"):
            source.sales()
        with pytest.raises(SourceUnavailable, match=r"no test\.csv.*data_source\.test_path"):
            source.holdout()

    @pytest.mark.parametrize("name", [".", "file/below", "x" * 300, "nul\0"])
    def test_name_what_can_be_no_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(SourceUnavailable, match=r"data_source\.path"):
            CsvDataSource(tmp_path / name).sales()

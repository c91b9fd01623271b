"""Where outputs lie: there whole, or not at all; and what is told where they cannot be put."""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import boto3
import pytest

from adapters.outputs import stored_object
from adapters.outputs.output_place import OutputPlace
from adapters.outputs.places import place_of
from adapters.portfolio_sinks.csv_file import CsvSink
from adapters.portfolio_sinks.parquet_file import ParquetSink
from application.portfolio_order import ANSWERS
from application.ports.portfolio_source import PortfolioHead
from domain.errors import OutputBusy, OutputUnavailable
from tests.contracts.test_csv_portfolio_sink import HOMES
from tests.fakes.answers import put
from tests.fakes.in_memory_portfolio import InMemoryPortfolio

MEGABYTE = bytes(2**20)


def write(place: str | BinaryIO, content: bytes) -> None:
    with place_of(place).opened() as output:
        output.write(content)


def break_off(place: OutputPlace, *contents: bytes) -> None:
    with pytest.raises(ZeroDivisionError), place.opened() as output:  # noqa: PT012
        for content in contents:
            output.write(content)
        raise ZeroDivisionError


def test_a_file_has_the_permissions_that_the_user_gives_to_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(str(tmp_path / "out"), b"all")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_what_others_may_not_read_stays_so_when_it_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "out").touch(0o600)
    with place_of(str(tmp_path / "out")).opened() as output:
        output.write(b"all")
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600


def test_what_a_killed_run_left_is_cleared_up_by_the_next_one(tmp_path: Path) -> None:
    target = tmp_path / "out"
    (tmp_path / "elsewhere").write_bytes(b"precious")
    with place_of(str(target)).opened() as output:
        output.write(b"new")
        (left,) = tmp_path.glob(".*")
    left.write_bytes(b"half of a new one, and more than that")
    write(str(target), b"newer")
    left.symlink_to(tmp_path / "elsewhere")
    write(str(target), b"newer")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out": b"newer", "elsewhere": b"precious"}


def test_one_run_at_a_time_writes_a_file_whatever_else_they_share(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with place_of(str(target)).opened() as output:
        output.write(b"all ")
        with pytest.raises(OutputBusy, match=f"Another run is writing {target}"), place_of(str(target)).opened():
            pass
        output.write(b"of it")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out": b"all of it"}


def test_what_somebody_put_in_the_place_of_an_unfinished_file_is_not_taken_for_it(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(OutputBusy), place_of(str(target)).opened() as output:  # noqa: PT012
        output.write(b"all")
        (left,) = tmp_path.glob(".*")
        left.unlink()
        left.write_bytes(b"half of another")
    assert [path.name for path in tmp_path.iterdir()] == [left.name]


def test_a_link_is_followed_and_a_file_url_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "out")
    write(f"file://{tmp_path}/link", b"all")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "out").read_bytes() == b"all"
    assert place_of(str(tmp_path / "link")).name == str(tmp_path / "out")


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("nowhere/out", r"there is no folder .*nowhere\. Make it"),
        ("folder", "it is a folder"),
        ("file/out", "there is no folder"),
        ("pipe", "it is a device or a pipe"),
        ("x" * 300, "too long"),
    ],
)
def test_a_place_that_will_not_do_is_told_before_the_work(location: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputUnavailable, match=said):
        place_of(str(tmp_path / location)).check()
    with pytest.raises(OutputUnavailable, match=said):
        CsvSink(str(tmp_path / location)).check(PortfolioHead("homes", "row", ("id",), "1"), ANSWERS)


@pytest.mark.parametrize(
    ("denied", "said"),
    [("out", "it is write-protected"), (".", "nothing may be written to the folder")],
    ids=["file", "folder"],
)
def test_a_place_that_is_write_protected_is_told_before_the_work(
    denied: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").touch()
    # Root, by whom tests may be run, may write everywhere.
    monkeypatch.setattr(os, "access", lambda place, _: Path(place) != tmp_path / denied)
    with pytest.raises(OutputUnavailable, match=said):
        place_of(str(tmp_path / "out")).check()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("make", [CsvSink, ParquetSink])
def test_a_disk_that_is_full_is_told_and_what_was_there_stays(
    make: type[CsvSink | ParquetSink], tmp_path: Path
) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"before")
    with (
        pytest.raises(OutputUnavailable, match=rf"{target} cannot be written: .*large.* Make room"),
        no_file_beyond(64),
    ):
        put(InMemoryPortfolio(HOMES), make(str(target)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"out": b"before"}


def test_a_stream_has_what_it_was_given() -> None:
    stream = BytesIO()
    break_off(place_of(stream), b"some")
    assert stream.getvalue() == b"some"


def test_a_stream_that_nobody_reads_is_left_to_the_program_and_a_full_one_is_told() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb", 0) as pipe, pytest.raises(BrokenPipeError):  # noqa: PTH123
        write(pipe, b"some")
    with Path("/dev/full").open("wb", 0) as full, pytest.raises(OutputUnavailable, match=r"Standard output .*space"):
        write(full, b"some")


def test_an_object_is_there_whole_or_not_at_all(
    bucket: str, s3_environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_object, "_BLOCK", 5 * 2**20)  # the least that S3 takes
    place = place_of(f"s3://{bucket}/folder/out.csv")
    place.check()
    storage = boto3.client("s3", endpoint_url=s3_environment)

    def there() -> list[tuple[str, int]]:
        found = storage.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [(each["Key"], each["Size"]) for each in found]

    for blocks in (1, 6):  # in one request, and in parts
        break_off(place, *[MEGABYTE] * blocks)
        assert there() == []
        assert "Uploads" not in storage.list_multipart_uploads(Bucket=bucket)
    with place.opened() as output:
        for _ in range(6):
            output.write(MEGABYTE)
        assert there() == []
    assert there() == [("folder/out.csv", 6 * 2**20)]
    with place.opened() as output:
        output.write(b"all")
    assert there() == [("folder/out.csv", 3)]


def test_a_bucket_that_is_not_there_is_told_before_the_work(s3_environment: str) -> None:
    with pytest.raises(OutputUnavailable, match=r"s3://no-such-bucket/out\.csv cannot be written: .*bucket.* reached"):
        place_of("s3://no-such-bucket/out.csv").check()


def test_a_url_that_nobody_can_write_to_is_told_before_the_work_and_no_password_is() -> None:
    with pytest.raises(OutputUnavailable, match="There is no file system 'nonsense': name another OUTPUT"):
        place_of("nonsense://host/out.csv").check()
    place = place_of("sftp://ana:secret@host/out.csv")
    with pytest.raises(OutputUnavailable, match="must not hold credentials") as told:
        place.check()
    assert "secret" not in f"{told.value}{place.name}"

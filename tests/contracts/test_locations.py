"""Tables behind URLs: in memory, in object storage, and what a URL must not hold."""

import uuid
from collections.abc import Iterator

import boto3
import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from adapters.data_sources.csv_file import CsvDataSource
from adapters.data_sources.parquet_files import ParquetDataSource
from adapters.portfolio_sources.csv_file import CsvPortfolio
from adapters.portfolio_sources.parquet_files import ParquetPortfolio
from domain.errors import SourceMalformed, SourceUnavailable

CSV = b"type,n\ncasa,1\nloft,2\n"


def parquet_bytes(**columns: object) -> bytes:
    stream = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), stream)
    return bytes(stream.getvalue())


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of the test's own in fsspec's memory."""
    url = f"memory://{uuid.uuid4().hex}"
    yield url
    fsspec.filesystem("memory").rm(url, recursive=True)


class TestInMemory:
    def test_files_are_read_and_named_as_their_urls(self, memory: str) -> None:
        files = fsspec.filesystem("memory")
        files.pipe_file(f"{memory}/homes.csv", CSV)
        files.pipe_file(f"{memory}/homes/y=1/a.parquet", parquet_bytes(type=["casa"]))

        table = CsvDataSource(f"{memory}/homes.csv").sales()

        assert table.name == f"{memory}/homes.csv"
        assert table.frame["type"].tolist() == ["casa", "loft"]
        assert ParquetDataSource(f"{memory}/homes").sales().frame.to_dict("records") == [{"type": "casa", "y": "1"}]
        assert ParquetPortfolio(f"{memory}/homes/y=1/a.parquet").head().columns == ("type",)

    def test_what_is_not_there_is_told(self, memory: str) -> None:
        fsspec.filesystem("memory").mkdir(memory)

        with pytest.raises(SourceUnavailable, match=r"There is no file memory://\w+/x\.csv: .*INPUT"):
            CsvPortfolio(f"{memory}/x.csv").head()


class TestInObjectStorage:
    def test_tables_are_read_and_known_by_their_etags(self, bucket: str, s3_environment: str) -> None:
        store = boto3.client("s3", endpoint_url=s3_environment)
        store.put_object(Bucket=bucket, Key="in/homes.csv", Body=CSV)
        store.put_object(Bucket=bucket, Key="in/homes/a.parquet", Body=parquet_bytes(n=[1]))
        store.put_object(Bucket=bucket, Key="in/homes/b.parquet", Body=parquet_bytes(n=[2]))
        source = CsvPortfolio(f"s3://{bucket}/in/homes.csv")

        (part,) = source.parts()

        assert part.read(()).lines == ["casa,1", "loft,2"]
        assert part.share == 1
        assert source.head().identity.startswith(f's3://{bucket}/in/homes.csv {len(CSV)} "')
        folder = ParquetPortfolio(f"s3://{bucket}/in/homes")
        assert [row for part in folder.parts() for row in part.read(["n"]).cells["n"]] == [1, 2]
        store.put_object(Bucket=bucket, Key="in/homes.csv", Body=CSV.replace(b"1", b"3"))
        assert CsvPortfolio(f"s3://{bucket}/in/homes.csv").head().identity != source.head().identity

    def test_what_cannot_be_reached_is_told_without_secrets(self, s3_environment: str) -> None:
        with pytest.raises(SourceUnavailable) as refusal:
            CsvDataSource("s3://no-such-bucket-here/a.csv").sales()
        assert "hidden" not in str(refusal.value)
        assert "\n" not in str(refusal.value)


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "s3://key:hush-hush@bucket/a.csv",
            "s3://hush-hush@bucket/a.csv",
            "https://ana:hush-hush@host/a.csv",
            "https://host/a.csv?X-Amz-Signature=hush-hush",
            "https://host/a.csv?v=1&sig=hush-hush",
            "https://host/a.csv?auth=hush-hush",
            "https://host/a.csv?v=1&code=hush-hush",
            "abfs://ana:hush-hush@account/a.csv",
        ],
    )
    def test_with_credentials_are_refused_without_repeating_them(self, url: str) -> None:
        for refused in (lambda: CsvDataSource(url), CsvPortfolio(url).head, ParquetPortfolio(url).head):
            with pytest.raises(SourceUnavailable, match="must not hold credentials") as refusal:
                refused()
            assert "hush" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("gs://bucket/a.csv", "gs:// needs a further library: run pip install gcsfs"),
            ("abfs://container@account.dfs.core.windows.net/a.csv", "needs a further library: run pip install adlfs"),
            ("nothing://bucket/a.csv", "There is no file system 'nothing'"),
            ("dir://a.csv", "There is no file system 'dir': .* begins with s3, gs, "),
            ("generic://a.csv", "There is no file system 'generic'"),
            ("data://a.csv", "There is no file system 'data'"),
            ("s3://bucket/a.csv?version=1", "has a question mark"),
        ],
    )
    def test_that_cannot_be_read_here_are_refused_at_once(self, url: str, told: str) -> None:
        with pytest.raises(SourceUnavailable, match=told.replace("?", r"\?")):
            CsvDataSource(url)

    def test_that_nobody_answers_are_told_so(self) -> None:
        with pytest.raises(SourceUnavailable, match=r"http://127.0.0.1:1/a.csv cannot be read \(.*Connect"):
            CsvPortfolio("http://127.0.0.1:1/a.csv").head()


@pytest.mark.parametrize("address", ["host=h password=hush-hush", "Server=h;PWD = hush-hush"])
def test_an_address_of_a_driver_s_own_kind_is_not_repeated(address: str) -> None:
    for refused in (CsvDataSource(address).sales, CsvPortfolio(address).head, ParquetPortfolio(address).head):
        with pytest.raises(SourceUnavailable, match="There is no file") as refusal:
            refused()
        assert "hush" not in str(refusal.value)


def test_sales_that_are_given_by_an_option_are_told_by_it() -> None:
    for source in (CsvDataSource("nowhere", path_key="--data"), ParquetDataSource("nowhere", path_key="--data")):
        with pytest.raises(SourceUnavailable, match="nowhere: set --data to a "):
            source.sales()


def test_a_file_of_another_kind_is_told_by_its_url(memory: str) -> None:
    fsspec.filesystem("memory").pipe_file(f"{memory}/a", parquet_bytes(n=[1]))

    with pytest.raises(SourceMalformed, match="is a Parquet file, not a CSV file"):
        CsvPortfolio(f"{memory}/a").head()

"""What can happen to models in object storage: servers that do not answer, keep to nothing, or know nobody."""

import os
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import boto3
import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from s3fs.errors import translate_boto_error

from adapters.model_repositories.object_storage import ObjectStorageModelRepository
from adapters.model_repositories.signatures import SigningKeys
from domain.errors import ModelRefused, ModelStoreUnavailable
from domain.model_version import Pruned, served_stack
from tests.contracts.test_joblib_folder import (
    LATER,
    PATIENCE,
    in_another_process,
    in_other_processes,
    price_of,
    promote_several,
    store_several,
)
from tests.fakes.models import a_card, a_trained_model
from tests.fork_server import FORK_SERVER

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT_ONCE = 2
EACH = 5


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "key.pem")


def objects_in(bucket: str, server: str) -> dict[str, bytes]:
    store = boto3.resource("s3", endpoint_url=server).Bucket(bucket)
    return {each.key: each.get()["Body"].read() for each in store.objects.all()}


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "cause"),
        [
            ("", "is of no use"),
            ("bucket/models", "is of no use"),
            ("s3://", "is of no use"),
            ("s3://user:hidden@bucket/models", "credentials in the environment"),
            ("s3://bucket/models?secret=hidden", "credentials in the environment"),
            ("nothing://bucket/models", "there is no file system 'nothing'"),
            *((f"{protocol}://host/models", "only where none is") for protocol in ("file", "http", "ftp", "zip")),
            ("gs://bucket/models", "gs:// needs a further library: .*gcsfs"),
        ],
    )
    def test_that_are_of_no_use_are_refused_by_name_at_once(self, keys: SigningKeys, url: str, cause: str) -> None:
        with pytest.raises(ModelStoreUnavailable, match=rf"^model_repository\.url.*{cause}") as refusal:
            ObjectStorageModelRepository(url, keys)
        assert "hidden" not in str(refusal.value)

    def test_of_s3_without_its_library_say_what_to_install(self, tmp_path: Path) -> None:
        in_another_process(name_s3_without_its_library, tmp_path)


class TestServers:
    def test_that_do_not_listen_are_named_within_seconds(
        self, keys: SigningKeys, s3_environment: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.asked(f"http://127.0.0.1:{port}", keys, monkeypatch, "Could not connect")

    def test_that_never_answer_are_named_within_seconds(
        self, keys: SigningKeys, s3_environment: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            self.asked(f"http://127.0.0.1:{mute.getsockname()[1]}", keys, monkeypatch, "timeout")

    def asked(self, server: str, keys: SigningKeys, monkeypatch: pytest.MonkeyPatch, cause: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server)
        models = ObjectStorageModelRepository("s3://bucket/models", keys)
        with pytest.raises(ModelStoreUnavailable, match=rf"s3://bucket/models cannot be used: .*{cause}") as error:
            models.promotions()
        assert "\n" not in str(error.value)

    def test_that_are_not_told_who_asks_are_named_with_the_cause(
        self, keys: SigningKeys, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(ModelStoreUnavailable, match=r"Unable to locate credentials.*in the environment"):
            ObjectStorageModelRepository(f"s3://{bucket}/models", keys).versions()

    def test_without_the_bucket_are_no_empty_repository(self, keys: SigningKeys, s3_environment: str) -> None:
        models = ObjectStorageModelRepository("s3://no-such-bucket/models", keys)
        for act in (models.versions, models.promotions, lambda: models.store(a_trained_model(), a_card())):
            with pytest.raises(ModelStoreUnavailable, match="bucket does not exist"):
                act()

    def test_that_overwrite_against_the_condition_are_refused_before_anything_is_lost(self, keys: SigningKeys) -> None:
        models = ObjectStorageModelRepository("careless://models", keys)
        with pytest.raises(ModelStoreUnavailable, match="ignores If-None-Match"):
            models.store(a_trained_model(), a_card())
        assert models.versions() == []
        assert models.unreferenced() == []


class Careless(MemoryFileSystem):  # type: ignore[misc]
    """Takes a condition and does not keep to it, as old servers do."""

    protocol = "careless"
    store: ClassVar[dict[str, Any]] = {}

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> Any:
        return super().pipe_file(path, value, mode="overwrite", **kwargs)

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.removeprefix("careless://"))


fsspec.register_implementation("careless", Careless)


class TestS3:
    def test_holds_what_a_folder_would(self, keys: SigningKeys, bucket: str, s3_environment: str) -> None:
        models = ObjectStorageModelRepository(f"s3://{bucket}/some/folder/", keys)
        artifact = models.store(a_trained_model(), a_card()).artifact
        models.promote("v1", NOON, "ana")
        assert set(objects_in(bucket, s3_environment)) == {
            f"some/folder/blobs/sha256/{artifact.sha256}.joblib",
            "some/folder/versions/v1/manifest.json",
            "some/folder/promotions/00000001.json",
            "some/folder/conditional-writes",
        }

    def test_names_the_object_that_was_altered(self, keys: SigningKeys, bucket: str, s3_environment: str) -> None:
        models = ObjectStorageModelRepository(f"s3://{bucket}/models", keys)
        models.store(a_trained_model(), a_card())
        manifest = boto3.resource("s3", endpoint_url=s3_environment).Object(bucket, "models/versions/v1/manifest.json")
        manifest.put(Body=manifest.get()["Body"].read().replace(b'"seed": 0', b'"seed": 1'))
        with pytest.raises(ModelRefused, match=rf"v1 .*s3://{bucket}/models/versions/v1/manifest.json was altered"):
            models.load("v1")

    def test_a_model_left_behind_is_removed_once_it_is_old(
        self, keys: SigningKeys, bucket: str, s3_environment: str
    ) -> None:
        models = ObjectStorageModelRepository(f"s3://{bucket}/models", keys)
        artifact = models.store(a_trained_model(), a_card()).artifact
        boto3.resource("s3", endpoint_url=s3_environment).Object(bucket, "models/versions/v1/manifest.json").delete()
        blob = f"s3://{bucket}/models/blobs/sha256/{artifact.sha256}.joblib"
        assert models.unreferenced() == [blob]
        assert models.prune(None, timedelta(hours=1), datetime.now(UTC), "ana") == Pruned()
        assert models.prune(None, timedelta(hours=1), LATER, "ana") == Pruned(files=(blob,), size=artifact.size)
        assert models.unreferenced() == []

    def test_a_request_sent_again_because_its_answer_was_lost_counts_once(
        self, keys: SigningKeys, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        models = ObjectStorageModelRepository(f"s3://{bucket}/models", keys)
        models.store(a_trained_model(), a_card())
        monkeypatch.setattr("s3fs.core._error_wrapper", twice)
        assert models.promote("v1", NOON, "ana").number == 1
        assert models.store(a_trained_model(), a_card()).version == "v2"
        assert [made.by for made in models.promotions()] == ["ana"]

    def test_models_stored_at_the_same_time_get_names_of_their_own(self, tmp_path: Path, bucket: str) -> None:
        models = in_bucket(tmp_path, bucket)
        models.public_key()
        start = FORK_SERVER.Barrier(AT_ONCE, timeout=PATIENCE)
        shared = tmp_path, bucket, dict(os.environ), start
        with in_other_processes(store_in_bucket, *((*shared, worker) for worker in range(AT_ONCE))):
            pass
        assert models.versions() == [f"v{number}" for number in range(1, AT_ONCE * EACH + 1)]
        assert {(models.describe(version).card.seed, price_of(models, version)) for version in models.versions()} == {
            (worker, 100.0 * worker + turn) for worker in range(AT_ONCE) for turn in range(EACH)
        }

    def test_promotions_made_at_the_same_time_are_all_remembered_in_one_order(
        self, tmp_path: Path, bucket: str
    ) -> None:
        models = in_bucket(tmp_path, bucket)
        for worker in range(AT_ONCE):
            models.store(a_trained_model(), a_card(seed=worker))
        start = FORK_SERVER.Barrier(AT_ONCE, timeout=PATIENCE)
        shared = tmp_path, bucket, dict(os.environ), start
        with in_other_processes(promote_in_bucket, *((*shared, worker) for worker in range(AT_ONCE))):
            pass
        promotions = models.promotions()
        assert [made.number for made in promotions] == list(range(1, AT_ONCE * EACH + 1))
        assert sorted((made.version, made.by) for made in promotions) == sorted(
            [(f"v{worker + 1}", f"{worker}") for worker in range(AT_ONCE)] * EACH
        )
        assert served_stack(promotions)[-1] == promotions[-1].version
        assert in_bucket(tmp_path, bucket).promotions() == promotions


def in_bucket(folder: Path, bucket: str) -> ObjectStorageModelRepository:
    return ObjectStorageModelRepository(f"s3://{bucket}/models", SigningKeys(folder / "key.pem"))


async def twice(func: Any, *, args: Any = (), kwargs: Any = None, retries: int = 0) -> Any:
    """Sends what writes on a condition two times, and takes the second answer for the first."""
    kwargs = kwargs or {}
    if kwargs.get("IfNoneMatch"):
        await func(*args, **kwargs)
    try:
        return await func(*args, **kwargs)
    except Exception as error:
        raise translate_boto_error(error) from error


# What runs in processes of its own.


def name_s3_without_its_library(folder: Path) -> None:
    sys.modules["s3fs"] = None  # type: ignore[assignment]
    with pytest.raises(ModelStoreUnavailable, match=r"s3:// needs a further library: run pip install '\.\[s3\]'"):
        ObjectStorageModelRepository("s3://bucket/models", SigningKeys(folder / "key.pem"))


def store_in_bucket(folder: Path, bucket: str, environment: dict[str, str], start: Any, worker: int) -> None:
    os.environ.update(environment)
    store_several(in_bucket(folder, bucket), start, worker, EACH)


def promote_in_bucket(folder: Path, bucket: str, environment: dict[str, str], start: Any, worker: int) -> None:
    os.environ.update(environment)
    promote_several(in_bucket(folder, bucket), start, worker, EACH)

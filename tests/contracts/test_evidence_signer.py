"""What every signer of the evidence does, whatever it signs with."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapters.evidence_signers.ed25519_file import Ed25519EvidenceSigner
from application.ports.evidence_signer import EvidenceSigner
from tests.fakes.in_memory_evidence_signer import InMemoryEvidenceSigner

CONTENT = b'{"number":1}'

Maker = Callable[..., EvidenceSigner]


@pytest.fixture(params=["memory", "ed25519"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """A signer by its name: each has a key of its own, and trusts that, or those named."""

    def in_memory(name: str, trusted: Sequence[str] = ()) -> EvidenceSigner:
        signer = InMemoryEvidenceSigner(f"test:{name}")
        signer.trusted = set(trusted) or signer.trusted
        return signer

    def ed25519(name: str, trusted: Sequence[str] = ()) -> EvidenceSigner:
        signer = Ed25519EvidenceSigner(tmp_path / f"{name}.pem", trusted)
        signer.begin()
        return signer

    return in_memory if request.param == "memory" else ed25519


def test_what_it_signed_is_sound_for_itself_and_for_whoever_trusts_its_key(made: Maker) -> None:
    signer = made("a")
    key, signature = signer.sign(CONTENT)
    assert key == signer.public_key() == made("a").public_key()
    auditor = made("b", [made("c").public_key(), key])
    assert [each.fault_of(CONTENT, key, signature) for each in (signer, made("a"), auditor)] == [None] * 3


def test_a_signature_by_a_strangers_key_is_a_fault(made: Maker) -> None:
    signer, stranger = made("a"), made("b")
    key, signature = stranger.sign(CONTENT)
    fault = signer.fault_of(CONTENT, key, signature)
    assert fault
    assert fault.startswith("it is signed with a key that is not trusted here")
    assert stranger.fault_of(CONTENT, key, signature) is None


@pytest.mark.parametrize("altered", [CONTENT + b" ", b"", CONTENT.replace(b"1", b"2")])
def test_content_that_was_altered_is_a_fault(made: Maker, altered: bytes) -> None:
    signer = made("a")
    fault = signer.fault_of(altered, *signer.sign(CONTENT))
    assert fault
    assert fault.startswith("it was altered: its signature is not that of its content")


@pytest.mark.parametrize("signature", ["", "not base64!", "\x00ñ", "AAAA"])
def test_what_is_no_signature_is_a_fault_in_one_line(made: Maker, signature: str) -> None:
    signer = made("a")
    fault = signer.fault_of(CONTENT, signer.public_key(), signature)
    assert fault
    assert fault.startswith("it was altered: ")
    assert fault.isprintable()


@pytest.mark.parametrize("key", ["", "ed25519:", "nonsense", "\n"])
def test_what_is_no_key_is_a_strangers(made: Maker, key: str) -> None:
    signer = made("a")
    _, signature = signer.sign(CONTENT)
    fault = signer.fault_of(CONTENT, key, signature)
    assert fault
    assert fault.startswith("it is signed with a key that is not trusted here")
    assert fault.isprintable()

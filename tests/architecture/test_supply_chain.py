"""What the audit lets pass: every exception has its reason, ends where it must, and is missed once nothing needs it."""

import datetime as dt
import re
from pathlib import Path

import pytest

from scripts.supply_chain.exceptions import KINDS, POLICY, Finding, PolicyError, read_policy

REPOSITORY = Path(__file__).parents[2]
TODAY = dt.date(2026, 11, 23)
WEAK = Finding("a.py:1: B101", {"rule": ("B101",), "file": ("a.py",), "line": "    assert true"})
KNOWN = Finding("left 1.0: GHSA-1", {"id": ("GHSA-1", "CVE-2026-1"), "package": ("left",)})
EXEMPT_UNTIL_TODAY = '[[vulnerability]]\nid = "CVE-2026-1"\nreason = "not reached"\nuntil = 2026-11-23'


def policy_of(folder: Path, text: str) -> Path:
    file = folder / "audit.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_exceptions_of_this_repository_are_well_formed_and_name_files_that_exist() -> None:
    policy = read_policy(REPOSITORY / POLICY)
    assert {"MIT", "Apache-2.0"} <= policy.licences
    assert not [name for name in policy.licences if re.match(r"A?GPL", name)]
    assert [exempt for kind in KINDS for exempt in policy.of(kind) if len(exempt.reason) < 20] == []
    assert all((REPOSITORY / exempt.asked.get("file", "")).exists() for exempt in policy.exempt)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[code]]\nrule = "B101"', "a reason is missing"),
        ('[[code]]\nrule = "B101"\nreason = " "', "a reason is missing"),
        ('[[code]]\nfile = "a.py"\nreason = "so"', "the first always"),
        ('[[code]]\nrule = "B101"\nlines = "x"\nreason = "so"', "it says rule, lines"),
        ('[[vulnerability]]\nid = "CVE-2026-1"\nreason = "so"', "until"),
        ('[[secret]]\nfingerprints = []\nreason = "so"', "the first always"),
        ('[[licence]]\npackage = "left"\nreason = "so"', "concluded"),
        ('[[anything]]\nreason = "so"', "anything"),
    ],
)
def test_an_exception_without_what_it_needs_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=said):
        read_policy(policy_of(tmp_path, text))


def test_a_finding_passes_only_where_all_of_an_exception_fits(tmp_path: Path) -> None:
    text = '[[code]]\nrule = "B101"\nfile = "a.py"\nline = "assert true"\nreason = "so"'
    policy = read_policy(policy_of(tmp_path, text))
    assert policy.judge("code", [WEAK], TODAY).left == []
    elsewhere = Finding("b.py:1: B101", {**WEAK.facts, "file": ("b.py",)})
    assert policy.judge("code", [WEAK, elsewhere], TODAY).left == ["b.py:1: B101"]
    assert policy.judge("code", [WEAK, elsewhere], TODAY).let_pass == 1


def test_an_exception_for_a_vulnerability_fits_any_of_its_names_and_ends_on_its_day(tmp_path: Path) -> None:
    policy = read_policy(policy_of(tmp_path, EXEMPT_UNTIL_TODAY))
    assert policy.judge("vulnerability", [KNOWN], TODAY).left == []
    ended = "exception for CVE-2026-1 ended on 2026-11-23: look again"
    assert policy.judge("vulnerability", [KNOWN], TODAY + dt.timedelta(1)).left == [KNOWN.text, ended]


def test_an_exception_that_nothing_needs_any_more_is_told(tmp_path: Path) -> None:
    text = '[[secret]]\nfingerprints = ["11111111", "22222222"]\nreason = "so"'
    policy = read_policy(policy_of(tmp_path, text))
    found = Finding("a.py:1: Secret Keyword", {"fingerprint": ("11111111",), "file": ("a.py",)})
    assert policy.judge("secret", [found], TODAY).left == [
        "exception for 22222222 matches nothing any more: remove it from requirements/audit.toml"
    ]

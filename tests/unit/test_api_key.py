"""Tokens, peppers and the rules of keys."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.api_key import (
    LONGEST_LABEL,
    Pepper,
    Scope,
    Token,
    checked_label,
    checked_lifetime,
    checked_scopes,
    is_key_id,
    parse_lifetime,
)
from domain.errors import InvalidKeyRequest
from tests.example_keys import example_key

BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

tokens = st.builds(
    Token,
    st.text(BASE_62, min_size=12, max_size=12),
    st.text(BASE_62, min_size=43, max_size=43),
)

# A busy machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestToken:
    @unhurried
    @given(tokens)
    def test_what_is_revealed_is_read_back(self, token: Token) -> None:
        assert Token.parse(token.reveal()) == token

    @unhurried
    @given(tokens, st.data())
    def test_any_changed_character_is_noticed(self, token: Token, data: st.DataObject) -> None:
        text = token.reveal()
        place = data.draw(st.integers(0, len(text) - 1))
        other = data.draw((st.sampled_from(BASE_62 + "_") | st.characters()).filter(lambda c: c != text[place]))
        assert Token.parse(text[:place] + other + text[place + 1 :]) is None

    @unhurried
    @given(tokens, st.data())
    def test_any_lost_or_added_character_is_noticed(self, token: Token, data: st.DataObject) -> None:
        text = token.reveal()
        place = data.draw(st.integers(0, len(text) - 1))
        added = data.draw(st.sampled_from(BASE_62) | st.characters())
        assert Token.parse(text[:place] + text[place + 1 :]) is None
        assert Token.parse(text[:place] + added + text[place:]) is None
        assert Token.parse(text + added) is None

    @unhurried
    @given(st.text())
    def test_anything_else_is_no_token(self, text: str) -> None:
        assert Token.parse(text) is None

    @pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "Bearer {}", '"{}"'])
    def test_a_token_stands_alone(self, around: str) -> None:
        assert Token.parse(around.format(Token.generate().reveal())) is None

    def test_a_token_has_the_announced_form(self) -> None:
        text = Token.generate().reveal()
        assert re.fullmatch("tsd_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", text)

    def test_the_secret_has_room_for_32_random_bytes(self) -> None:
        assert 62**42 < 2 ** (8 * 32) <= 62**43

    def test_no_two_tokens_are_equal(self) -> None:
        made = [Token.generate() for _ in range(2000)]
        assert len({token.key_id for token in made}) == len({token.secret for token in made}) == 2000

    @unhurried
    @given(tokens)
    def test_its_repr_shows_no_secret(self, token: Token) -> None:
        assert token.secret not in repr(token)
        assert token.secret not in str(token)
        assert token.key_id in repr(token)

    @unhurried
    @given(tokens)
    def test_its_id_is_a_key_id_and_the_token_itself_is_none(self, token: Token) -> None:
        assert is_key_id(token.key_id)
        assert not is_key_id(token.reveal())


class TestPepper:
    def test_a_pepper_is_32_random_bytes(self) -> None:
        assert len(Pepper.generate().secret) == 32
        assert len({Pepper.generate().secret for _ in range(100)}) == 100
        assert len({Pepper.generate().id for _ in range(100)}) == 100

    def test_its_hash_is_hmac_sha256(self) -> None:
        # RFC 4231, test case 2.
        expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        assert Pepper("rfc", b"Jefe").hash("what do ya want for nothing?") == expected

    def test_another_pepper_gives_another_hash(self) -> None:
        assert Pepper.generate().hash("secret") != Pepper.generate().hash("secret")

    def test_only_the_same_secret_under_the_same_pepper_matches_a_hash(self) -> None:
        pepper, secret = Pepper.generate(), Token.generate().secret
        kept = pepper.hash(secret)
        assert pepper.matches(secret, kept)
        assert not pepper.matches(Token.generate().secret, kept)
        assert not pepper.matches("", kept)
        assert not Pepper.generate().matches(secret, kept)

    def test_its_repr_shows_no_secret(self) -> None:
        assert repr(Pepper("p1", b"0123456789abcdef0123456789abcdef")) == "Pepper(id='p1')"


class TestApiKey:
    def test_it_is_active_up_to_its_expiry_and_expired_from_then_on(self) -> None:
        key = example_key()
        tick = timedelta(microseconds=1)
        assert key.state_at(key.created_at) == "active"
        assert key.state_at(key.expires_at - tick) == "active"
        assert key.state_at(key.expires_at) == "expired"
        assert key.state_at(key.expires_at + timedelta(days=3650)) == "expired"

    def test_a_clock_that_is_behind_the_issuer_lets_a_new_key_in(self) -> None:
        key = example_key()
        assert key.state_at(key.created_at - timedelta(seconds=2)) == "active"

    def test_revocation_is_final(self) -> None:
        key = example_key()
        revoked = key.revoked(key.created_at)
        assert revoked.state_at(key.created_at) == "revoked"
        assert revoked.state_at(key.expires_at) == "revoked"
        assert revoked.revoked(key.expires_at) is revoked

    def test_a_revocation_is_noted_in_utc(self) -> None:
        key = example_key()
        santiago = timezone(timedelta(hours=-3))
        noted = key.revoked(key.created_at.astimezone(santiago)).revoked_at
        assert noted == key.created_at
        assert noted is not None
        assert noted.utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        ("field", "nonsense"),
        [
            ("id", ""),
            ("id", "short"),
            ("id", "with a space"),
            ("label", ""),
            ("label", " padded "),
            ("label", "two\nlines"),
            ("label", "x" * (LONGEST_LABEL + 1)),
            ("secret_hash", ""),
            ("secret_hash", "g" * 64),
            ("secret_hash", "ñ" * 64),
            ("pepper_id", ""),
            ("scopes", frozenset()),
            ("created_at", datetime(2026, 11, 22, 12)),  # noqa: DTZ001
            ("expires_at", datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=1)))),
            ("expires_at", datetime(2020, 1, 1, tzinfo=UTC)),
            ("expires_at", datetime(2999, 1, 1, tzinfo=UTC)),
            ("revoked_at", datetime(2026, 11, 22, 12)),  # noqa: DTZ001
        ],
    )
    def test_nonsense_is_no_key_and_the_field_is_named(self, field: str, nonsense: object) -> None:
        with pytest.raises(ValueError, match=f"^{field} (must be|is missing)"):
            replace(example_key(), **{field: nonsense})  # type: ignore[arg-type]


class TestLabels:
    @pytest.mark.parametrize("label", ["a", "Ñuñoa, oficina 3", "x" * LONGEST_LABEL])
    def test_a_printable_label_is_taken(self, label: str) -> None:
        assert checked_label(f"  {label}\n") == label

    @pytest.mark.parametrize("label", ["", "  ", "a\nb", "a\tb", "a\x00b", "a\u202eb", "a\u2028b", "\ud800", "x" * 101])
    def test_an_empty_long_or_unprintable_label_is_refused(self, label: str) -> None:
        with pytest.raises(InvalidKeyRequest, match="1 to 100 printable characters"):
            checked_label(label)


class TestScopes:
    def test_scopes_are_read_by_name(self) -> None:
        assert checked_scopes(["value", "models:read", "value"]) == {Scope.VALUE, Scope.MODELS_READ}

    @pytest.mark.parametrize("name", ["everything", "VALUE", "", "value,models:read", "a\nb" * 1000])
    def test_an_unknown_scope_is_refused_in_one_line_with_the_choice(self, name: str) -> None:
        with pytest.raises(InvalidKeyRequest, match="choose from value, models:read") as caught:
            checked_scopes(["value", name])
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 250

    def test_a_key_without_scopes_is_refused(self) -> None:
        with pytest.raises(InvalidKeyRequest, match="at least one scope"):
            checked_scopes([])


class TestLifetimes:
    @pytest.mark.parametrize(
        ("text", "lifetime"),
        [
            ("30d", timedelta(days=30)),
            ("12h", timedelta(hours=12)),
            ("90m", timedelta(minutes=90)),
            ("2w", timedelta(days=14)),
            (" 1D ", timedelta(days=1)),
            ("999999w", timedelta(weeks=999999)),
        ],
    )
    def test_a_number_and_a_unit_are_read(self, text: str, lifetime: timedelta) -> None:
        assert parse_lifetime(text) == lifetime

    @pytest.mark.parametrize(
        "text", ["", "30", "d", "0d", "-1d", "1.5d", "1y", "1d12h", "30 days", "٣d", "forever", "9999999d", "1\nd"]
    )
    def test_anything_else_is_refused_with_what_is_accepted(self, text: str) -> None:
        with pytest.raises(InvalidKeyRequest, match="such as 90m, 12h, 30d or 2w") as caught:
            parse_lifetime(text)
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize("lifetime", [timedelta(microseconds=1), timedelta(days=366)])
    def test_a_key_may_live_up_to_366_days(self, lifetime: timedelta) -> None:
        assert checked_lifetime(lifetime) == lifetime

    @pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1), timedelta(days=366, microseconds=1)])
    def test_no_key_lives_for_ever_or_not_at_all(self, lifetime: timedelta) -> None:
        with pytest.raises(InvalidKeyRequest, match="at most 366 days"):
            checked_lifetime(lifetime)

"""The operations guide tells every setting, and cannot go stale."""

from scripts.configuration_reference import TARGET, reference


def test_the_page_is_what_the_settings_say() -> None:
    assert TARGET.read_text("utf-8") == reference(), "settings have changed: run `make reference`"

"""Store URLs that are mistyped: one line, and never a part of the password in it."""

from __future__ import annotations

import pytest

from pipeline.errors import WirewatchError
from pipeline.store import open_store, redacted

NOBODY = "127.0.0.1:9"


@pytest.mark.parametrize(
    "login",
    [
        f"{user}:hush{mark}pst"
        for user in ("ann", "a@n")
        for mark in ("/", "?", "#", "[", "]", "@", " ", "%2F", "")
    ],
)
@pytest.mark.parametrize(
    "form", ["http://{}@{}", "https://{}@{}?prefix=x", "{}@{}", "htp://{}@{}", "sqlite:/{}@{}"]
)
def test_a_password_is_in_no_message(form: str, login: str) -> None:
    url = form.format(login, NOBODY)
    with pytest.raises(WirewatchError) as refused:
        open_store(url, timeout_seconds=0.1)
    for text in (str(refused.value), redacted(url)):
        assert not any(part in text for part in ("hush", "pst"))
        assert "\n" not in text


def test_a_key_is_in_no_message() -> None:
    with pytest.raises(WirewatchError, match=r"not x$") as refused:
        open_store(f"http://{NOBODY}?api_key=hush&x=1", timeout_seconds=0.1)
    assert "hush" not in str(refused.value)

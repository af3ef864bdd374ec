"""The spool folder, the choice of ways out, and backoff."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_servers import DUE, mail

from pipeline.errors import PermanentError, UnavailableError
from pipeline.notify.channels import open_notifier, smtp_url
from pipeline.notify.smtp import server_of
from pipeline.notify.spool import SpoolNotifier
from pipeline.retry import DELIVERY
from pipeline.settings import MailSettings

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_mail_is_one_file_however_often_it_is_sent(tmp_path):
    spool = SpoolNotifier(tmp_path / "spool")
    for number in (1, 1, 2):
        spool.send(mail(number=number))
    files = sorted((tmp_path / "spool").iterdir())
    assert len(files) == 2
    assert {each.suffix for each in files} == {".eml"}
    assert spool.path(mail()).read_bytes() == mail().payload


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "spool").write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot write the mail"):
        SpoolNotifier(tmp_path / "spool").send(mail())
    with pytest.raises(PermanentError):
        SpoolNotifier(tmp_path).send(mail(channel="webhook"))


def test_the_spool_is_the_default_and_smtp_is_used_when_set(tmp_path):
    outlets = open_notifier(MailSettings(), tmp_path, lambda: DUE)
    outlets.send(mail())
    outlets.close()
    assert len(list((tmp_path / "spool").glob("*.eml"))) == 1
    outlets = open_notifier(MailSettings(smtp="smtp://127.0.0.1:1", timeout_seconds=1), tmp_path, lambda: DUE)
    with pytest.raises(UnavailableError):
        outlets.send(mail())
    outlets.close()


@pytest.mark.parametrize(
    ("extra", "scheme"),
    [
        ({}, "smtps"),
        ({"disable_ssl": True}, "smtp+starttls"),
        ({"disable_ssl": "true", "disable_tls": "True"}, "smtp"),
        ({"disable_ssl": False, "disable_tls": True}, "smtps"),
    ],
)
def test_an_airflow_connection_as_a_url(extra, scheme):
    url = smtp_url("mail.example.org", 2525, "me@x", "p:/@ss", extra)
    server = server_of(url)
    assert (server.scheme, server.port, server.user, server.password) == (scheme, 2525, "me@x", "p:/@ss")


@given(key=st.text(), attempts=st.integers(1, 60), asked=st.none() | st.floats(0, 1e7))
def test_backoff_grows_and_has_an_end(key, attempts, asked):
    due = DELIVERY.next_try(key, attempts, NOW, asked)
    assert due == DELIVERY.next_try(key, attempts, NOW, asked)
    assert timedelta(seconds=48) <= due - NOW <= timedelta(days=1)
    if asked and asked <= 86400:
        assert due >= NOW + timedelta(seconds=asked) - timedelta(milliseconds=1)
    assert DELIVERY.next_try(key, attempts + 2, NOW) - NOW >= min(
        DELIVERY.next_try(key, attempts, NOW) - NOW, timedelta(hours=4)
    )

"""What a feed says of its hub, and what a hub may say."""

import hashlib
import hmac

import pytest

from pipeline.sources.feeds.websub import HubLinks, Subscription, find_hub

HUB, TOPIC = "https://hub.example/", "https://a.example/feed?x=1&y=2"


@pytest.mark.parametrize(
    "head",
    [
        f'<link rel="hub" href="{HUB}"/><link rel="self" href="{TOPIC.replace("&", "&amp;")}"/>',
        f"<atom:link href='{HUB}' rel='hub' /><atom:link type='x' href='{TOPIC}' rel='self'></atom:link>",
        f'<a10:link rel="self alternate"\n href="{TOPIC}"/><a10:link rel = "HUB"  href=" {HUB} "/>',
    ],
)
def test_a_feed_names_its_hub_in_its_head(head):
    assert find_hub({}, f"<rss><channel>{head}<item><title>x</title></item></channel></rss>") == HubLinks(
        HUB, TOPIC
    )


def test_headers_come_first_and_several_may_be_in_one():
    header = f'<{HUB}>; rel="hub"; title="a, b", <{TOPIC}>;rel=self'
    other = '<link rel="hub" href="https://other.example/"/><link rel="self" href="https://o.example/"/>'
    assert find_hub({"link": header}, f"<feed>{other}") == HubLinks(HUB, TOPIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f'<feed><link rel="hub" href="{HUB}"/>',
        f'<feed><entry><link rel="hub" href="{HUB}"/><link rel="self" href="{TOPIC}"/></entry>',
        f'<feed><link rel="hub" href="javascript:x"/><link rel="self" href="{TOPIC}"/>',
        f'<feed><link rel="hub" href="ftp://hub.example/"/><link rel="self" href="{TOPIC}"/>',
        "<link " * 40_000,
    ],
)
def test_what_names_no_hub_has_none(text):
    assert find_hub({}, text) == HubLinks()


def test_a_callback_is_known_by_its_key_alone():
    made = Subscription("courier", HubLinks(HUB, TOPIC), b"k" * 32)
    again = Subscription("courier", HubLinks(HUB, TOPIC), b"k" * 32)
    others = [
        Subscription("courier", HubLinks(HUB, TOPIC), b"j" * 32),
        Subscription("herald", HubLinks(HUB, TOPIC), b"k" * 32),
        Subscription("courier", HubLinks(HUB, TOPIC + "1"), b"k" * 32),
    ]
    assert made.path == again.path
    assert made.secret == again.secret
    assert len({made.path, *(each.path for each in others)}) == 4
    assert made.secret not in made.path
    form = made.form("https://news.example/hubs/")
    assert form["hub.callback"] == f"https://news.example/hubs/{made.path}"
    assert form["hub.topic"] == TOPIC


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_push_is_signed_by_the_hub(method):
    made = Subscription("courier", HubLinks(HUB, TOPIC), b"k" * 32)
    signature = hmac.new(made.secret.encode(), b"<feed/>", method).hexdigest()
    assert made.signed(f"{method}={signature}", b"<feed/>")
    assert not made.signed(f"{method}={signature}", b"<feed/> ")
    assert not made.signed(signature, b"<feed/>")


def test_a_weak_or_broken_signature_is_none():
    made = Subscription("courier", HubLinks(HUB, TOPIC), b"k" * 32)
    weak = hmac.new(made.secret.encode(), b"", hashlib.md5).hexdigest()
    for header in ("", "md5=" + weak, "sha256=", "sha256=é", "shake_128=00"):
        assert not made.signed(header, b"")

"""Mails and webhooks: what they say, and that titles and outlets cannot inject anything."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from alert_records import START, article, facts, watch
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.send.content import Item, clean, snippets
from pipeline.alerts.send.mail_texts import PHRASES
from pipeline.alerts.send.render import Renderer
from pipeline.records import Alert, Delivery, Digest, Disagreement, Message, Span
from pipeline.settings import MailSettings

NOW = START + timedelta(hours=2)
SETTINGS = MailSettings(
    sender="Wire Watch <wire@example.org>",
    list_id="alerts.example.org",
    unsubscribe="https://example.org/off?watch={watch}&who={address}",
)
MESSAGE = Message("m1", "drills", ("x1",), "mail", "reader@example.org", "decided", NOW)


def alert(kind="new", story="s1", evidence=()):
    return Alert("x1", "drills", kind, story, (), "because", 1, NOW, evidence)


def item(*articles, kinds=("new",), evidence=(), **more):
    story = facts(articles[0].story, articles)
    story = replace(story, **more.pop("story", {}))
    return Item(tuple(alert(kind, story.id, evidence) for kind in kinds), story, tuple(articles), **more)


def rendered(*items, one=None, settings=SETTINGS, message=MESSAGE):
    rule = rule_of(one or watch(), NOW)
    payload = Renderer(settings).render(message, rule, items or [item(article(1, "A drill"))], NOW).payload
    return email.message_from_bytes(payload, policy=email.policy.default)


def bodies(mail):
    text = mail.get_body(("plain",)).get_content()
    return text, mail.get_body(("html",)).get_content()


class Elements(HTMLParser):
    """All tags and attributes of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [value for name, value in attrs if name in {"href", "src", "background"}]

    def handle_data(self, data):
        self.text.append(data)


def test_headers():
    mail = rendered()
    assert mail["Message-ID"] == "<m1@example.org>"
    assert mail["From"] == "Wire Watch <wire@example.org>"
    assert mail["To"] == "reader@example.org"
    assert mail["Subject"] == "New story: A drill"
    assert mail["List-Id"] == "<alerts.example.org>"
    assert mail["List-Unsubscribe"] == "<https://example.org/off?watch=drills&who=reader%40example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_long_addresses_are_not_broken():
    far = MailSettings(sender=f"w@{'a' * 60}.example.org", unsubscribe=f"https://example.org/{'x' * 300}")
    mail = rendered(item(article(1, "A drill"), thread=f"<first@{'b' * 90}.example.org>"), settings=far)
    assert mail["List-Unsubscribe"] == f"<https://example.org/{'x' * 300}>"
    assert mail["In-Reply-To"] == f"<first@{'b' * 90}.example.org>"
    assert mail["Message-ID"] == f"<m1@{'a' * 60}.example.org>"


@pytest.mark.parametrize(
    "title", ["Dozens missing after a passenger ferry capsizes near Amer at night", "Fährunglück " * 9]
)
def test_a_subject_begins_on_its_line_and_lines_of_the_body_stay_short(title):
    rule = rule_of(watch(), NOW)
    payload = Renderer(SETTINGS).render(MESSAGE, rule, [item(article(1, title))], NOW).payload
    (line,) = [line for line in payload.splitlines() if line.startswith(b"Subject:")]
    assert len(line) > len("Subject: ")
    mail = email.message_from_bytes(payload, policy=email.policy.default)
    assert mail["Subject"].startswith(f"New story: {title.strip()}"[:100])
    assert max(len(line) for line in payload.partition(b"\r\n\r\n")[2].splitlines()) <= 76


def test_list_headers_only_when_configured_and_one_click_only_over_https():
    assert rendered(settings=MailSettings())["List-Unsubscribe"] is None
    mailto = rendered(settings=MailSettings(unsubscribe="mailto:off@example.org?subject={watch}"))
    assert mailto["List-Unsubscribe"] == "<mailto:off@example.org?subject=drills>"
    assert mailto["List-Unsubscribe-Post"] is None


def test_a_mail_says_all_it_should():
    first = article(
        1, "A drill <begins>", text="Ships of Kim Jong Un sail. Then some.", names=[("person", "Kim Jong Un")]
    )
    other = article(2, "Elsewhere", outlet="Übersee", url="")
    found = item(
        first,
        other,
        story={"disagreements": (Disagreement("dead", (("3", "a0001", ""), ("5", "a0002", ""))),)},
    )
    text, page = bodies(rendered(found, one=watch(description="All drills")))
    shown = " ".join("".join(Elements(page).text).split())
    for words in (
        "A drill <begins>",
        "2 articles · 2 outlets · 2 independent sources",
        "Your watch ‘drills’ looks for drill",
        "Ships of Kim Jong Un sail. Then some. (Outlet 1)",
        "Übersee",
        "2026-03-02 07:56 UTC",
        "Kim Jong Un",
        "dead: 3 (Outlet 1), 5 (Übersee)",
    ):
        assert words in shown
        assert words in " ".join(text.split())
    assert '<span class="mark">drill</span>' in page
    assert "A *drill* <begins>" in text
    assert "https://example.org/1" in text
    assert "https://example.org/1" in Elements(page).links


def test_nothing_is_loaded_from_elsewhere():
    _, page = bodies(rendered())
    tags = {tag for tag, _ in Elements(page).tags}
    assert not tags & {"img", "script", "link", "iframe", "object", "video", "form", "base"}
    assert "url(" not in page
    assert "@import" not in page
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_a_follow_up_answers_and_says_what_is_new():
    members = (article(1, "A drill"), article(2, "It grows"), article(3, "And grows"))
    growth = item(
        *members,
        kinds=("growth",),
        evidence=(("origins_before", "1"),),
        shown=1,
        thread="<first@example.org>",
    )
    mail = rendered(growth)
    assert mail["In-Reply-To"] == mail["References"] == "<first@example.org>"
    text, _ = bodies(mail)
    assert "3 independent sources, 1 when we last wrote" in text
    new, old = text.split("Who reports:")
    assert "It grows" in new.split("New since the last mail:")[1]
    assert "A drill" in old
    evidence = (("person", "Kim"), ("sentence", "Kim <b>came</b>."), ("number", "1200"))
    text, page = bodies(rendered(item(*members, kinds=("news",), evidence=evidence, shown=2, thread="<x@y>")))
    assert "New in this story:\r\n- person Kim: Kim <b>came</b>.\r\n- number 1200\r\n" in text
    assert "person <b><bdi>Kim</bdi></b>: Kim &lt;b&gt;came&lt;/b&gt;." in page
    assert "person <b><bdi>Kim</bdi></b>" in page


def test_a_digest_lists_its_stories():
    stories = [item(article(n, f"Drill {n}", story=f"s{n}")) for n in range(1, 4)]
    berlin = watch(language="de", deliver=Delivery(digest=Digest((7,), timezone="Europe/Berlin")))
    mail = rendered(*stories, one=berlin)
    assert mail["Subject"] == "3 Meldungen zu „drills“"
    text, page = bodies(mail)
    assert all(f"Drill {n}" in text and f"Drill {n}" in page for n in range(1, 4))
    assert "08:56 CET" in text


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_each_language_has_each_phrase_with_its_blanks(language):
    def blanks(text):
        return sorted(re.findall(r"\{(\w+)\}", text))

    assert {key: blanks(text) for key, text in PHRASES[language].items()} == {
        key: blanks(text) for key, text in PHRASES["en"].items()
    }
    growth = item(article(1, "A drill"), kinds=("growth",), evidence=(("origins_before", "1"),), shown=1)
    for each in (item(article(1, "A drill")), growth):
        text, page = bodies(rendered(each, one=watch(language=language)))
        assert "{" not in text
        assert "{" not in re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL)


# -- injection -------------------------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>drill",
    '"><img src=x onerror=alert(1)> drill',
    "drill\r\nBcc: victim@example.org\r\n\r\nbody",
    "drill\nSubject: other",
    "drill {{ 7*7 }} {% raw %} ${x} %(x)s {watch}",
    "drill \u202egpj.exe\u2066 \x00\x1b[31m \u2028 \u2029 \x85 x",
    "=?utf-8?q?drill=0ABcc:_x@y.z?=",
    "--=_m1--\r\ndrill",
    "'; drop table drill; --",
    "drill \ud800 lone",
    "drill " + "x" * 3000,
]


def attacked(evil, url="https://example.org/1"):
    one = article(1, evil, outlet=evil, text=f"{evil}. drill", url=url, names=[("person", evil)])
    named = watch("drill", name="drills", description="d")
    return rendered(
        item(one, story={"disagreements": (Disagreement(evil, ((evil, "a0001", evil),)),)}), one=named
    )


@pytest.fixture(scope="module")
def harmless() -> Any:
    return attacked("drill")


@pytest.mark.parametrize("evil", EVIL)
def test_titles_and_outlets_inject_nothing(evil, harmless):
    mail = attacked(evil)
    assert sorted(mail.keys()) == sorted(harmless.keys())
    assert len(mail.get_all("Subject")) == 1
    assert mail["Bcc"] is None
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    text, page = bodies(mail)
    allowed = {tag for tag, _ in Elements(bodies(harmless)[1]).tags}
    found = Elements(page)
    assert {tag for tag, _ in found.tags} <= allowed
    assert not any(name.startswith("on") for _, names in found.tags for name in names)
    assert not set("\x00\x1b\u202e\u2066") & set(text + page + mail["Subject"])
    assert "49" not in page.replace("#", "") or "49" in evil


@given(evil=st.text(max_size=60))
@settings(max_examples=examples(30), deadline=None)
def test_no_text_whatever_changes_the_shape_of_a_mail(evil):
    mail, usual = attacked(f"drill {evil}"), attacked("drill")
    assert mail.keys() == usual.keys()
    _, page = bodies(mail)
    assert {tag for tag, _ in Elements(page).tags} <= {tag for tag, _ in Elements(bodies(usual)[1]).tags}


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", 'https://x"onclick="y', "file:///etc", ""],
)
def test_only_web_addresses_become_links(url):
    _, page = bodies(attacked("drill", url))
    assert all(link.startswith("https://example.org/off") for link in Elements(page).links)


@given(st.text())
def test_clean_is_one_printable_line(text):
    found = clean(text)
    assert len(found.splitlines()) <= 1
    assert clean(found) == found


def test_a_mail_and_a_webhook_link_what_was_published_and_leave_recurring_parts_out():
    one = article(1, "A drill at sea | The Outlet", link="https://example.org/A?page=1")
    recurring = (Span("title", 15, 27, "The Outlet"),)
    one = replace(one, enriched=replace(one.enriched, recurring=recurring))
    text, page = bodies(rendered(item(one)))
    assert "https://example.org/A?page=1" in text
    assert "https://example.org/A?page=1" in Elements(page).links
    assert "Outlet 1" in text
    assert re.search(r"Outlet 1, [^\n]*: A drill at sea\r?$", text, re.MULTILINE)
    hook = replace(MESSAGE, channel="webhook", to="https://example.org/hook")
    body = json.loads(Renderer(SETTINGS).render(hook, rule_of(watch(), NOW), [item(one)], NOW).payload)
    told = body["stories"][0]["articles"][0]
    assert (told["title"], told["url"]) == ("A drill at sea", "https://example.org/A?page=1")


@pytest.mark.parametrize("link", ["javascript:alert(1)", ""])
def test_a_link_that_is_no_web_address_gives_way_to_the_one_that_is(link):
    assert "https://example.org/1" in Elements(bodies(rendered(item(article(1, link=link))))[1]).links


def test_a_webhook_is_json_with_the_same_facts():
    hook = replace(MESSAGE, channel="webhook", to="https://example.org/hook")
    payload = Renderer(SETTINGS).render(hook, rule_of(watch(), NOW), [item(article(1, EVIL[2]))], NOW).payload
    body = json.loads(payload)
    assert body["watch"] == "drills"
    assert body["stories"][0]["articles"][0]["title"] == EVIL[2]
    # What a chat's incoming webhook asks for: a message, with the title of the story and a link.
    assert body["text"].startswith("New story: ")
    assert "https://example.org/1" in body["text"]


def test_snippets_show_what_is_around_a_hit():
    text = "word " * 60 + "the big drill starts " + "tail " * 60
    found = snippets(rule_of(watch(), NOW), [article(1, "No", text=text)])
    shown = "".join(piece for piece, _ in found[0].pieces)
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "the big drill starts" in shown
    assert len(shown) < 240
    assert [piece for piece, marked in found[0].pieces if marked] == ["drill"]


def test_what_has_no_place_in_the_text_is_shown_as_a_value():
    found = snippets(rule_of(watch("outlet:planet"), NOW), [article(1, outlet="Daily Planet")])
    assert found[0].pieces == (("Daily Planet", True),)

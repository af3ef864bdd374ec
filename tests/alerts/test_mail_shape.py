"""The shape of a mail: headers that every program reads, threads that hold, digests that are not clipped."""

import email
import email.policy
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_records import START, article, facts, watch
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.send.content import Item, clean
from pipeline.alerts.send.mail_texts import PHRASES, check_texts
from pipeline.alerts.send.operator_mail import TRIAL, to_operators
from pipeline.alerts.send.render import HTML_BYTES, Renderer
from pipeline.records import Alert, Message
from pipeline.settings import MailSettings

NOW = START + timedelta(hours=2)
MESSAGE = Message("m1", "drills", ("x1",), "mail", "reader@example.org", "decided", NOW)
TITLES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


def item(*articles, kind="new", **more):
    story = facts(articles[0].story, articles)
    story = replace(story, **more.pop("story", {}))
    return Item(
        (Alert("x1", "drills", kind, story.id, (), "because", 1, NOW),), story, tuple(articles), **more
    )


RENDERERS: dict[str, Renderer] = {}


def payload(*items, one=None, message=MESSAGE, desk="", **mail):
    # A renderer loads its templates once; only the sender differs.
    renderer = RENDERERS.setdefault(desk, Renderer(MailSettings(), desk))
    renderer._settings = MailSettings(**mail)
    return renderer.render(message, rule_of(one or watch(), NOW), items, NOW).payload


def parsed(*items, **more):
    return email.message_from_bytes(payload(*items, **more), policy=email.policy.default)


@settings(max_examples=examples(25), deadline=None)
@given(TITLES, TITLES)
def test_encoded_words_and_their_lines_are_short_and_say_the_title(title, sender):
    sender = f'"{clean(sender).replace(chr(34), "").replace(chr(92), "")}" <wire@example.org>'
    raw = payload(item(article(1, "A drill"), story={"title": title}), sender=sender)
    head = raw.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert not re.search(rb"[\r\n]", line)
        words = re.findall(rb"=\?[^? ]+\?[bqBQ]\?[^? ]*\?=", line)
        assert all(len(word) <= 75 for word in words)
        assert not words or len(line) <= 76
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    shown = clean(title).replace("=?", "= ?")
    assert mail["Subject"].split() == f"New story: {shown or 'Untitled'}"[:139].split() or len(shown) > 100
    assert mail["Bcc"] is None


def test_a_follow_up_keeps_the_subject_of_its_thread():
    first = Renderer(MailSettings()).render(
        MESSAGE, rule_of(watch(), NOW), [item(article(1, "Fähre läuft auf Grund"))], NOW
    )
    assert first.subject == "New story: Fähre läuft auf Grund"
    mail = parsed(
        item(
            article(1, "Fähre läuft auf Grund"),
            article(2, "Alle gerettet"),
            kind="growth",
            shown=1,
            thread="<a@b>",
            subject=first.subject,
            story={"title": "Alle gerettet"},
        )
    )
    assert mail["Subject"] == f"Re: {first.subject}"
    assert mail["References"] == "<a@b>"
    assert "Alle gerettet" in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("stories", [1, 40, 120])
def test_a_digest_is_not_clipped_and_counts_what_it_leaves_out(stories):
    title = "Ein sehr langer Titel über die Fähre, die am Kap auf Grund gelaufen ist " * 3
    items = [
        item(*(article(seq, f"{title} {seq}", story=f"s{number}", text=title * 20) for seq in range(1, 5)))
        for number in range(stories)
    ]
    mail = parsed(*items, desk="https://desk.example.org/")
    page = mail.get_body(("html",)).get_content()
    assert len(page.encode()) <= HTML_BYTES + 200
    shown = page.count("<h1 ")
    assert shown >= min(stories, 10)
    if shown < stories:
        assert f"and {stories - shown} more stories" in page
        assert 'href="https://desk.example.org/watches/drills"' in page
        assert f"and {stories - shown} more stories" in mail.get_body(("plain",)).get_content()
    assert f"{stories} stories" in mail["Subject"] or stories == 1


def test_one_story_with_endless_titles_is_not_clipped():
    long = [article(seq, "word " * 20_000, text="text " * 20_000) for seq in range(1, 40)]
    assert len(parsed(item(*long)).get_body(("html",)).get_content().encode()) <= HTML_BYTES


def test_links_to_the_desk_only_where_there_is_one():
    found = item(article(1, "A drill"))
    for page in parsed(found).walk():
        assert "not this story" not in str(page.get_payload()).lower()
    mail = parsed(found, desk="https://desk.example.org")
    for kind in ("html", "plain"):
        text = mail.get_body((kind,)).get_content()
        assert "https://desk.example.org/stories/s1" in text
        assert "https://desk.example.org/watches/drills?why=s1" in text
        assert "Not this story?" in text
    hook = replace(MESSAGE, channel="webhook", to="https://example.org/")
    told = json.loads(payload(found, message=hook, desk="https://desk.example.org"))
    assert told["stories"][0]["url"] == "https://desk.example.org/stories/s1"
    assert json.loads(payload(found, message=hook))["stories"][0]["url"] is None


def test_articles_stand_newest_first_by_the_time_that_is_shown():
    found = item(*(article(seq, f"Drill {seq}") for seq in range(1, 6)))
    text = parsed(found).get_body(("plain",)).get_content()
    times = re.findall(r"^- [^,]+, (\S+ \S+) UTC", text, re.MULTILINE)
    assert times == sorted(times, reverse=True)
    assert len(times) == 5


def test_articles_without_a_date_stand_last():
    first, second, third = (article(seq, f"Drill {seq}") for seq in (1, 2, 3))
    undated = replace(third.enriched.article, published=None, published_from="fetched")
    third = replace(third, enriched=replace(third.enriched, article=undated))
    text = parsed(item(first, second, third)).get_body(("plain",)).get_content()
    listed = text[text.index("\n- ") :]
    places = [listed.index(f"https://example.org/{seq}") for seq in (2, 1, 3)]
    assert places == sorted(places)


def test_an_address_whose_domain_has_another_script():
    mail = parsed(item(article(1, "A drill")), message=replace(MESSAGE, to="leser@bücher.example"))
    assert mail["To"] == "leser@xn--bcher-kva.example"


def test_an_operator_is_written_to_whatever_the_script_of_names_and_domains():
    sender, operator = "Jörg’s news <news@Bücher.example>", "Jörg Müller <joerg@exämple.org>"
    checked = MailSettings.model_validate({"from": sender, "operator": [operator]})
    (message,) = to_operators(TRIAL, ("trial",), checked.sender, checked.operator, START)
    assert message.to == "joerg@xn--exmple-cua.org"
    read = email.message_from_bytes(message.payload, policy=email.policy.default)
    assert [str(read[name]) for name in ("From", "To")] == [
        "Jörg’s news <news@xn--bcher-kva.example>",
        "Jörg Müller <joerg@xn--exmple-cua.org>",
    ]
    assert str(read["Message-ID"]).endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize(
    "wrong", ["me at desk.test", "a@b.test, c@d.test", "", "jürgen@desk.test", "a@b..test"]
)
def test_a_setting_that_is_no_mail_address_is_refused(wrong):
    for document in ({"from": wrong}, {"operator": [wrong]}):
        with pytest.raises(ValueError, match=rf"{wrong!r} (is not a mail address|has letters before the @)"):
            MailSettings.model_validate(document)


def test_a_chat_message_is_short_and_its_markdown_is_inert():
    chat = replace(MESSAGE, channel="chat", to="desk")
    evil = item(article(1, "A *drill* [x](javascript:alert(1))"), story={"title": "A *drill* [x](y)"})
    told = json.loads(payload(evil, message=chat, desk="https://desk.example.org"))
    assert told["title"] == "New story: A *drill* [x](y)"
    assert "https://example.org/1" in told["text"]
    assert "https://desk.example.org/stories/s1" in told["text"]
    assert r"A \*drill\* \[x\]\(javascript:alert\(1\)\)" in told["markdown"]
    many = [item(article(1, "A drill " * 40, story=f"s{number}")) for number in range(60)]
    told = json.loads(payload(*many, message=chat))
    assert "more stories" in told["text"]
    assert len(told["text"]) < 4000


# -- texts as data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_every_language_has_every_phrase(language):
    assert PHRASES[language].keys() == PHRASES["en"].keys()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"new": None}, "new: must be a text"),
        ({"newest": "x"}, "newest: unknown key"),
        ({"more": "und mehr"}, "more: must have the blanks count"),
        ({"more": "{count} {anzahl}"}, "more: must have the blanks count"),
        ({"names": ""}, "names: must be a text"),
    ],
)
def test_a_file_that_is_wrong_says_where(change, said):
    broken: Mapping[str, object] = {**PHRASES["de"], **change}
    with pytest.raises(ValueError, match=rf"texts/de\.yaml: {said}"):
        check_texts("de", broken, PHRASES["en"])
    with pytest.raises(ValueError, match="names: is missing"):
        check_texts("de", {k: v for k, v in PHRASES["de"].items() if k != "names"}, PHRASES["en"])

"""Which forms are one article, which are not, and what an edit, a retraction and a return leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domains import registrable_domain
from pipeline.normalize.article import normalize
from pipeline.normalize.identity.keys import former_key, link_key
from pipeline.normalize.identity.recognise import known_as, lookup_keys, own_key, shares_link
from pipeline.normalize.identity.revise import first_met, revise
from pipeline.normalize.identity.urls import canonical_url, credible_canonical
from pipeline.normalize.identity.withdrawal import is_withdrawal
from pipeline.records import Article, RawItem, content_id

NOON = datetime(2031, 3, 4, 12, tzinfo=UTC)
FERRY = (
    "The ferry to Lunna ran aground on a sandbank at noon; all ninety passengers were taken off by launch."
)
ORCHARD = "Growers in the Tarn valley burned straw between the rows to keep the frost from the early blossom."


def article(title, text, *, link="", guid="", hours=0.0, later=0.0, feed="", dated=True):
    """A form; `hours` after noon by its date, `later` hours after noon as it came."""
    published = (NOON + timedelta(hours=hours)).isoformat() if dated else ""
    fetched = NOON + timedelta(days=9, hours=later)
    item = RawItem(
        "raw",
        f"capture {feed} {later}",
        0,
        fetched,
        link,
        guid,
        title,
        text,
        published=published,
        feed=feed,
        outlet="Lunna Mail",
    )
    made = normalize(item)
    return replace(made, keys=(*made.keys, "raw:" + content_id(link, guid, title, text, published, feed)))


def outcome(*forms):
    """How many articles these forms are, one after another, and the reasons."""
    owners: dict[str, str] = {}
    stored: dict[str, Article] = {}
    reasons = []
    for form in forms:
        known = known_as(form, {k: owners[k] for k in lookup_keys(form) if k in owners}, stored)
        if known:
            reasons.append(known.because)
            name = known.article
            stored[name] = revise(stored[name], form, known.because)
        else:
            name = content_id(own_key(form, owners))
            shared = lookup_keys(form)[-1:] if shares_link(form, owners) else ()
            stored[name] = first_met(replace(form, id=name, keys=(*form.keys, *shared)))
        for key in stored[name].keys:
            owners.setdefault(key, name)
    return list(stored.values()), reasons


LINK = "https://lunna.example/warnings"

DIFFERENT = {
    "one link, other guids": [
        article("Ferry runs aground", FERRY, link=LINK, guid="a-1"),
        article("Frost threatens orchards", ORCHARD, link=LINK, guid="a-2"),
    ],
    "one link, alike titles, other guids, one capture": [
        article("Gale warning for the northern sound", FERRY, link=LINK, guid="g-1"),
        article("Gale warning for the southern sound", FERRY, link=LINK, guid="g-2"),
    ],
    "one link, no guids, one capture": [
        article("Ferry runs aground", FERRY, link=LINK),
        article("Frost threatens orchards", ORCHARD, link=LINK),
    ],
    "one link, no guids, a later poll": [
        article("Ferry runs aground", FERRY, link=LINK),
        article("Frost threatens orchards", ORCHARD, link=LINK),
        article(
            "School roof falls in",
            "Slates fell into the yard of the school at Brae at night.",
            link=LINK,
            hours=5,
            later=5,
        ),
    ],
    "one guid, other links": [
        article(
            f"{who} opens a shop",
            f"The council met about matter number {n} and put off its vote.",
            link=f"https://lunna.example/{n}",
            guid="urn:lunna:feed",
        )
        for n, who in enumerate(("Baker", "Cobbler at the pier", "Weaver of Brae"))
    ],
    "a column of each day, one link and title": [
        article("Weather today", FERRY, link="https://lunna.example/weather"),
        article("Weather today", ORCHARD, link="https://lunna.example/weather", hours=24, later=24),
    ],
    "a column of each day, one guid too": [
        article("Weather today", FERRY, link="https://lunna.example/weather", guid="weather"),
        article(
            "Weather today", ORCHARD, link="https://lunna.example/weather", guid="weather", hours=24, later=24
        ),
    ],
    "a guid that is given out again": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a", guid="item-1"),
        article(
            "Frost threatens orchards",
            ORCHARD,
            link="https://lunna.example/b",
            guid="item-1",
            hours=30,
            later=30,
        ),
    ],
    "posts of a live page": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/live/storm#entry-17"),
        article("Frost threatens orchards", ORCHARD, link="https://lunna.example/live/storm#entry-18"),
    ],
    "a wall under every link": [
        article(
            title,
            "We and our partners ask for your choice before you go on. " * 30,
            link=f"https://lunna.example/p{n}",
        )
        for n, title in enumerate(("Ferry runs aground", "Frost threatens orchards"))
    ],
    "a wall with its own title under every link": [
        article(
            "Before you go on",
            "We and our partners ask for your choice before you go on. " * 30,
            link=f"https://lunna.example/p{n}",
            later=n,
        )
        for n in range(2)
    ],
    "a number in a parameter": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/show?share_id=8801"),
        article("Frost threatens orchards", ORCHARD, link="https://lunna.example/show?share_id=8802"),
    ],
}

ONE = {
    "an edited title": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a"),
        article("Ferry with ninety aboard runs aground", FERRY, link="https://lunna.example/a", later=1),
    ],
    "tracking and mobile forms": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a?utm_source=rss"),
        article("Ferry runs aground", FERRY, link="http://m.lunna.example/a/amp#xtor=RSS-1", later=1),
    ],
    "two feeds of one outlet with guids of their own": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a", guid="news:1", feed="news"),
        article(
            "Ferry runs aground", FERRY, link="https://lunna.example/a", guid="top:9", feed="top", later=1
        ),
    ],
    "a headline in link and guid": [
        article(
            "Ferry runs aground off Lunna",
            FERRY,
            link="https://lunna.example/ferry-runs-aground-5512345",
            guid="https://lunna.example/ferry-runs-aground-5512345",
        ),
        article(
            "Ferry refloated off Lunna",
            FERRY,
            link="https://lunna.example/ferry-refloated-5512345",
            guid="https://lunna.example/ferry-refloated-5512345",
            later=1,
        ),
    ],
    "a retraction": [
        article("Harbour master took gifts", FERRY, link="https://lunna.example/a"),
        article("Story withdrawn", "It rested on a forged letter.", link="https://lunna.example/a", later=1),
    ],
    "a link that changed": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a", guid="item-1"),
        article("Ferry runs aground at noon", FERRY, link="https://lunna.example/b", guid="item-1", later=1),
    ],
    "one text in two sections": [
        article("Ferry runs aground", FERRY * 3, link="https://lunna.example/news/ferry-aground"),
        article("Ferry runs aground", FERRY * 3, link="https://lunna.example/sea/ferry-aground", later=1),
    ],
    "a date of each poll": [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a", hours=n * 30, later=n * 30)
        for n in range(3)
    ],
}


@pytest.mark.parametrize("forms", DIFFERENT.values(), ids=DIFFERENT)
def test_different_articles_stay_apart(forms):
    assert len(outcome(*forms)[0]) == len(forms)


@pytest.mark.parametrize("forms", ONE.values(), ids=ONE)
def test_forms_of_one_article_are_one_with_a_reason(forms):
    found, reasons = outcome(*forms)
    assert len(found) == 1
    assert len(reasons) == len(forms) - 1
    assert [form.because for form in found[0].forms][1:] == reasons


def test_an_edit_that_is_taken_back_comes_back_and_says_when():
    link = "https://lunna.example/a"
    first = article("Ferry runs aground", FERRY, link=link)
    second = article("Ferry sinks", FERRY.replace("ran aground", "sank"), link=link, later=1)
    third = replace(first, fetched=NOON + timedelta(days=10), capture="a later one")
    (kept,), _ = outcome(first, second, third)
    assert (kept.title, kept.version, kept.revised) == ("Ferry runs aground", 3, third.fetched)
    former = [key for key in kept.keys if key.startswith("was:")]
    assert former == [former_key(second.keys[-1])]


def test_a_file_that_is_loaded_again_later_takes_an_edit_back():
    link = "https://lunna.example/a"
    first = article("Ferry runs aground", FERRY, link=link)
    second = article("Ferry sinks", FERRY.replace("ran aground", "sank"), link=link, later=1)
    third = replace(first, fetched=NOON + timedelta(days=10))  # a file's capture has no time in its id
    (kept,), _ = outcome(first, second, third)
    assert (kept.title, kept.version) == ("Ferry runs aground", 3)


def test_documents_that_are_taken_in_again_change_nothing():
    link = "https://lunna.example/a"
    first = article("Ferry runs aground", FERRY, link=link)
    second = article("Ferry runs aground, sinks", FERRY.replace("ran aground", "sank"), link=link, later=1)
    assert outcome(first, second)[0] == outcome(first, second, first, second)[0]
    assert outcome(first, second)[0][0].title == "Ferry runs aground, sinks"


def test_two_feeds_with_two_texts_do_not_take_turns():
    link = "https://lunna.example/a"
    one = [
        article("Ferry runs aground", FERRY, link=f"{link}?utm_x={n}", feed="news", later=n) for n in range(4)
    ]
    two = [
        article("Ferry aground", FERRY + " A tug came.", link=f"{link}?utm_y={n}", feed="top", later=n + 0.5)
        for n in range(4)
    ]
    (kept,), _ = outcome(*(form for pair in zip(one, two, strict=True) for form in pair))
    assert kept.version == 2
    assert kept.title == "Ferry aground"


def test_a_date_of_each_poll_makes_no_version_and_keys_stay_few():
    forms = [
        article("Ferry runs aground", FERRY, link="https://lunna.example/a", hours=n, later=n)
        for n in range(60)
    ]
    (kept,), _ = outcome(*forms)
    assert kept.version == 1
    assert kept.published == NOON
    assert len(kept.keys) < 30
    assert len(kept.raw) <= 32


def test_a_retraction_replaces_the_text_and_marks_the_article():
    link = "https://lunna.example/a"
    text = FERRY * 4
    (kept,), _ = outcome(
        article("Harbour master took gifts", text, link=link),
        article("Story withdrawn", "We have withdrawn this story.", link=link, later=1),
    )
    assert kept.withdrawn == kept.revised
    assert FERRY not in kept.text
    back = revise(kept, article("Harbour master took gifts", text + " He denies it.", link=link, later=2))
    assert back.withdrawn is None


def test_a_teaser_does_not_replace_the_text_it_is_of():
    link = "https://lunna.example/a"
    (kept,), _ = outcome(
        article("Ferry runs aground", FERRY + " " + ORCHARD, link=link),
        article("Ferry runs aground", FERRY[:60], link=link, later=1),
    )
    assert kept.text == FERRY + " " + ORCHARD
    assert kept.version == 1


def said(text, at, *, feed="", page=False, title="Bank closes branch", capture=""):
    """What a source said at an hour; `capture` names what came with others."""
    made = article(title, text, link="https://lunna.example/a", later=at, feed=feed)
    made = replace(made, text_from="page" if page else "feed")
    return replace(made, capture=capture, fetched=NOON) if capture else made


SHORT = "The bank will close its branch at the market in spring."
LONG = (
    SHORT
    + " This sentence was added by mistake and was taken away again after an hour of calls from readers."
)
BRIEF = "The bank will close its branch."

RETURNS = {
    "the feed": ([said(SHORT, 0), said(LONG, 1), said(SHORT, 2)], SHORT, 3),
    "the feed, again and again": ([said((SHORT, LONG)[n % 2], n) for n in range(7)], SHORT, 7),
    "the feed, with another title": (
        [said(SHORT, 0), said(LONG, 1, title="Bank closes its branch"), said(SHORT, 2)],
        SHORT,
        3,
    ),
    "the page": ([said(text, n, page=True) for n, text in enumerate((SHORT, LONG, SHORT))], SHORT, 3),
    "the page, with teasers of the feed between": (
        [
            said(text, n, page=text != BRIEF)
            for n, text in enumerate((BRIEF, SHORT, BRIEF, LONG, BRIEF, SHORT, BRIEF))
        ],
        SHORT,
        4,
    ),
    "no source: the feed's teaser after its page": (
        [said(SHORT, 0), said(LONG, 1, page=True), said(SHORT, 2)],
        LONG,
        2,
    ),
    "no source: a teaser never seen, twice": (
        [said(LONG, 0), said(SHORT, 1), said(SHORT, 2), said(SHORT, 3)],
        LONG,
        1,
    ),
    "no source: a teaser that came with another title": (
        [said(LONG, 0), said(SHORT, 1, title="Bank shuts branch"), said(LONG, 2), said(SHORT, 3)],
        LONG,
        3,
    ),
    "no source: another feed's teaser": (
        [
            said(SHORT, 0, feed="a"),
            said(LONG, 1, feed="b"),
            said(SHORT, 2, feed="a"),
            said(SHORT, 3, feed="b"),
        ],
        LONG,
        2,
    ),
    "no source: two items of one feed at each poll": (
        [said((SHORT, LONG)[n % 2], n, capture=f"poll {n // 2}") for n in range(8)],
        LONG,
        2,
    ),
    "unknown, from a store of before": (
        [replace(said(text, n), text_from="") for n, text in enumerate((SHORT, LONG, SHORT))],
        LONG,
        2,
    ),
}


@pytest.mark.parametrize(("forms", "text", "version"), RETURNS.values(), ids=RETURNS)
def test_a_source_that_returns_to_its_own_text_is_believed_at_any_length(forms, text, version):
    kept = first_met(replace(forms[0], id="a"))
    for form in forms[1:]:
        kept = revise(kept, form)
    assert (kept.text, kept.version) == (text, version)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([SHORT, LONG, BRIEF]), st.booleans(), st.sampled_from(["", "b"]), st.booleans()
        ),
        min_size=2,
        max_size=9,
    )
)
def test_no_teaser_of_a_feed_undoes_the_text_of_a_page_in_any_sequence(steps):
    """Of a page, of two feeds, and of items twice in a poll: and nothing flows without end."""
    forms = [said(text, n, page=page, feed=feed) for n, (text, page, feed, _) in enumerate(steps)]
    forms = [
        replace(form, capture=forms[n - 1].capture, fetched=forms[n - 1].fetched)
        if n and steps[n][3]
        else form
        for n, form in enumerate(forms)
    ]
    kept = first_met(replace(forms[0], id="a"))
    for form in forms[1:]:
        before = kept
        kept = revise(kept, form)
        shorter = len(kept.text) < 0.6 * len(before.text)
        mine = [
            each for each in before.forms if each.feed == "".join(form.feeds) and each.digest == form.digest
        ]
        assert not shorter or (form.text_from == before.text_from and mine)
        assert revise(kept, form) == kept  # taken in again after a crash
    texts = {form.text for form in forms}
    assert kept.text in texts


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.gv.at", "b.gv.at"),
        ("x.news.asn.au", "news.asn.au"),
        ("x.shop.gen.nz", "shop.gen.nz"),
        ("www.health.govt.nz", "health.govt.nz"),
        ("www.ville.qc.ca", "ville.qc.ca"),
        ("a.folha.jor.br", "folha.jor.br"),
        ("x.sman.sch.id", "sman.sch.id"),
        ("x.kent.police.uk", "kent.police.uk"),
        ("news.metro.tokyo.jp", "metro.tokyo.jp"),
        ("one.blogspot.com", "one.blogspot.com"),
        ("localhost", "localhost"),
        ("10.0.0.7", "10.0.0.7"),
        ("a.b.example", "b.example"),
    ],
)
def test_the_registrable_domain_is_that_of_the_public_suffix_list(host, domain):
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("claimed", "own", "believed"),
    [
        ("https://cms.example/show", "https://cms.example/show?nr=12", False),
        ("https://cms.example/show?nr=12", "https://cms.example/print?nr=12", True),
        ("https://cms.example/12-ferry-aground", "https://cms.example/show?nr=12", True),
        ("https://two.blogspot.com/ferry", "https://one.blogspot.com/ferry", False),
        ("https://ministry.gv.at/a/ferry", "https://agency.gv.at/a/ferry", False),
    ],
)
def test_a_canonical_link_is_believed_where_it_names_the_same_page(claimed, own, believed):
    assert credible_canonical(claimed, canonical_url(own)) == canonical_url(claimed if believed else own)


def test_the_published_link_is_kept_beside_the_key():
    link = "http://m.lunna.example/a/?utm_source=rss"
    made = article("Ferry runs aground", FERRY, link=link)
    assert (made.link, made.url) == (link, "https://lunna.example/a")


@pytest.mark.parametrize(
    ("found", "claimed", "home", "title", "expected"),
    [
        # A tracker's link leads to the article; the page's own word goes first, where it is of the outlet.
        ("https://mill.example/dam?utm_medium=x", "https://mill.example/dam", "", "Dam opened", "https://mill.example/dam"),
        ("https://mill.example/dam", "", "", "Dam opened", "https://mill.example/dam"),
        ("https://cache.test/a/5", "https://mill.example/dam", "https://mill.example/", "Dam opened", "https://mill.example/dam"),
        ("https://cache.test/dam", "https://mill.example/dam", "", "Dam opened", "https://mill.example/dam"),
        # A reprint that names its origin, a login, a front page and another article are not the article.
        ("https://mill.example/dam", "https://agency.test/9", "", "Dam opened", "https://mill.example/dam"),
        ("https://login.test/?next=dam", "https://login.test/", "", "Log in to read", "https://track.test/go/5"),
        ("https://mill.example/", "https://mill.example/", "", "Dam opened", "https://track.test/go/5"),
        ("https://mill.example/vote", "https://mill.example/vote", "", "Council votes", "https://track.test/go/5"),
    ],
)  # fmt: skip
def test_a_link_through_a_tracker_is_known_by_where_it_leads(found, claimed, home, title, expected):
    page = (
        f'<html><head><title>{title}</title><link rel="canonical" href="{claimed}"></head>'
        f"<body><h1>{title}</h1><p>The keepers opened the dam in steps since Tuesday night.</p></body></html>"
    )
    item = RawItem(
        "i",
        "c",
        0,
        NOON,
        url="https://track.test/go/5",
        title="Dam opened",
        page=page,
        found=found,
        home=home,
    )
    article = normalize(item)
    assert (article.url, article.link) == (expected, "https://track.test/go/5")
    assert link_key("https://track.test/go/5") in article.keys  # without its page it is the same article


@pytest.mark.parametrize(
    ("title", "text", "taken_back"),
    [
        ("Brücke gesperrt", "Diesen Beitrag haben wir gelöscht, denn er war falsch.", True),
        ("記事取り消し", "この記事は取材に誤りがあったため、取り消しました。", True),
        ("桥梁关闭", "本文因消息来源不实已被撤回。", True),
        ("Ponte fechada", "Esta reportagem foi retirada do ar porque continha erros.", True),
        ("Мост закрыт", "Эта статья удалена редакцией.", True),
        ("Bridge closed", "A quote was removed from this article.", False),
        ("Bridge closed", "This story will be updated. The statue was removed on Friday.", False),
        ("Bridge closed", "This article was edited, and the name of a boy was removed.", False),
    ],
)
def test_a_notice_says_of_the_article_itself_that_it_is_gone(
    title: str, text: str, *, taken_back: bool
) -> None:
    assert is_withdrawal(title, text) is taken_back

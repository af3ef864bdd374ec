"""Twenty traps of queries, each with its warning; and a first watch from a few words."""

from datetime import UTC, datetime

import pytest
from alert_records import article, watch

from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.watch.checks import findings
from pipeline.alerts.watch.first_watch import entry_text, first_query, first_watch, with_entry
from pipeline.alerts.watch.watch_file import load_watches
from pipeline.errors import UsageError
from pipeline.records import Delivery
from pipeline.stages.alerting.questions import Known, check_watches
from pipeline.yaml_documents import Document

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
FEEDS, TOPICS = ("bbc-world", "dw"), ("medtop:1", "Politics and government")

TRAPS = [
    ("North Korea - Russia", "column 13: the spaced - leaves out ‘Russia’"),
    ("ferry, ship", "column 1: the sign , of ‘ferry,’ is not looked for; write OR between choices"),
    ("ferry; ship", "the sign ; of ‘ferry;’ is not looked for"),
    ("ferry or ship", "column 7: looks for the word ‘or’; write OR to join clauses"),
    ("ferry Not ship", "looks for the word ‘Not’; write NOT to join clauses"),
    ("ferry ODER ship", "looks for the word ‘ODER’; the operators are AND, OR and NOT"),
    ("ferry NEAR ship", "looks for the word ‘NEAR’"),
    ("US", "‘US’ is one of the commonest words in en; =US keeps the capitals"),
    ("the ferry", "‘the’ is one of the commonest words in en"),
    ("vitamin C", "looks for the single letter ‘C’"),
    ("ferry OR ship chile", "OR joins its two neighbours only"),
    ("ferry AND ship OR boat", "AND binds closer than OR"),
    ("ferry OR -ship", "- within OR leaves the word out of everything"),
    ("outlet:El País", 'or write outlet:"El País"'),
    ("title:rate cut", "‘cut’ is looked for anywhere, not in title"),
    ("feed:bbc-wrld ferry", "can never match: feed:bbc-wrld is unknown"),
    ("topics:poltics ferry", "can never match: topics:poltics is unknown"),
    ("language:english ferry", "language:english is no language; write two letters"),
    ("ferry -ferry", "can never match: it asks for the word ‘ferry’ and leaves it out"),
    ("language:en language:de", "can never match: an article has one language only"),
    ("language:en AND language:(de OR fr)", "can never match: an article has one language only"),
    ("kind:opinion kind:news", "can never match: an article has one kind only"),
    ("kind:opinoin ferry", "kind:opinoin is unknown; there is no such kind, did you mean opinion"),
    ('"rate cut" -rate', "can never match: it asks for the phrase ‘rate cut’ and leaves it out"),
    ("ferry NOT (ferry OR ship)", "can never match: it asks for the word ‘ferry’ and leaves it out"),
    ("title:ferry -ferry", "can never match: it asks for ‘ferry’ in the title and leaves it out"),
    ("who is next?", "the ? of ‘next?’ stands for one letter more"),
    ("ferry NEAR/5 ship", "looks for the word ‘NEAR/5’; the operators are AND, OR and NOT"),
    ('"Smith & Wesson"', "the sign & of ‘Smith & Wesson’ is not looked for"),
    ('"ferry 🚢"', "the sign 🚢 of ‘ferry 🚢’ is not looked for"),
    ("ferry ИЛИ ship", "looks for the word ‘ИЛИ’"),
    ("published:2020 ferry", "can never match: published must be before 2021-01-01, which is past"),
    ("ferry OR published:2020", "a part of it can never match"),
    ("NOT ferry", "matches nearly everything"),
    ("f*", "stands for very many words"),
    ("? ferry", "‘?’ stands for very many words"),
    ("ferry,ship", "the words of ‘ferry,ship’ are looked for side by side; write OR between choices"),
    ("ferry/ship", "the words of ‘ferry/ship’ are looked for side by side"),
    ('"the" ferry', "‘the’ is one of the commonest words in en"),
    ("=und ferry", "‘und’ is one of the commonest words in de"),
    ("f\u0435rry", "‘f\u0435rry’ has letters of two scripts that look alike (Cyrillic and Latin)"),
    ('"M\u039f ferry"', "has letters of two scripts that look alike (Greek and Latin)"),
    ("渡輪OR客船", "column 3: OR is looked for as letters; put spaces around it"),
]


@pytest.mark.parametrize(("query", "warning"), TRAPS)
def test_each_trap_has_a_warning(query, warning):
    found = findings(rule_of(watch(query), NOW), NOW, topics=TOPICS, feeds=FEEDS)
    assert any(warning in each for each in found), found


@pytest.mark.parametrize(
    "query",
    ["ferry", "ferry AND chile", "kind:opinion ferry", '"rate cut" rate', "title:ferry -text:ferry",
     '"ferry, chile" -ship', '"What now?"', '"10 %"', "language:(en OR de) ferry",
     '"New Zealand" AND health', "=US AND troops", "C++", "topics:politics ferry",
     "feed:dw ferry", "(ferry OR ship) AND sank", "title:ferry", "language:en ferry", "ferry -cruise",
     "covid-19"],
)  # fmt: skip
def test_what_is_plain_has_none(query):
    assert findings(rule_of(watch(query), NOW), NOW, topics=TOPICS, feeds=FEEDS) == []


OF_THE_STORE = [
    ("drills", "floods: 30 of the last 250 articles match (12%)"),
    ("outlet:Herold drills", "no article in the store has ‘Herold’ in the outlet: unknown, or misspelled?"),
    ("place:Atlantis drills", "no article in the store has ‘Atlantis’ in the places"),
    ("language:xx drills", "no article in the store has ‘xx’ in the language"),
    ("zeppelin", "none of the last 250 articles matches"),
]


def test_every_trap_is_warned_of_by_the_check(either_world):
    """As `watch check` asks, all at once, over articles: on either store."""
    store = either_world.store
    either_world.arrive(
        *(article(seq, "Drills at sea" if seq <= 30 else "Rain", story=f"s{seq}") for seq in range(1, 251))
    )
    traps = TRAPS + OF_THE_STORE
    watches = [watch(query, f"w{n}") for n, (query, _) in enumerate(traps)]
    checked = check_watches(store, watches, NOW, Known(TOPICS, FEEDS, ()))
    silent = [
        (query, warning, each.findings)
        for (query, warning), each in zip(traps, checked, strict=True)
        if not any(warning in found for found in each.findings)
    ]
    assert len(traps) >= 20
    assert silent == []
    nowhere = watch("drills", "x", deliver=Delivery(chat=("newsrom",)), conditions={"entities": ("Nobody",)})
    found = check_watches(store, [nowhere], NOW, Known(TOPICS, FEEDS, ("newsroom",)))[0].findings
    assert "settings.yaml has no channel newsrom: what goes there is given up" in found
    assert "can never fire: no article in the store has the name ‘Nobody’; unknown, or misspelled?" in found


def test_the_check_shows_tokens_rate_and_hits(either_world):
    world = either_world
    world.arrive(
        *(article(seq, "Ferries sank" if seq <= 30 else "Rain", story=f"s{seq}") for seq in range(1, 251))
    )
    one = watch('ferry AND NOT outlet:"Daily Planet"', "a")
    found = check_watches(world.store, [one], NOW, Known(TOPICS, FEEDS))[0].as_json()
    assert (found["hits"], found["of"], found["rate"]) == (30, 250, 0.12)
    assert [(c["clause"], c["negative"], c["hits"]) for c in found["clauses"]] == [
        ("the word ‘ferry’", False, 30),
        ("‘Daily Planet’ in the outlet", True, 0),
    ]
    assert found["clauses"][0]["tokens"]["en"] == ["ferri"]
    assert len(found["examples"]) == 10
    assert found["examples"][0]["title"] == "Ferries sank"
    assert "floods: 30 of the last 250 articles match (12%); make it narrower" in found["warnings"]
    assert any("no article in the store has ‘Daily Planet’ in the outlet" in w for w in found["warnings"])


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("New Zealand, health", '"New Zealand" AND health'),
        ("Apple", '"Apple"'),
        ("WHO; vaccines", "=WHO AND vaccines"),
        ("ferry OR ship, Chile", '(ferry OR ship) AND "Chile"'),
        ("北京", "北京"),
    ],
)
def test_a_first_query(words, query):
    assert first_query(words) == query


@pytest.mark.parametrize(
    "text",
    ["", "watches: []\n", "# mine\nwatches: [] # none\n",
     "# mine\nwatches:\n  - name: a  # first\n    query: b\n",
     "watches:\n- name: a\n  query: b\n"],
)  # fmt: skip
def test_a_first_watch_is_added_and_nothing_else_changes(text):
    import yaml

    made = with_entry(text, entry_text(first_watch("New Zealand, health", "", "a@example.org")))
    after = load_watches(Document("watches.yaml", yaml.safe_load(made), {}))
    assert after[-1].query == '"New Zealand" AND health'
    assert after[-1].deliver.mail == ("a@example.org",)
    assert ("# mine" in made) == ("# mine" in text)
    assert len(after) == text.count("name:") + 1


def test_words_that_make_no_query_are_refused():
    with pytest.raises(UsageError, match="makes no query"):
        first_watch(" , ", "", "")

"""What `${NAME}` in a feed's URL becomes, and which of it is a secret."""

import re

import pytest

from pipeline.errors import ConfigError
from pipeline.settings import load_feeds, load_settings

SECRET = {"KEY": "k3y", "LOGIN": "me:pw", "HOST": "h.test", "BASE": "https://h.test/in", "LANG": "en"}


def feed(folder, url, environment):
    for name in ("watches", "topics", "aliases", "scorer"):
        (folder / f"{name}.yaml").write_text("{}\n")
    (folder / "feeds.yaml").write_text(f"feeds:\n  - id: a\n    url: '{url}'\n")
    (found,) = load_settings(folder, environment).feeds
    return found


@pytest.mark.parametrize(
    ("url", "becomes", "secrets"),
    [
        ("https://h.test/${KEY}/rss", "https://h.test/k3y/rss", ("k3y",)),
        ("https://${LOGIN}@h.test/rss?k=${KEY}", "https://me:pw@h.test/rss?k=k3y", ("me:pw", "k3y")),
        ("https://me:${KEY}@${HOST}/rss", "https://me:k3y@h.test/rss", ("k3y",)),
        ("https://${HOST}:80/rss", "https://h.test:80/rss", ()),
        ("${BASE}/rss", "https://h.test/in/rss", ()),
        ("https://h.test/${NONE:-de}/rss", "https://h.test/de/rss", ()),
    ],
)
def test_a_variable_is_a_secret_unless_it_names_the_host(tmp_path, url, becomes, secrets):
    found = feed(tmp_path, url, SECRET)
    assert (found.url, found.secrets) == (becomes, secrets)
    assert "secrets" not in repr(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "  - id: The Post\n    url: https://h.test/",
            "feeds.yaml:2: feeds.0.id: 'The Post' is no id: write at most",
        ),
        (
            "  - id: post\n    url: https://h.test/\n    language: english",
            "'english' is no language of two letters",
        ),
        ("  - id: post\n\turl: https://h.test/", "feeds.yaml:3: a tab stands where YAML takes spaces only"),
    ],
)
def test_what_a_hand_writes_wrong_is_told_in_words(tmp_path, text, said):
    (tmp_path / "feeds.yaml").write_text(f"feeds:\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_feeds(tmp_path, {})


def test_a_missing_variable_is_named_with_both_ways_to_give_it(tmp_path):
    with pytest.raises(ConfigError, match=r"feeds\.yaml:3: .*HARBOUR_KEY .*connection harbour_key"):
        feed(tmp_path, "https://h.test/${HARBOUR_KEY}", {})

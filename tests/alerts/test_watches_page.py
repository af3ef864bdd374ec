"""What docs/watches.md says is true: its tables of queries, its examples, and its first five minutes."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from alert_records import START, article
from typer.testing import CliRunner

from pipeline.alerts.watch.checks import meaning
from pipeline.alerts.watch.watch_file import load_watches
from pipeline.cli import cli
from pipeline.query.evaluate import matches
from pipeline.query.parse import parse
from pipeline.yaml_documents import Document

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "watches.md").read_text(encoding="utf-8")
ITALIC = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
CODE = re.compile(r"`([^`]+)`")
LANGUAGES = ("en", "de", "fr", "ko", "he", "ar", "hi", "zh", "ja")


def section(heading):
    return re.split(r"^#+ ", PAGE.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(heading):
    found = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section(heading).splitlines()
        if line.startswith("|")
    ]
    return [cells for cells in found if "`" in cells[0]]


def found_in(query, text):
    """The languages as one of which a text is found."""
    return [
        each for each in LANGUAGES if matches(parse(query, START), article(1, "", text=text, language=each))
    ]


def test_each_query_of_the_tables_is_one():
    asked = [code for cells in rows("## Queries") for code in CODE.findall(cells[0])]
    assert len(asked) > 20
    for query in asked:
        parse(query.replace("\\|", "|"), START)


@pytest.mark.parametrize("cells", rows("### Which words are found"), ids=lambda cells: cells[0][:30])
def test_the_table_of_words_is_true(cells):
    asked = CODE.findall(cells[0])
    for text in ITALIC.findall(cells[1]):
        assert any(found_in(query, text) for query in asked), text
    for text in ITALIC.findall(cells[2]):
        named = re.search(r"by `([^`]+)`[^*]*\*" + re.escape(text), cells[2])
        for query in [named[1]] if named else asked:
            assert "en" not in found_in(query, text), (query, text)


def test_the_spellings_are_true():
    said = re.findall(r"`([^`*]+)`(?: finds)? (\*[^*]+\*)", section("### Spellings").replace("\n", " "))
    assert len(said) > 7
    for query, text in said:
        assert found_in(query, text.strip("*")), (query, text)


@pytest.mark.parametrize(
    "query",
    ["ferry^2", "+ferry chile", "ferry *", '"rate cut*"', 'outlet:"El País"~2', "--", "==", '"rate cut"~1.5'],
)
def test_what_the_page_calls_an_error_is_one(query):
    assert query in section("### Which words are found")
    with pytest.raises(Exception, match="column"):
        parse(query)


def test_everything_a_watch_can_say_can_be_said():
    (block,) = re.findall(r"```yaml\n(watches:.*?)```", PAGE, re.DOTALL)
    (watch,) = load_watches(
        Document("watches.yaml", yaml.safe_load(block.replace("when: immediately", "when: digest")), {})
    )
    assert watch.name == "ferries"


ARTICLES = [
    {
        "url": f"https://example.org/{n}",
        "title": f"Ferry Star Lily sank off Chile, {n} saved",
        "source": f"Outlet {n}",
        "text": f"The ferry Star Lily sank off Chile on Monday; {n} people were saved, says outlet {n}.",
        "published": f"2026-03-02T0{n}:00:00Z",
    }
    for n in range(1, 4)
]


def test_the_first_five_minutes_are_as_the_page_has_them(tmp_path):
    """The watch and the commands of the page, typed in order."""
    first = section("## Your first watch, in five minutes")
    block = re.search(r"```yaml\n(.*?)```", first, re.DOTALL)
    assert block is not None
    entry = dedent(block[1])
    config = tmp_path / "config"
    config.mkdir()
    (config / "settings.yaml").write_text("base: ../base\nstories: {vectors: none}\n")
    (config / "feeds.yaml").write_text("feeds: []\n")
    (config / "watches.yaml").write_text(entry)
    (tmp_path / "base").symlink_to(ROOT / "config")
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(each) + "\n" for each in ARTICLES))

    def typed(command, code=0):
        options = ["--home", str(tmp_path / "home"), "--config", str(config)]
        done = CliRunner().invoke(cli, [*options, *command], env={"COLUMNS": "140"})
        assert done.exit_code == code, (command, done.output, done.exception)
        return done.stdout

    typed(["load", str(tmp_path / "news.jsonl")])
    (story,) = json.loads(typed(["--json", "stories"]))
    commands = re.findall(r"^ {7}wirewatch (.+)$", first, re.MULTILINE)
    assert len(commands) == 5
    told = {each: typed(each.replace("STORY", story["id"]).split()) for each in commands}
    (watch,) = load_watches(Document("watches.yaml", yaml.safe_load(entry), {}))
    quoted = " ".join(
        re.sub(r"^ *> ?", "", line) for line in first.splitlines() if line.lstrip().startswith(">")
    )
    assert quoted == meaning(watch, datetime(2026, 3, 2, tzinfo=UTC))
    assert "Looks for articles with the word ‘ferry’" in " ".join(told["watch check"].split())
    assert "backfill" in told["watch why ferries STORY"]
    new = re.search(r"`wirewatch watch new \"([^\"]+)\"`", first)
    assert new is not None
    typed(["watch", "new", new[1], "--mail", "you@example.org", "--yes"])
    assert "New Zealand" in (config / "watches.yaml").read_text()

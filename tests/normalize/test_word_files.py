"""Every language has every key, and what is wrong in a word file is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigError
from pipeline.languages.calendar_names import is_language
from pipeline.languages.template import TemplateError, pattern_of
from pipeline.languages.word_file import WordFile, read
from pipeline.normalize.words import vocabulary
from pipeline.normalize.words.vocabulary import LANGUAGES, NO_LANGUAGE, Vocabulary

FOLDER = Path(vocabulary.__file__).parent


def keys(form: type[WordFile]) -> dict[str, object]:
    return {
        name: keys(field.annotation)
        if isinstance(field.annotation, type) and issubclass(field.annotation, WordFile)
        else None
        for name, field in form.model_fields.items()
    }


def written(content: object, form: object) -> object:
    assert isinstance(content, dict)
    assert isinstance(form, dict)
    return {name: written(content[name], inner) if inner else None for name, inner in form.items()}


@pytest.mark.parametrize("language", [*LANGUAGES, NO_LANGUAGE])
def test_every_language_has_every_key_and_no_other(language: str) -> None:
    path = FOLDER / f"{language}.yaml"
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # text alone
    assert set(content) == set(Vocabulary.model_fields)
    assert written(content, keys(Vocabulary)) == keys(Vocabulary)
    assert read(path, Vocabulary)
    assert language == NO_LANGUAGE or is_language(language)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  yesterday: [yesterday]\n", ""), "dates.yesterday: Field required"),
        (("  yesterday:", "  yestreday:"), "dates.yestreday"),
        (("  yesterday: [yesterday]\n", "  yesterday: [a]\n  yesterday: [b]\n"), "stands twice"),
        (("leave a reply cancel reply", "leave a (reply"), "a bracket does not close"),
        (("leave a reply cancel reply", "leave a {thing}"), "is none of"),
        (("  yesterday: [yesterday]\n", "  yesterday: [yesterday\n"), "en.yaml"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = (FOLDER / "en.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "en.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"en\.yaml") as caught:
        read(path, Vocabulary)
    assert said in str(caught.value)


def test_words_that_yaml_takes_for_something_else_are_words(tmp_path: Path) -> None:
    class Words(WordFile):
        words: tuple[str, ...]

    path = tmp_path / "x.yaml"
    path.write_text("words: [no, on, yes, 12, null]\n")
    assert read(path, Words).words == ("no", "on", "yes", "12", "null")


@pytest.mark.parametrize("phrase", ["a (b", "a b)", "a {nobody}", "a [|b]", "a ()", "a {number"])
def test_a_phrase_that_cannot_be_read(phrase: str) -> None:
    with pytest.raises(TemplateError):
        pattern_of(phrase)


def test_no_language_table_is_a_pattern_pasted_into_yaml() -> None:
    for path in FOLDER.glob("*.yaml"):
        for sign in ("\\b", "(?:", ".*", "\\s", "[a-z]", "{0,"):
            assert sign not in path.read_text(encoding="utf-8"), path.name

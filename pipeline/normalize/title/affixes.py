"""What outlets and agencies hang on titles: labels, slugs, brackets and sections, in many languages.

The words are in `affix_words.yaml` and in the word files; how they are set is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.languages.template import one_of, one_of_phrases
from pipeline.languages.word_file import WordFile, read
from pipeline.normalize.title.labels import EAST_ASIAN_LABEL, WORD_LABEL
from pipeline.normalize.words.vocabulary import Phrases


class _AffixWords(WordFile):
    everyday: tuple[str, ...]
    hashtags: tuple[str, ...]
    cries: tuple[str, ...]
    east_asian_cries: tuple[str, ...]
    dotted_cries: tuple[str, ...]
    dotted: tuple[str, ...]
    dotted_with_name: tuple[str, ...]
    before_comma: tuple[str, ...]
    bare: tuple[str, ...]
    slugs: tuple[str, ...]
    slug_services: tuple[str, ...]
    slashed_slugs: tuple[str, ...]
    small_slugs: tuple[str, ...]
    bracketed: Phrases
    tails: Phrases
    comma_tails: Phrases
    kept_tails: tuple[str, ...]
    sections: Mapping[str, tuple[str, ...]]
    section_words: tuple[str, ...]
    section_joins: tuple[str, ...]
    decked: tuple[str, ...]
    numbered: tuple[str, ...]
    media: tuple[str, ...]
    media_joins: tuple[str, ...]
    plus_media: tuple[str, ...]
    with_when: tuple[str, ...]
    with_number: tuple[str, ...]
    dashed_tails: tuple[str, ...]
    video_tails: Phrases
    starred_tails: tuple[str, ...]


_WORDS: Final = read(Path(__file__).with_name("affix_words.yaml"), _AffixWords)
# Such as Report: … or LIVE: … or Watch | … or EN DIRECT - …
LABEL: Final = re.compile(
    rf"^(?!{one_of(_WORDS.everyday)}\s*[:|–—-]\s*(?-i:[a-z])){WORD_LABEL}"
    r"(?:\s*[:|»]\s+|\s*[:|»](?=\S)|\s+(?:-|–|—|//)\s+|\s*(?:–|—)\s+|\s*\+{2,}\s*)(?=\S)",
    re.IGNORECASE,
)
# Symbols that feeds put before a title, and stars around a label: 🔴 …, ▶ …, **BREAKING** …
MARKED: Final = re.compile(
    r"^(?:[🔴🟥🟢🔵⚫⚪⭕🚨📷📸🎥📹📺🎧🎙📰📝📊⚡❗‼⚠▶►◄●•■◆★☆✅➡→⏩🆕]\ufe0f?\s*)+(?=\S)|"
    rf"^(?P<star>\*{{1,3}}|_{{1,2}}|~){WORD_LABEL}(?P=star)\s*[:|–—-]?\s+(?=\S)",
    re.IGNORECASE,
)
# Such as #BREAKING … or Срочно! …; capitals or an outcry, since these words begin sentences, too.
CRY: Final = re.compile(
    rf"^(?:#{one_of(_WORDS.hashtags)}\b\s*[:|\-–—]?|(?i:{one_of(_WORDS.cries)})(?:!+|\.{{2,}})|"
    rf"{one_of(_WORDS.east_asian_cries)}[!！]+|{one_of(_WORDS.dotted_cries)}\s*\.{{2,}})\s*(?=\S)"
)
# A reporter's or programme's own words in the brackets of East Asia are left.
EAST_ASIAN: Final = re.compile(
    rf"^(?:[【［\[(（＜〈《<〔]{EAST_ASIAN_LABEL}[】］\])）＞〉》>〕]|{EAST_ASIAN_LABEL}\s?[:：|｜])\s*(?=\S)|"
    rf"\s*[【［\[(（＜〈《<〔]{EAST_ASIAN_LABEL}[】］\])）＞〉》>〕]$"
)
# Such as DIRECT. … or LIVEBLOG. …; in capitals, since a sentence may consist of such a word.
CAPITALS: Final = re.compile(rf"^{WORD_LABEL}\.\s+(?=\S)", re.IGNORECASE)
DOTTED: Final = re.compile(
    rf"^(?:{one_of(_WORDS.dotted)}|{one_of(_WORDS.dotted_with_name)} [A-ZÀ-Ý0-9'’ -]{{2,30}})\.\s+(?=\S)|"
    rf"^{one_of(_WORDS.before_comma)}, (?=\S)|"
    rf"^{one_of(_WORDS.bare)} (?=[A-ZÀ-Þ][^\W\d_A-Z])"
)
# Such as +++ Eilmeldung +++ … or (2nd LD) … or Update 3: …
DECKED: Final = re.compile(
    rf"^(?:\+{{2,}}\s*{WORD_LABEL}\s*\+{{2,}}\s*:?|"
    rf"\((?:\d\w\w )?{one_of(_WORDS.decked)}\)|{one_of(_WORDS.numbered)} \d{{1,2}}:)\s+(?=\S)",
    re.IGNORECASE,
)
# Reuters: "UPDATE 2-", "WRAPUP 3-", "RPT-UPDATE 1-", "EXCLUSIVE-"; capitals only, no blank before the dash.
SLUG: Final = re.compile(
    rf"^(?:(?:{one_of(_WORDS.slugs)}|{one_of(_WORDS.slug_services)}-[A-Za-z]+)(?:-?\(OFFICIAL\))?"
    r"(?:[ /]?\d{1,2})?(?:/[A-Z ]+\d{0,2})?"
    r"(?:\s?-\s?|:\s*)|"
    # dpa-AFX parts its labels by a slash.
    rf"(?:GESAMT-)?{one_of(_WORDS.slashed_slugs)}(?: ?\d{{1,2}})?"
    r"/(?=[A-ZÄÖÜ0-9'\"][^A-ZÄÖÜ]))(?=\S)"
)
SLUG_LOOSE: Final = re.compile(
    rf"^{one_of(_WORDS.small_slugs)}\s*\d{{0,2}}\s?-\s?(?=[A-Z\"'])",
    re.IGNORECASE,
)
_MEDIA = one_of(_WORDS.media)
_BRACKET_WORD = (
    rf"(?:{WORD_LABEL}|{one_of_phrases(_WORDS.bracketed)}|\+ ?{one_of(_WORDS.plus_media)}|"
    rf"{_MEDIA}(?: {one_of(_WORDS.media_joins)} |/|, ?){_MEDIA}|[a-z]\+|"
    rf"{one_of(_WORDS.with_when)}[ :][^()\[\]]{{1,30}}|{one_of(_WORDS.with_number)}[ :]\d?[^()\[\]]{{0,20}})"
)
BRACKETED: Final = re.compile(
    rf"^[\[(]\s*{_BRACKET_WORD}\s*[\])]\s*[:\-–—|]?\s*(?=\S)|\s*[\[(]\s*{_BRACKET_WORD}\s*[\])]$",
    re.IGNORECASE,
)
TAIL_LABEL: Final = re.compile(
    rf"\s*(?:(?:[|]|\s--?|\s[–—])\s*{one_of_phrases(_WORDS.tails)}|"
    rf"(?:--|:(?= live$))\s*{one_of(_WORDS.dashed_tails)}|[;:]\s{one_of_phrases(_WORDS.video_tails)}|"
    rf"\s\*+{one_of(_WORDS.starred_tails)}\*+|"
    rf"(?:[|]|\s[-–—]|,|:(?= live (?:updates?|blog)))\s*{one_of_phrases(_WORDS.comma_tails)})\.?$",
    re.IGNORECASE,
)
# A format with a capital behind a dash: "… – Kommentar", "… - FOTO".
TAIL_FORMAT: Final = re.compile(rf"\s(?:--?|[–—])\s(?P<format>{WORD_LABEL})$", re.IGNORECASE)
KEPT_TAIL: Final = re.compile(
    rf"(?:,|\s(?:--?|[–—]))\s*{one_of(_WORDS.kept_tails)}\.?$",
    re.IGNORECASE,
)
SECTION: Final = re.compile(
    rf"^(?:{one_of({name for names in _WORDS.sections.values() for name in names})}"
    rf"(?: {one_of(_WORDS.section_words)})?"
    rf"(?:\s*(?:&|,|/|\+|\b{one_of(_WORDS.section_joins)}\b)\s*|$)){{1,4}}(?<![&,/+])$",
    re.IGNORECASE,
)

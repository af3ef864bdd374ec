"""Keywords: the words of an article or a story that are rare in the news of the last weeks.

An article's words are weighted as they are for comparing: (1 + log tf) idf, with the document frequencies of
the stream up to the article (`Language.idf`). Those forget: when 20,000 articles of a language are counted,
all counts are halved, the number of articles too, which keeps some weeks of a full stream. While there is
little history, the prior decides: how common a word is in its language (wordfreq). An article keeps the
keywords that it got on arrival, like its other features, so a replay gives the same, in batches of any size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pipeline.stories.features.statistics import Language
from pipeline.stories.features.tokens import has_prior, is_unspaced, prior_share, term_id
from pipeline.text import fold, stem

KEYWORDS_KEPT: Final = 8
# A keyword occurs at least this often; a word of the title counts twice (`features`).
_LEAST_COUNT: Final = 2
_LEAST_LETTERS: Final = 3
# A word that more than one in twenty articles has tells little: -log(1/20) = 3.0.
_LEAST_IDF: Final = 3.0
# In a language without a word list, rare words can be told from common ones after this many articles.
_LEAST_HISTORY: Final = 200


def article_keywords(counts: Mapping[str, int], known: Language) -> tuple[str, ...]:
    """The keywords of one article, strongest first.

    Args:
        counts: How often each of its words (`tokens`) occurs.
        known: How common words are in the article's language, with the article itself counted or not.

    Returns:
        At most `KEYWORDS_KEPT` words in lower case, one for all forms of a word; empty for a language of
        which too little is known.
    """
    language = known.language
    if not has_prior(language) and known.terms.articles < _LEAST_HISTORY:
        return ()
    likely = (word for word, count in counts.items() if count >= _LEAST_COUNT and _may_be(word, language))
    scored: list[tuple[float, str]] = []
    for forms in _by_stem(likely, language):
        rarity = min(known.idf(form) for form in forms)
        if rarity >= _LEAST_IDF:
            total = sum(counts[form] for form in forms)
            shown = min(forms, key=lambda form: (-counts[form], len(form), form))
            scored.append((-round((1.0 + math.log(total)) * rarity, 9), shown))
    return tuple(word for _, word in sorted(scored)[:KEYWORDS_KEPT])


def _by_stem(words: Iterable[str], language: str) -> Iterable[list[str]]:
    """Groups words that have the same stem."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(stem(fold(word), language), []).append(word)
    return groups.values()


def _may_be(word: str, language: str) -> bool:
    """Whether a token may be a keyword: no figures; of scripts without spaces only pairs that are words."""
    if any(char.isdigit() for char in word):
        return False
    if is_unspaced(word):
        return prior_share(word, language) > 0.0
    return len(word) >= _LEAST_LETTERS


def story_keywords(
    members: Iterable[Sequence[str]], weights: Mapping[int, float], language: str
) -> tuple[str, ...]:
    """The keywords of a story: its members' keywords, by their weight in the story's sum vector.

    Args:
        members: The keywords of each member in the story's main language.
        weights: The sum of the members' unit vectors of words, by `term_id`; each was weighted by what came
            before the member.
        language: The story's main language.

    Returns:
        At most `KEYWORDS_KEPT` words, strongest first, one for all forms of a word.
    """
    held = Counter(word for words in members for word in words)
    scored: list[tuple[float, str]] = []
    for forms in _by_stem(held, language):
        weight = math.fsum(weights.get(term_id(form), 0.0) for form in sorted(forms))
        shown = min(forms, key=lambda form: (-held[form], len(form), form))
        scored.append((-round(weight, 6), shown))
    return tuple(word for _, word in sorted(scored)[:KEYWORDS_KEPT])

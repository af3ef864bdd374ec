"""How many common words find words of a text by the stem of another language. The figure is 0.

    python -m benchmarks.query.false_stems

Each of the 3,000 commonest words of a language is looked for in a text of each other one. A hit is false
where the two have different stems in the language of the text.
"""

from __future__ import annotations

from wordfreq import top_n_list

from pipeline import text as analysis
from pipeline.query.words.search_tokens import base_language, text_tokens, word_tokens, words


def false_hits(language: str, count: int) -> dict[str, list[str]]:
    """For each word with false hits, the words that it hits falsely."""
    common = list(dict.fromkeys(word for each in top_n_list(language, count) for word in words(each)))
    base = base_language(language)
    holders: dict[str, list[str]] = {}
    for word in common:
        for token in text_tokens(word, [word], language):
            holders.setdefault(token, []).append(word)
    found: dict[str, list[str]] = {}
    for asked in common:
        stem = analysis.searched_stem(asked, base)
        hit = {word for token in word_tokens(asked) for word in holders.get(token, ())}
        if false := sorted(word for word in hit if analysis.searched_stem(word, base) != stem):
            found[asked] = false
    return found


def main() -> None:
    """Prints the figure for each language."""
    for language in ("en", "de", "es", "fr", "it", "nl", "pt", "pl", "cs", "ru", "sv"):
        found = false_hits(language, 3000)
        pairs = sum(map(len, found.values()))
        print(f"{language}: {len(found)} of 3,000 words have false hits ({pairs} pairs)")


if __name__ == "__main__":
    main()

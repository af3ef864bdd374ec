"""Names in texts by spaCy, or by their look where no model is. The only file that imports spaCy."""

from __future__ import annotations

import importlib.util
import logging
import re
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Literal

from pipeline.enrich.names.look.patterns import named_spans, opens_sentence
from pipeline.enrich.names.look.tagger import Tagger
from pipeline.ports import Mention
from pipeline.records import Article, Span

if TYPE_CHECKING:
    from spacy.language import Language

_LOG = logging.getLogger("wirewatch.enrich")
# With these left out the entities of the small English model stay the same, at twice the speed
# (docs/benchmarks.md); a model whose recognizer listens to a shared tok2vec keeps that.
_EXCLUDED = ("tagger", "parser", "attribute_ruler", "lemmatizer", "morphologizer", "senter", "textcat")
_LABELS = {
    "PER": "PERSON",
    "PERS": "PERSON",
    "ORGANIZATION": "ORG",
    "LOCATION": "LOC",
    "persName": "PERSON",
    "orgName": "ORG",
    "placeName": "LOC",
    "geogName": "LOC",
    "WORK": "WORK_OF_ART",
    "PRS": "PERSON",
    "EVN": "EVENT",
    "TME": "DATE",
    "GPE_LOC": "GPE",
    "GPE_ORG": "GPE",
}
_PARTED = "\n\n"
# The language whose model is believed alone; those of others stand beside what capitals tell.
_TRUSTED = "en"
_SURROGATE = re.compile("[\ud800-\udfff]")  # spaCy cannot encode them
# No word is this long. spaCy cuts marks off such a run one by one, in time that grows with its square:
# 100,000 ampersands took minutes. Scripts that are written without spaces have long runs by nature.
_RUN_CHARS = 200
_RUN = re.compile(f"[^\\s\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{{{_RUN_CHARS},}}")
_BATCH = 32
# A pipeline remembers this many words, the first ones to come and so nearly all frequent ones, and how each
# is tokenized; that is some 25 MiB. All later words go with their batch.
_KEPT_WORDS = 50_000
# The shape of most multiplications of the small English model: tokens of a batch, inputs, outputs.
_SHAPE = (512, 288, 288)
_TURNS = 5
# What was said in this process: Airflow's tasks make recognizers anew.
_TOLD: set[str] = set()


class SpacyRecognizer:
    """A `Recognizer` with one spaCy pipeline a language, each loaded when first needed.

    Args:
        models: Package names of spaCy models by language (ISO 639-1).
        max_text_chars: Characters of a text that are read; the rest of a longer one is passed over.
        batch_size: Texts a batch.
        kept_words: Words of a language that are remembered from one batch to the next.
    """

    def __init__(
        self,
        models: Mapping[str, str],
        max_text_chars: int = 100_000,
        batch_size: int = _BATCH,
        kept_words: int = _KEPT_WORDS,
    ) -> None:
        self._models = dict(models)
        self._max = max_text_chars
        self._batch = batch_size
        self._kept_words = kept_words
        self._pipelines: dict[str, Language | None] = {}
        self._notes: dict[str, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each language met so far that has no model: what is missing and what to install."""
        return tuple(self._notes[language] for language in sorted(self._notes))

    def recognize(self, articles: Sequence[Article]) -> list[tuple[Mention, ...]]:
        """For each article its mentions, title first, in order of place."""
        found: list[tuple[Mention, ...]] = [()] * len(articles)
        by_language: dict[str, list[int]] = {}
        for position, article in enumerate(articles):
            by_language.setdefault(article.language, []).append(position)
        self._say_which_have_none(by_language)
        for language in sorted(by_language):
            positions = by_language[language]
            chosen = [articles[position] for position in positions]
            for position, mentions in zip(positions, self._read(language, chosen), strict=True):
                found[position] = mentions
        return found

    def _read(self, language: str, articles: Sequence[Article]) -> list[tuple[Mention, ...]]:
        pipeline = self._pipeline(language)
        if pipeline is None:
            return [self._by_look(article) for article in articles]
        texts = [self._joined(article) for article in articles]
        results = []
        # New words are forgotten with the zone: else each costs memory for as long as the process lives. A
        # word that is remembered need not be tokenized and looked at again.
        with pipeline.memory_zone() if len(pipeline.vocab) >= self._kept_words else nullcontext():
            for article, document in zip(articles, pipeline.pipe(texts, batch_size=self._batch), strict=True):
                offset = len(article.title) + len(_PARTED)
                spans = [(ent.start_char, ent.end_char, ent.label_) for ent in document.ents]
                found = tuple(self._mentions(article, spans, offset))
                results.append(
                    found if language == _TRUSTED else _beside(self._by_look(article), found, article)
                )
        return results

    def _joined(self, article: Article) -> str:
        text = article.title + _PARTED + article.text[: self._max]
        if not text.isascii():
            text = _SURROGATE.sub("?", text)
        if max(map(len, text.split()), default=0) < _RUN_CHARS:
            return text
        return _RUN.sub(lambda run: " " * len(run[0]), text)  # as long as it was: offsets stay

    @staticmethod
    def _mentions(article: Article, spans: Sequence[tuple[int, int, str]], offset: int) -> list[Mention]:
        mentions = []
        for start, end, written in spans:
            label = _LABELS.get(written, written)
            if end <= len(article.title):
                mentions.append(Mention(Span("title", start, end, article.title[start:end]), label))
            elif start >= offset:
                left, right = start - offset, end - offset
                mentions.append(Mention(Span("text", left, right, article.text[left:right]), label))
        return mentions

    def _by_look(self, article: Article) -> tuple[Mention, ...]:
        language = article.language
        tagger = Tagger.learned(language)
        find = named_spans if tagger is None else tagger.names
        mentions = []
        for field, text in (("title", article.title), ("text", article.text[: self._max])):
            where: Literal["title", "text"] = "title" if field == "title" else "text"
            mentions += [
                Mention(Span(where, start, end, text[start:end]), label)
                for start, end, label in find(text, language)
            ]
        return tuple(mentions)

    def _pipeline(self, language: str) -> Language | None:
        if language not in self._pipelines:
            self._pipelines[language] = self._load(language)
        return self._pipelines[language]

    def _load(self, language: str) -> Language | None:
        model = self._models.get(language, "")
        if not model:
            if re.fullmatch(r"[a-z]{2}", language):
                self._notes[language] = (
                    f"no model for {language!r}: names are found by their look; set "
                    f"enrich.models.{language} in settings.yaml"
                )
            return None
        if importlib.util.find_spec(model.partition(".")[0]) is None:
            package = model.replace("_", "-")
            self._note(
                language,
                f"the model {model!r} for {language!r} is not installed: pip install {package}; "
                f"names are found by their look",
            )
            return None
        import spacy

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pipeline = spacy.load(model, exclude=_EXCLUDED)
                _drop_unused_vectors(pipeline)
                _multiply_by(pipeline, multiplication())
        except (OSError, ValueError, KeyError, ImportError) as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            self._note(
                language,
                f"the model {model!r} for {language!r} cannot be loaded ({reason}); names are "
                f"found by their look",
            )
            return None
        pipeline.max_length = max(pipeline.max_length, 2 * self._max + 10_000)
        return pipeline

    def _say_which_have_none(self, languages: Iterable[str]) -> None:
        """One line a process for languages that are meant to have no model; `wirewatch doctor` shows all."""
        bare = (name for name in languages if re.fullmatch(r"[a-z]{2}", name) and not self._models.get(name))
        new = sorted(set(bare) - _TOLD)
        if new and not any(re.fullmatch(r"[a-z]{2}", told) for told in _TOLD):
            _LOG.warning(
                "no model for %s: names there are found by their look; enrich.models in settings.yaml gives "
                "a language one, wirewatch doctor shows which have one",
                ", ".join(new),
            )
        elif new:
            _LOG.info("no model for %s: names there are found by their look", ", ".join(new))
        _TOLD.update(new)

    def _note(self, language: str, text: str) -> None:
        self._notes[language] = text
        if text not in _TOLD:
            _TOLD.add(text)
            _LOG.warning("%s", text)


def _beside(looked: Sequence[Mention], modelled: Sequence[Mention], article: Article) -> tuple[Mention, ...]:
    """What was found by its look, and what a model finds beside it.

    The small models of other languages take the first word of many a sentence for a name; what is right is
    seldom one word alone there.
    """
    kept = list(looked)
    for mention in modelled:
        span = mention.span
        content = article.title if span.field == "title" else article.text
        if mention.label == "MISC" or (" " not in span.text and opens_sentence(content, span.start)):
            continue
        if not any(
            span.field == other.span.field and span.start < other.span.end and other.span.start < span.end
            for other in looked
        ):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda each: each.span.order))


def _drop_unused_vectors(pipeline: Language) -> None:
    """Takes out a shared tok2vec that the recognizer does not listen to; it costs half the time."""
    if "tok2vec" not in pipeline.pipe_names or "ner" not in pipeline.pipe_names:
        return
    model = pipeline.get_pipe("ner").model  # type: ignore[attr-defined]
    if not any("listener" in node.name for node in model.walk()):
        pipeline.remove_pipe("tok2vec")


@cache
def multiplication() -> Literal["BLIS", "OpenBLAS"]:
    """The library that multiplies matrices faster here, found once per process in some milliseconds.

    spaCy comes with BLIS, which knows no kernel of its own for many processors and is then up to three times
    as slow as numpy's OpenBLAS. Both find the same names.
    """
    import numpy as np
    from thinc.api import NumpyOps

    tokens, inputs, outputs = _SHAPE
    left, right = np.ones((tokens, inputs), np.float32), np.ones((outputs, inputs), np.float32)

    def seconds(ops: NumpyOps) -> float:
        begun = time.process_time()
        ops.gemm(left, right, trans2=True)
        return time.process_time() - begun

    blis, openblas = NumpyOps(), NumpyOps(use_blis=False)
    pairs = [(seconds(blis), seconds(openblas)) for _ in range(_TURNS)]
    return "OpenBLAS" if min(pair[1] for pair in pairs) < min(pair[0] for pair in pairs) else "BLIS"


def _multiply_by(pipeline: Language, name: Literal["BLIS", "OpenBLAS"]) -> None:
    """Has every layer of a pipeline multiply by this library."""
    from thinc.api import NumpyOps

    ops = NumpyOps(use_blis=name == "BLIS")
    for _, part in pipeline.pipeline:
        for node in part.model.walk() if hasattr(part, "model") else ():
            node.ops = ops

"""Mentions → entities: short forms to long ones, spellings to ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.enrich.names.forms import key_of, organisation_key, skeleton, slug
from pipeline.enrich.names.known.aliases import Aliases, KnownNames
from pipeline.enrich.names.known.gazetteer import countries, gazetteer
from pipeline.enrich.names.mentions import LISTED, FieldText, Named, field_text, named_in
from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.enrich.names.sense.headlines import confirmed
from pipeline.enrich.names.sense.judging import Row, judged
from pipeline.enrich.names.sense.mending import sensible
from pipeline.enrich.names.sense.surroundings import Context, context_of
from pipeline.ports import Mention
from pipeline.records import ENTITY_PREFIX, MISTAKEN, Article, Entity, EntityKind, Span, most_salient_first

_LEAD_CHARS = 500
_MAX_SPANS = 200
# Capitalised words that are family names too: alone they name nobody.
_COMMON = NAME_WORDS.common


@dataclass(slots=True)
class _Group:
    """Mentions of one thing."""

    kind: EntityKind
    key: tuple[str, ...]
    known: KnownNames | None = None
    names: list[tuple[FieldText, Named]] = field(default_factory=list)


def resolve(article: Article, mentions: Sequence[Mention], aliases: Aliases) -> tuple[Entity, ...]:
    """The entities of an article, the most salient first.

    Args:
        article: Where the mentions stand.
        mentions: What a recognizer found; offsets of the article's title and text.
        aliases: Spellings that are known.

    Returns:
        Entities whose spans fit `article.title` and `article.text`.
    """
    drawn, context = read(article, mentions, aliases)
    kept = judged(drawn, context) if article.language == "en" else [row for _, _, row in drawn]
    rows = [(part, row) for (part, *_), row in zip(drawn, kept, strict=True)]
    named = [(part, one) for part, row in rows for one in row]
    if not context.sport:
        named = _as_known_elsewhere(named, context.families)
    groups = _grouped(_settled_kinds(named), aliases)
    _add_repeats(groups, rows)
    return tuple(_located(entity, context.countries) for entity in _entities(groups))


def read(article: Article, mentions: Sequence[Mention], aliases: Aliases) -> tuple[list[Row], Context]:
    """Title and text with what model and tables find, and what the rules leave of that; the context."""
    fields = (field_text("title", article.title), field_text("text", article.text))
    found = [
        (part, named_in(part, [m for m in mentions if m.span.field == part.field], aliases))
        for part in fields
    ]
    context = context_of(article, aliases, found)
    rows = [(part, row, sensible(part, row, context)) for part, row in found]
    (title, heard, kept), (text, *_) = rows
    if article.language == "en" and title.headline and not title.shouting:
        rows[0] = (title, heard, confirmed(title, kept, text))
    return rows, context


def _located(entity: Entity, named: frozenset[str]) -> Entity:
    """A country with its ids and its middle; a city with its id and point, where one alone can be meant."""
    if entity.kind != "place":
        return entity
    code, _, region = entity.id.removeprefix(f"{ENTITY_PREFIX['place']}:").partition("-")
    country = countries().get(code)
    if country is not None:
        if region:
            return replace(entity, country=code)
        return replace(
            entity, country=code, geonames=country.geonames, at=country.at, wikidata=country.wikidata
        )
    city = gazetteer().city(key_of(entity.name), named)
    if city is None or not city.alone:
        return entity
    return replace(entity, country=city.country, geonames=city.geonames, at=(city.latitude, city.longitude))


def _as_known_elsewhere(
    named: list[tuple[FieldText, Named]], families: frozenset[str]
) -> list[tuple[FieldText, Named]]:
    """Mentions of one article with the same words are one thing: what is a known place here is one there."""
    known: dict[tuple[str, ...], KnownNames] = {}
    for part, one in named:
        if one.known is not None and one.kind == "place":
            known.setdefault(part.folded(one), one.known)
    settled = []
    for part, one in named:
        meant = known.get(part.folded(one)) if one.known is None and one.kind in MISTAKEN else None
        if meant is not None and part.folded(one)[-1] not in families:
            settled.append((part, replace(one, kind="place", known=meant)))
        else:
            settled.append((part, one))
    return settled


def _settled_kinds(named: list[tuple[FieldText, Named]]) -> list[tuple[FieldText, Named]]:
    """Gives unknown names of the same words one kind: that of most mentions, the text counting more."""
    votes: dict[tuple[str, ...], Counter[EntityKind]] = {}
    for part, one in named:
        if one.known is None:
            weight = 2 if part.field == "text" else 1
            votes.setdefault(part.folded(one), Counter())[one.kind] += weight
    settled = []
    for part, one in named:
        if one.known is None:
            tally = votes[part.folded(one)]
            kind = max(sorted(tally), key=tally.__getitem__)
            settled.append((part, replace(one, kind=kind)))
        else:
            settled.append((part, one))
    return settled


def _grouped(named: list[tuple[FieldText, Named]], aliases: Aliases) -> list[_Group]:
    groups: dict[str, _Group] = {}
    full: list[_Group] = []  # persons by full name, in order of first mention
    later: list[tuple[FieldText, Named]] = []
    for part, one in named:
        key = part.folded(one)
        if one.known is None and (one.kind == "person" and len(key) == 1):
            later.append((part, one))
            continue
        group = _group_for(groups, one, key, aliases)
        group.names.append((part, one))
        if group.kind == "person" and group not in full:
            full.append(group)
    # Short forms have one word each, so these stay while they are sorted in.
    ends = [(group, _ends(group, last=True), _ends(group, last=False)) for group in full] if later else []
    for part, one in later:
        _short_form(part, one, ends, groups, aliases).names.append((part, one))
    _adopt(groups, full)
    return [group for group in groups.values() if group.names]


def _group_for(groups: dict[str, _Group], one: Named, key: tuple[str, ...], aliases: Aliases) -> _Group:
    known = one.known
    if known is None and one.kind == "person":
        known = aliases.find_person(key)
    if known is None and one.kind == "organisation":
        known = aliases.find(key) or aliases.find(organisation_key(key)) or aliases.find_person(key)
    if known is not None:
        return groups.setdefault(known.id, _Group(known.kind, key, known))
    if one.kind == "person":
        folded = skeleton(key)
    elif one.kind == "organisation":
        folded = organisation_key(key)
    else:
        folded = key
    return groups.setdefault(f"{ENTITY_PREFIX[one.kind]}:{slug(folded)}", _Group(one.kind, key))


def _short_form(
    part: FieldText,
    one: Named,
    ends: list[tuple[_Group, set[str], set[str]]],
    groups: dict[str, _Group],
    aliases: Aliases,
) -> _Group:
    """The group that a family or given name alone belongs to.

    Args:
        part: Where the name stands.
        one: The name.
        ends: Persons by full name, with the last and the first words of these names.
        groups: All groups by id; a new one is put in.
        aliases: Spellings that are known.
    """
    word = part.folded(one)[0]
    by_last = [group for group, lasts, _ in ends if word in lasts]
    candidates = by_last or [group for group, _, firsts in ends if word in firsts]
    if candidates:
        return _nearest(candidates, part, one)
    known = aliases.find((word,))
    if known is not None:
        return groups.setdefault(known.id, _Group(known.kind, (word,), known))
    return groups.setdefault(f"person:{slug(skeleton((word,)))}", _Group("person", (word,)))


def _ends(group: _Group, *, last: bool) -> set[str]:
    """The last or first words of a group's full names as the article has them."""
    ends = set()
    for part, one in group.names:
        key = part.folded(one)
        if len(key) > 1:
            while len(key) > 2 and key[-1] in NAME_WORDS.generations:
                key = key[:-1]
            ends.add(key[-1] if last else key[0])
    return ends


def _nearest(candidates: list[_Group], part: FieldText, one: Named) -> _Group:
    """Of several people of one name, the one last named in full before the mention, else the first."""
    if len(candidates) == 1:
        return candidates[0]

    def place(group: _Group) -> tuple[int, int]:
        before = [
            named.first
            for other, named in group.names
            if other.field == part.field and named.first < one.first
        ]
        return (1, max(before)) if before else (0, -min((named.first for _, named in group.names), default=0))

    return max(candidates, key=place)


def _adopt(groups: dict[str, _Group], full: list[_Group]) -> None:
    """Lets long names take in what is short for them: acronyms, beginnings, and misread family names."""
    organisations = [group for group in groups.values() if group.kind == "organisation"]
    for id_, group in list(groups.items()):
        listed = all(one.label == LISTED for _, one in group.names)
        if (group.known is not None and not listed) or not group.names or len(group.key) != 1:
            continue
        word = group.key[0]
        if group.kind != "person":
            owner = next((one for one in full if one is not group and word in _ends(one, last=True)), None)
            if owner is not None and word not in _COMMON and group.kind == "organisation":
                _move(groups, id_, group, owner)
                continue
        if group.kind == "organisation":
            owners = [one for one in organisations if one is not group and _is_short_for(word, one)]
            if len(owners) == 1:
                _move(groups, id_, group, owners[0])


def _move(groups: dict[str, _Group], id_: str, group: _Group, owner: _Group) -> None:
    owner.names.extend(group.names)
    group.names = []
    groups.pop(id_)


def _is_short_for(word: str, group: _Group) -> bool:
    """Whether a word is the initials of an organisation's name, or what is left of it in short."""
    for part, one in group.names:
        key = [each for each in part.folded(one) if each not in NAME_WORDS.no_initials]
        if len(key) > 2 and "".join(w[0] for w in key) == word:
            return True
        if len(key) == 2 and key[0] == word and len(word) > 3 and key[1] in _FOLLOWERS:
            return True
    return False


_FOLLOWERS = NAME_WORDS.company_words


def _add_repeats(groups: list[_Group], rows: list[tuple[FieldText, list[Named]]]) -> None:
    """Finds further places where a name of the document stands, which the model passed over."""
    wanted: dict[tuple[str, ...], _Group | None] = {}
    for group in groups:
        for key in _repeat_keys(group):
            wanted[key] = group if key not in wanted or wanted[key] is group else None
    lengths = sorted({len(key) for key in wanted}, reverse=True)
    firsts = {key[0] for key in wanted}
    for part, row in rows:
        covered = {position for one in row for position in range(one.first, one.last)}
        for first, token in enumerate(part.tokens):
            if first in covered or token.folded not in firsts or not token.text[0].isupper():
                continue
            for length in lengths:
                last = first + length
                key = tuple(other.folded for other in part.tokens[first:last])
                found = wanted.get(key) if len(key) == length else None
                if found is None or not covered.isdisjoint(range(first, last)):
                    continue
                if not all(other.text[0].isupper() for other in part.tokens[first:last]):
                    continue
                found.names.append((part, Named(part.field, first, last, found.kind, "REPEAT")))
                covered.update(range(first, last))
                break


def _repeat_keys(group: _Group) -> set[tuple[str, ...]]:
    keys: set[tuple[str, ...]] = set()
    for part, one in group.names:
        key = part.folded(one)
        if len(key) > 1 and group.kind in {"person", "organisation", "place"} and not part.headline:
            keys.add(key)
        if group.kind == "person" and len(key[-1]) > 2 and key[-1] not in _COMMON:
            keys.add((key[-1],))
    return keys


def _entities(groups: list[_Group]) -> tuple[Entity, ...]:
    merged: dict[str, tuple[_Group, list[tuple[FieldText, Named]]]] = {}
    for group in groups:
        id_ = _id(group)
        merged.setdefault(id_, (group, []))[1].extend(group.names)
    most = max((len(names) for _, names in merged.values()), default=1)
    entities = [_entity(id_, group, names, most) for id_, (group, names) in merged.items()]
    return most_salient_first(entities)


def _id(group: _Group) -> str:
    if group.known is not None:
        return group.known.id
    keys = [part.folded(one) for part, one in group.names if one.label != "REPEAT"] or [group.key]
    key = group.key if group.kind != "person" else max(keys, key=lambda each: (len(each), each == group.key))
    if group.kind == "person":
        key = skeleton(key)
    elif group.kind == "organisation":
        key = organisation_key(group.key)
    return f"{ENTITY_PREFIX[group.kind]}:{slug(key)}"


def _entity(id_: str, group: _Group, names: list[tuple[FieldText, Named]], most: int) -> Entity:
    spans = sorted({_span(part, one) for part, one in names}, key=lambda span: span.order)
    return Entity(
        id=id_,
        name=group.known.name if group.known else _display(names),
        kind=group.kind,
        count=len(spans),
        salience=salience(spans, most),
        spans=tuple(spans[:_MAX_SPANS]),
    )


def _span(part: FieldText, one: Named) -> Span:
    start, end = part.tokens[one.first].start, part.tokens[one.last - 1].end
    return Span(part.field, start, end, part.text[start:end])


def _display(names: list[tuple[FieldText, Named]]) -> str:
    """The longest name as written, most often in that form; capitals throughout are softened."""
    tally = Counter(part.written(one) for part, one in names)
    best = max(sorted(tally), key=lambda name: (len(name.split()), not name.isupper(), tally[name]))
    return best.title() if best.isupper() and len(best) > 5 and " " in best else best


def salience(spans: Sequence[Span], most: int) -> float:
    """How much an article is about an entity: .35 for the title, .25 for the lead, .4 for frequency.

    Args:
        spans: Its mentions.
        most: Mentions of the entity that has most of them.
    """
    score = 0.35 * any(span.field == "title" for span in spans)
    score += 0.25 * any(span.field == "text" and span.start < _LEAD_CHARS for span in spans)
    return round(score + 0.4 * len(spans) / max(most, 1), 4)

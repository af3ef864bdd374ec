"""Names of indices, and the templates from which they are made (`config/elasticsearch/`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.store.elasticsearch.link import ONE_SHARD, Layout, Link

# Raised when a template changes in such a way that documents must be rewritten (`migrate`).
VERSION = 11
# Raised when templates get new fields: the next commit adds them to the indices, and nothing is rewritten.
FIELDS = 2
# In a checkout the templates are beside the package; a wheel has them inside.
_PLACES = (Path(__file__).parents[3] / "config" / "elasticsearch", Path(__file__).parent / "templates")
TEMPLATES = next((place for place in _PLACES if (place / "index").is_dir()), _PLACES[0])
KINDS = (
    "stories", "decisions", "versions", "changes", "corrections", "learned", "quarantine", "feeds",
    "tellings", "alerts", "outbox",
)  # fmt: skip
# Kinds that have indices for each month.
MONTHLY = ("articles", "members")
# All years before, and all years after, share one index: wrong dates must not cost a shard for each month.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def month(time: datetime) -> str:
    """The monthly index that a time belongs to: "2026.03"."""
    if time.year < _FIRST_YEAR:
        return f"{_FIRST_YEAR - 1}.older"
    if time.year > _LAST_YEAR:
        return f"{_LAST_YEAR + 1}.newer"
    return f"{time.year:04d}.{time.month:02d}"


def shards_of(kind: str, layout: Layout) -> int:
    """How many shards an index of this kind or part has: those of months as in the layout, others one."""
    return layout.shards if kind.partition("-")[0] in MONTHLY else 1


class Names:
    """The names of a store under one prefix: aliases to read and write, and the indices behind them.

    A kind is divided into parts, numbered from 1 (`parts.py`): "decisions-p2" is the second part of the
    decisions, "articles-2026.03-p1" the first of a month's articles. Each part is written through an alias of
    its own; all parts and months of a kind are read through one.

    Args:
        prefix: What all names begin with.
        layout: How the indices are laid out on the nodes.
    """

    def __init__(self, prefix: str, layout: Layout = ONE_SHARD) -> None:
        self.prefix = prefix
        self.layout = layout
        self.articles = self.alias("articles")
        self.members = self.alias("members")

    def alias(self, kind: str) -> str:
        """The alias of a kind of document, or of one part of it ("decisions-p2")."""
        return f"{self.prefix}-{kind}"

    def index(self, kind: str, epoch: int) -> str:
        """The index behind an alias."""
        return f"{self.prefix}-{kind}-v{epoch}"


def _template(path: Path, prefix: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise StoreError(
            f"the index template {path} is missing: install Wirewatch with its config folder"
        ) from None
    template: dict[str, Any] = json.loads(text.replace("PREFIX", prefix))
    return template


def _base(names: Names) -> dict[str, Any]:
    """The component that all index templates share, with the replicas of the layout."""
    base = _template(TEMPLATES / "component" / "base.json", names.prefix)
    base["template"]["settings"]["index"].update(_replicas(names.layout))
    return base


def _replicas(layout: Layout) -> dict[str, Any]:
    if layout.replicas is None:
        return {"auto_expand_replicas": "0-1"}
    return {"auto_expand_replicas": "false", "number_of_replicas": layout.replicas}


def _templates(names: Names) -> dict[str, dict[str, Any]]:
    """The index templates by name, as they should be."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((TEMPLATES / "index").glob("*.json")):
        template = _template(path, names.prefix)
        if (shards := shards_of(path.stem, names.layout)) > 1:
            template["template"].setdefault("settings", {}).setdefault("index", {})["number_of_shards"] = (
                shards
            )
        found[f"{names.prefix}-{path.stem}"] = template
    return found


def install_templates(link: Link, names: Names) -> None:
    """Puts the templates into the cluster; the same ones again change nothing."""
    base = _base(names)
    link.call(
        "install the index templates",
        lambda client: client.cluster.put_component_template(name=f"{names.prefix}-base", **base),
    )
    for name, template in _templates(names).items():
        link.call(
            "install the index templates",
            lambda client, name=name, body=template: client.indices.put_index_template(name=name, **body),  # type: ignore[misc]
        )


def extend_indices(link: Link, names: Names) -> None:
    """Gives existing indices the fields and replicas of the templates; documents stay as they are.

    Raises:
        StoreError: Elasticsearch refuses, because an existing field would change its type.
    """
    install_templates(link, names)
    base = _base(names)["template"]
    for kind in (*MONTHLY, *KINDS, "state"):
        mappings = _laid(
            base["mappings"], _templates(names)[f"{names.prefix}-{kind}"]["template"]["mappings"]
        )
        link.call(
            "add fields to the indices",
            lambda client, kind=kind, fields=mappings["properties"]: client.indices.put_mapping(  # type: ignore[misc]
                index=names.alias(kind), properties=fields
            ),
        )
        link.call(
            "set the replicas of the indices",
            lambda client, kind=kind: client.indices.put_settings(  # type: ignore[misc]
                index=names.alias(kind), settings=_replicas(names.layout)
            ),
        )


def damage(link: Link, names: Names, epoch: int, parts: Mapping[str, int]) -> list[str]:
    """What is not as this version makes it: templates, indices, and the aliases that lead to them.

    Args:
        link: The connection.
        names: The names of the store's indices.
        epoch: The number at the end of the names of the indices in use.
        parts: The newest part of each kind that has more than one.
    """
    base = _base(names)["template"]
    found = [
        f"the index template {name} is not as this version makes it; `wirewatch store migrate` installs it"
        for name, wanted in _templates(names).items()
        if _in_effect(link, name)
        != _in_effect(link, name, wanted | {"composed_of": [], "template": _laid(base, wanted["template"])})
    ]
    answer = link.call(
        "look at the aliases",
        lambda client: client.indices.get_alias(index=f"{names.prefix}-*", expand_wildcards="all"),
    )
    there = {index: about["aliases"] for index, about in answer.items() if of_store(names, index)}
    needed = {names.index(each, epoch) for kind in KINDS for each in parts_of(kind, parts.get(kind, 1))}
    needed |= {names.index("state", 1)}
    found += [f"the index {index} is not there; restore a snapshot" for index in sorted(needed - set(there))]
    for index, aliases in sorted(there.items()):
        kind = index_kind(names, index)
        if epoch_of(index) == epoch or kind == "state":
            missing = [alias for alias in aliases_of(names, kind) if alias not in aliases]
            found += [f"the alias {alias} does not lead to {index}; restore a snapshot" for alias in missing]
    return found


def _in_effect(link: Link, name: str, instead: Mapping[str, Any] | None = None) -> Any:
    """What an index would get from a template, or from `instead` in its place; None where there is none."""
    answer = link.call(
        "look at the index templates",
        lambda client: client.options(ignore_status=(400, 404)).indices.simulate_template(
            name=name, **instead or {}
        ),
    )
    return answer.get("template")


def _laid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One document over another, as Elasticsearch lays a template over those it is composed of."""
    both = {key: _laid(below[key], above[key]) for key in below.keys() & above.keys()
            if isinstance(below[key], dict) and isinstance(above[key], dict)}  # fmt: skip
    return {**below, **above, **both}


def make_index(link: Link, names: Names, kind: str, epoch: int, *, aliased: bool = True) -> str:
    """Makes the index of a part, with its aliases, if it is missing; returns its name."""
    index = names.index(kind, epoch)
    aliases: dict[str, Any] = {alias: {} for alias in aliases_of(names, kind)} if aliased else {}

    def ask(client: Any) -> None:
        if not client.indices.exists(index=index):
            client.options(ignore_status=400).indices.create(index=index, aliases=aliases)
            client.cluster.health(index=index, wait_for_status="yellow", timeout="30s")

    link.call(f"make the index {index}", ask)
    return index


def make_indices(
    link: Link, names: Names, kinds: Iterable[str], epoch: int = 1, *, aliased: bool = True
) -> None:
    """Makes several indices at the same time, because the cluster then needs fewer steps."""
    with ThreadPoolExecutor(8) as threads:
        for _ in threads.map(lambda kind: make_index(link, names, kind, epoch, aliased=aliased), kinds):
            pass


def part(kind: str, number: int) -> str:
    """One part of a kind or month: "decisions-p2"."""
    return f"{kind}-p{number}"


def parts_of(kind: str, newest: int) -> list[str]:
    """All parts of a kind or month up to the newest."""
    return [part(kind, number) for number in range(1, newest + 1)]


def split_part(name: str) -> tuple[str, int]:
    """The kind or month of a part, and the part's number; 0 where the name has none."""
    kind, mark, number = name.rpartition("-p")
    return (kind, int(number)) if mark and number.isdigit() else (name, 0)


def is_monthly(kind: str) -> bool:
    """Whether it is a month, or a part of one, of a kind that has indices for each month."""
    return kind.partition("-")[0] in MONTHLY and "-" in kind


def aliases_of(names: Names, kind: str) -> list[str]:
    """The aliases that lead to the index of a part: its own, and that of the whole kind."""
    return list(dict.fromkeys([names.alias(kind), names.alias(kind.partition("-")[0])]))


def index_kind(names: Names, index: str) -> str:
    """The part of a kind or month that an index holds."""
    return index.removeprefix(f"{names.prefix}-").rpartition("-v")[0]


def epoch_of(index: str) -> int:
    """The number at the end of an index's name."""
    return int(index.rpartition("-v")[2])


def of_store(names: Names, index: str) -> bool:
    """Whether an index belongs to the store with this prefix, and not to one whose prefix begins with it."""
    name, _, epoch = index.removeprefix(f"{names.prefix}-").rpartition("-v")
    kind, _ = split_part(name)
    known = kind in (*KINDS, "state") or re.fullmatch(rf"({'|'.join(MONTHLY)})-(none|\d{{4}}\.\w+)", kind)
    return index.startswith(f"{names.prefix}-") and epoch.isdigit() and bool(known)


def drop_everything(link: Link, names: Names) -> None:
    """Removes all indices and templates of the prefix: for tests, and for starting over."""

    def ask(client: Any) -> None:
        found = list(client.indices.get(index=f"{names.prefix}-*", expand_wildcards="all"))
        found = [name for name in found if of_store(names, name)]
        for start in range(0, len(found), 50):
            client.options(ignore_status=404).indices.delete(index=found[start : start + 50])
        kinds = [*MONTHLY, *KINDS, "state"]
        client.options(ignore_status=404).indices.delete_index_template(
            name=[f"{names.prefix}-{kind}" for kind in kinds]
        )
        client.options(ignore_status=404).cluster.delete_component_template(name=f"{names.prefix}-base")

    link.call("remove the store", ask)

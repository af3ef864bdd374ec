"""Saved objects as Kibana 9 exports them: data views, Discover sessions, dashboards.

`typeMigrationVersion` is the version of an object's form. On import Kibana brings an older form up to date
and refuses a newer one, so these are the forms that 9.0 writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.kibana.lens import Json, Panel

CORE = "8.8.0"
DATA_VIEW, SESSION, DASHBOARD = "8.0.0", "10.5.0", "10.2.0"
WIDTH = 48  # columns of Kibana's grid
# What the store keeps for itself; left out of Discover's tables.
HIDDEN = ("document", "traits", "entity_spans", "identity", "generation", "*_us")


def text(value: Any) -> str:
    """JSON inside JSON, as saved objects keep most of their state."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _object(kind: str, name: str, version: str, attributes: Json, references: Sequence[Json]) -> Json:
    return {
        "id": name,
        "type": kind,
        "attributes": attributes,
        "references": list(references),
        "managed": False,
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": version,
    }


def data_view(
    name: str,
    title: str,
    pattern: str,
    time: str = "",
    formats: Mapping[str, Json] | None = None,
    also: Mapping[str, str] | None = None,
) -> Json:
    """An index pattern with a name, its time field, and how fields are shown.

    Args:
        name: Its id.
        title: As shown.
        pattern: Which indices.
        time: The field that the chosen period is about; "" where there is none.
        formats: By field.
        also: Keyword fields under another name, new name → field of the index: a control looks for one name
            in all views of its dashboard.
    """
    runtime = {
        new: {"type": "keyword", "script": {"source": f"for (def each : doc['{field}']) {{ emit(each) }}"}}
        for new, field in (also or {}).items()
    }
    attributes: Json = {
        "title": pattern,
        "name": title,
        "fields": "[]",
        "fieldAttrs": "{}",
        "fieldFormatMap": text(formats or {}),
        "runtimeFieldMap": text(runtime),
        "sourceFilters": text([{"value": field} for field in HIDDEN]),
        "typeMeta": "{}",
        "allowHidden": False,
    }
    return _object(
        "index-pattern", name, DATA_VIEW, attributes | ({"timeFieldName": time} if time else {}), ()
    )


def session(
    name: str, title: str, view: str, columns: Sequence[str], sort: Sequence[tuple[str, str]], kql: str = ""
) -> Json:
    """A Discover session: documents as a table, these columns, in this order."""
    index = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {
        "query": {"language": "kuery", "query": kql},
        "filter": [],
        "highlightAll": True,
        "version": True,
        "indexRefName": index,
    }
    attributes: Json = {
        "title": title,
        "description": "",
        "columns": list(columns),
        "sort": [list(pair) for pair in sort],
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "usesAdHocDataView": False,
        "rowHeight": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": text(source)},
    }
    return _object(
        "search", name, SESSION, attributes, [{"type": "index-pattern", "id": view, "name": index}]
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel and its place: left edge, top edge, width and height in cells of the grid."""

    panel: Panel
    x: int
    y: int
    w: int
    h: int


def rows(*lines: tuple[int, Sequence[tuple[Panel, int]]]) -> list[Placed]:
    """Lays panels out in rows: (height, [(panel, width), …]); the widths of a row sum to `WIDTH`."""
    placed, top = [], 0
    for height, line in lines:
        left = 0
        for panel, width in line:
            placed.append(Placed(panel, left, top, width, height))
            left += width
        top += height
    return placed


@dataclass(frozen=True, slots=True)
class Control:
    """A list above a dashboard, of which one or several values are chosen.

    Attributes:
        title: As shown.
        view: The data view that its values come from.
        field: Of that view. The choice narrows every panel, so each view of the dashboard must have it.
    """

    title: str
    view: str
    field: str


def _control_group(controls: Sequence[Control]) -> tuple[Json, list[Json]]:
    """What a dashboard keeps of its controls, and what they refer to; each narrows those after it."""
    panels: Json = {}
    references: list[Json] = []
    for order, control in enumerate(controls):
        name = f"control-{control.field}"
        panels[name] = {
            "type": "optionsListControl",
            "order": order,
            "grow": True,
            "width": "medium",
            "explicitInput": {
                "id": name,
                "fieldName": control.field,
                "title": control.title,
                "searchTechnique": "prefix",
                "selectedOptions": [],
                "sort": {"by": "_count", "direction": "desc"},
            },
        }
        references.append(
            {"type": "index-pattern", "id": control.view, "name": f"controlGroup_{name}:optionsListDataView"}
        )
    settings = dict.fromkeys(("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False)
    group: Json = {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "ignoreParentSettingsJSON": text(settings),
        "panelsJSON": text(panels),
        "showApplySelections": False,
    }
    return group, references


def dashboard(
    name: str,
    title: str,
    description: str,
    placed: Sequence[Placed],
    controls: Sequence[Control] = (),
    since: str = "now-7d",
) -> Json:
    """A dashboard; it opens with the last `since` (e.g. "now-7d") and refreshes each five minutes."""
    group, lists = _control_group(controls)
    panels: list[Json] = []
    references: list[Json] = []
    for place in placed:
        panel = place.panel
        entry: Json = {
            "type": panel.kind,
            "title": panel.title,
            "panelIndex": panel.name,
            "gridData": {"x": place.x, "y": place.y, "w": place.w, "h": place.h, "i": panel.name},
            "embeddableConfig": panel.config,
        }
        if panel.kind == "search":
            entry["panelRefName"] = panel.references[0][0]
        panels.append(entry)
        references += [
            {"type": kind, "id": target, "name": f"{panel.name}:{inner}"}
            for inner, kind, target in panel.references
        ]
    attributes: Json = {
        "title": title,
        "description": description,
        "version": 3,
        "timeRestore": True,
        "timeFrom": since,
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": 300000},
        "optionsJSON": text(
            {
                "hidePanelTitles": False,
                "syncColors": True,
                "syncCursor": True,
                "syncTooltips": False,
                "useMargins": True,
            }
        ),
        "panelsJSON": text(panels),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": text({"filter": [], "query": {"language": "kuery", "query": ""}})
        },
    }
    if controls:
        attributes["controlGroupInput"] = group
    return _object("dashboard", name, DASHBOARD, attributes, references + lists)

"""Lens as Kibana 9 saves it: columns, charts, panels.

A chart is a layer of columns over one data view, and a `visualization` that says which column is drawn where.
Ids are words instead of UUIDs, so that the files read well and come out the same each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
RECORDS = "___records___"  # Lens's name for "the documents themselves"
PREVIOUS = "previous"  # Lens's name for "the period of the same length just before"


# -- columns: metrics ---------------------------------------------------------------------------------------


def _metric(label: str, operation: str, field: str, params: Json, kql: str = "") -> Json:
    column: Json = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": operation,
        "isBucketed": False,
        "scale": "ratio",
        "sourceField": field,
        "params": params,
    }
    return column | ({"filter": {"language": "kuery", "query": kql}} if kql else {})


def count(label: str, kql: str = "") -> Json:
    """How many documents; `kql` counts only those it hits."""
    return _metric(label, "count", RECORDS, {"emptyAsNull": False}, kql)


def unique(label: str, field: str) -> Json:
    """How many distinct values (HyperLogLog: exact to about 3,000)."""
    return _metric(label, "unique_count", field, {"emptyAsNull": False})


def highest(label: str, field: str) -> Json:
    """The highest value."""
    return _metric(label, "max", field, {"emptyAsNull": True})


def percentile(label: str, field: str, percent: int) -> Json:
    """So many percent of the values are at or below it."""
    return _metric(label, "percentile", field, {"percentile": percent})


def rise(label: str, name: str) -> dict[str, Json]:
    """This period's count, the one before, the difference: columns `name`, `name-before`, `name-rise`.

    Lens asks for the most frequent values of each period; a value that was not among those of the period
    before counts as 0 there. It keeps a formula together with the columns it took it apart into (`…X0`,
    `…X1`, and the `math` of both).
    """
    before = f"count(shift='{PREVIOUS}')"
    known = f"defaults({before}, 0)"
    formula = f"count() - {known}"
    result = f"{name}-rise"
    parts = f"{result}X0", f"{result}X1"
    tree = _call("subtract", [parts[0], _call("defaults", [parts[1], 0], formula, known)], formula, formula)
    part = {"label": f"Part of {label}", "params": {"emptyAsNull": False}}
    whole: Json = {"dataType": "number", "isBucketed": False, "scale": "ratio", "customLabel": True}
    return {
        name: count("Now"),
        f"{name}-before": count("Before") | {"timeShift": PREVIOUS},
        result: whole
        | {
            "label": label,
            "operationType": "formula",
            "params": {"formula": formula, "isFormulaBroken": False},
            "references": [f"{result}X2"],
        },
        parts[0]: count("") | part,
        parts[1]: count("") | part | {"timeShift": PREVIOUS},
        f"{result}X2": whole
        | {
            "label": f"Part of {label}",
            "operationType": "math",
            "params": {"tinymathAst": tree},
            "references": list(parts),
        },
    }


def _call(name: str, arguments: Sequence[Any], formula: str, text: str) -> Json:
    """A call in Lens's syntax tree of a formula, with its place in the formula's text."""
    start = formula.index(text)
    place = {"min": start, "max": start + len(text)}
    return {"type": "function", "name": name, "args": list(arguments), "location": place, "text": text}


# -- columns: buckets ---------------------------------------------------------------------------------------


def _bucket(label: str, operation: str, kind: str, scale: str, params: Json, field: str = "") -> Json:
    column: Json = {
        "label": label,
        "customLabel": True,
        "dataType": kind,
        "operationType": operation,
        "isBucketed": True,
        "scale": scale,
        "params": params,
    }
    return column | ({"sourceField": field} if field else {})


def terms(label: str, field: str, size: int, by: str, *, other: bool = False) -> Json:
    """The `size` values that have most of the column `by`; `other` collects the rest."""
    params: Json = {
        "size": size,
        "orderBy": {"type": "column", "columnId": by},
        "orderDirection": "desc",
        "otherBucket": other,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }
    return _bucket(label, "terms", "string", "ordinal", params, field)


def over_time(label: str, field: str) -> Json:
    """Buckets of time, as wide as fits the period that is looked at."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return _bucket(label, "date_histogram", "date", "interval", params, field)


def ranges(label: str, field: str, bounds: Sequence[tuple[float, float | None, str]]) -> Json:
    """Ranges of numbers: from (included), to (excluded; None is open), label."""
    params: Json = {
        "type": "range",
        "maxBars": "auto",
        "ranges": [{"from": low, "to": high, "label": name} for low, high, name in bounds],
        "parentFormat": {"id": "range", "params": {"template": "arrow_right", "replaceInfinity": True}},
    }
    return _bucket(label, "range", "string", "ordinal", params, field)


def filters(label: str, named: Mapping[str, str]) -> Json:
    """One bucket for each KQL query, by its label."""
    found = [{"input": {"language": "kuery", "query": kql}, "label": name} for name, kql in named.items()]
    return _bucket(label, "filters", "string", "ordinal", {"filters": found})


# -- charts -------------------------------------------------------------------------------------------------

LAYER = "layer"


def _layer(accessors: Json) -> Json:
    return {"layerId": LAYER, "layerType": "data"} | accessors


def xy(series: str, x: str, y: Sequence[str], split: str = "") -> tuple[str, Json]:
    """Bars, lines or areas; `series` is Lens's own word, e.g. "bar_stacked", "bar_horizontal", "line"."""
    drawn: Json = {"seriesType": series, "xAccessor": x, "accessors": list(y), "showGridlines": False}
    legend = {"isVisible": bool(split) or len(y) > 1, "position": "right"}
    return "lnsXY", {
        "preferredSeriesType": series,
        "layers": [_layer(drawn | ({"splitAccessor": split} if split else {}))],
        "legend": legend,
        "valueLabels": "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": True},
    }


def donut(group: str, metric: str) -> tuple[str, Json]:
    """A ring of shares."""
    shown = {"numberDisplay": "percent", "categoryDisplay": "default", "legendDisplay": "default"}
    return "lnsPie", {
        "shape": "donut",
        "layers": [_layer({"primaryGroups": [group], "metrics": [metric], "nestedLegend": False} | shown)],
    }


def number(metric: str) -> tuple[str, Json]:
    """One large number."""
    return "lnsMetric", _layer({"metricAccessor": metric})


def table(columns: Sequence[str], sort: str) -> tuple[str, Json]:
    """A table of these columns, the highest `sort` first."""
    return "lnsDatatable", _layer(
        {
            "columns": [{"columnId": name, "isTransposed": False} for name in columns],
            "sorting": {"columnId": sort, "direction": "desc"},
            "rowHeight": "single",
            "rowHeightLines": 1,
            "paging": {"enabled": True, "size": 10},
        }
    )


# -- panels -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a dashboard, and the saved objects it refers to.

    Attributes:
        name: Unique in its dashboard; Kibana's `panelIndex`.
        title: As shown.
        kind: "lens", "map" or "search".
        config: What Kibana calls `embeddableConfig`.
        references: (name within the panel, type, id).
    """

    name: str
    title: str
    kind: str
    config: Json
    references: tuple[tuple[str, str, str], ...]


def chart(
    name: str, title: str, view: str, columns: Mapping[str, Json], drawn: tuple[str, Json], kql: str = ""
) -> Panel:
    """A Lens chart inside a dashboard (by value: it opens in Lens from the panel's menu).

    Args:
        name: Unique in its dashboard.
        title: As shown.
        view: The id of the data view.
        columns: By id; buckets before metrics, in the order of nesting.
        drawn: From `xy`, `donut`, `number` or `table`.
        kql: Only the documents that this hits.
    """
    reference = f"indexpattern-datasource-layer-{LAYER}"
    layer = {"columns": dict(columns), "columnOrder": list(columns), "incompleteColumns": {}, "sampling": 1}
    attributes: Json = {
        "title": title,
        "type": "lens",
        "visualizationType": drawn[0],
        "references": [{"type": "index-pattern", "id": view, "name": reference}],
        "state": {
            "visualization": drawn[1],
            "query": {"language": "kuery", "query": kql},
            "filters": [],
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }
    config: Json = {"attributes": attributes, "enhancements": {}}
    return Panel(name, title, "lens", config, ((reference, "index-pattern", view),))


def documents(name: str, title: str, search: str) -> Panel:
    """A saved Discover session inside a dashboard: a table of documents."""
    return Panel(name, title, "search", {"enhancements": {}}, ((f"panel_{name}", "search", search),))

"""config/kibana as tests read it: objects, panels, and the search that each panel makes Kibana send."""

import json
import re
from dataclasses import dataclass

from deploy.env import ROOT

FILE = ROOT / "config" / "kibana" / "wirewatch.ndjson"
TEMPLATES = ROOT / "config" / "elasticsearch"


def objects():
    """The saved objects by (type, id)."""
    return {(o["type"], o["id"]): o for o in map(json.loads, FILE.read_text().splitlines())}


def of_kind(kind):
    """The saved objects of one type by id."""
    return {name: found for (each, name), found in objects().items() if each == kind}


def mapping(pattern):
    """Field → type of the indices behind a data view, from the index templates."""
    kind = pattern.removeprefix("wirewatch-")
    fields: dict[str, str] = {}
    for file in (TEMPLATES / "component" / "base.json", TEMPLATES / "index" / f"{kind}.json"):
        _walk(json.loads(file.read_text())["template"]["mappings"]["properties"], "", fields)
    return fields


def _walk(properties, prefix, fields):
    for name, field in properties.items():
        fields[prefix + name] = field.get("type", "object")
        _walk(field.get("properties", {}), f"{prefix}{name}.", fields)
        _walk(field.get("fields", {}), f"{prefix}{name}.", fields)


@dataclass(frozen=True)
class Chart:
    """A Lens panel."""

    dashboard: str
    name: str
    view: str
    columns: dict
    order: list
    kind: str
    drawn: dict
    kql: str


def charts():
    """All Lens panels by "dashboard/panel"."""
    found = {}
    for name, board in of_kind("dashboard").items():
        for panel in json.loads(board["attributes"]["panelsJSON"]):
            if panel["type"] == "lens":
                attributes = panel["embeddableConfig"]["attributes"]
                state = attributes["state"]
                (layer,) = state["datasourceStates"]["formBased"]["layers"].values()
                found[f"{name}/{panel['panelIndex']}"] = Chart(
                    name,
                    panel["panelIndex"],
                    attributes["references"][0]["id"],
                    layer["columns"],
                    layer["columnOrder"],
                    attributes["visualizationType"],
                    state["visualization"],
                    state["query"]["query"],
                )
    return found


def maps():
    """(data view, field of points) of each map by "dashboard/panel"."""
    found = {}
    for name, board in of_kind("dashboard").items():
        views = {reference["name"]: reference["id"] for reference in board["references"]}
        for panel in json.loads(board["attributes"]["panelsJSON"]):
            if panel["type"] == "map":
                layers = json.loads(panel["embeddableConfig"]["attributes"]["layerListJSON"])
                for source in (layer["sourceDescriptor"] for layer in layers):
                    if reference := source.get("indexPatternRefName"):
                        view = views[f"{panel['panelIndex']}:{reference}"]
                        found[f"{name}/{panel['panelIndex']}"] = view, source["geoField"]
    return found


def used(chart):
    """The columns that a chart draws."""
    drawn = chart.drawn
    if chart.kind == "lnsDatatable":
        return [column["columnId"] for column in drawn["columns"]] + [drawn["sorting"]["columnId"]]
    if chart.kind == "lnsMetric":
        return [drawn["metricAccessor"]]
    (layer,) = drawn["layers"]
    if chart.kind == "lnsPie":
        return layer["primaryGroups"] + layer["metrics"]
    split = [layer["splitAccessor"]] if "splitAccessor" in layer else []
    return [layer["xAccessor"], *layer["accessors"], *split]


def controls(name):
    """(field, data view) of each list above a dashboard."""
    board = of_kind("dashboard")[name]
    panels = json.loads(board["attributes"].get("controlGroupInput", {}).get("panelsJSON", "{}"))
    views = {reference["name"]: reference["id"] for reference in board["references"]}
    ordered = sorted(panels.items(), key=lambda panel: panel[1]["order"])
    return [
        (panel["explicitInput"]["fieldName"], views[f"controlGroup_{each}:optionsListDataView"])
        for each, panel in ordered
    ]


def views_of(name):
    """The data views that the panels of a dashboard look through."""
    board = of_kind("dashboard")[name]
    found = {chart.view for chart in charts().values() if chart.dashboard == name}
    for reference in board["references"]:
        if reference["type"] == "search":
            found.add(objects()["search", reference["id"]]["references"][0]["id"])
    return found


def runtime(view):
    """The fields that a data view makes of others, as Elasticsearch takes them with a search."""
    return json.loads(of_kind("index-pattern")[view]["attributes"]["runtimeFieldMap"])


def kql_fields(kql):
    """The fields that a KQL query names."""
    return set(re.findall(r"([\w.]+)\s*(?::|[<>]=?)", kql))


# -- what Kibana asks Elasticsearch -------------------------------------------------------------------------


def query(kql):
    """A KQL query (of the few forms used here) as an Elasticsearch query."""
    if not kql:
        return {"match_all": {}}
    lucene = re.sub(r"\s*:\s*", ":", kql)
    lucene = re.sub(r"([\w.]+)\s*([<>]=?)\s*(\d+)", r"\1:\2\3", lucene)
    lucene = re.sub(r"\b(and|or|not)\b", lambda word: word[0].upper(), lucene)
    return {"query_string": {"query": lucene}}


def between(field, since, until):
    """The time filter of a dashboard."""
    bounds = {"gte": since.isoformat(), "lte": until.isoformat()}
    return {"range": {field: {**bounds, "format": "strict_date_optional_time"}}}


_METRICS = {"unique_count": "cardinality", "max": "max", "percentile": "percentiles"}


def _metric(column):
    kind = column["operationType"]
    if kind == "count":
        return None  # the bucket's own count
    body = {"field": column["sourceField"]}
    if kind == "percentile":
        body["percents"] = [column["params"]["percentile"]]
    return {_METRICS[kind]: body}


def _leaves(columns, order, shifted):
    aggregations = {}
    for name in order:
        column = columns[name]
        shift = bool(column.get("timeShift"))
        if column["isBucketed"] or column["operationType"] in ("formula", "math") or shift != shifted:
            continue
        inner = _metric(column)
        if "filter" in column:
            only = {"filter": query(column["filter"]["query"])}
            inner = only | ({"aggs": {"value": inner}} if inner else {})
        if inner:
            aggregations[name] = inner
    return aggregations


def _bucket(column, columns):
    kind, params = column["operationType"], column["params"]
    if kind == "terms":
        by = params["orderBy"]["columnId"]
        metric = columns[by]
        order = "_count" if metric["operationType"] == "count" else by
        if metric["operationType"] == "percentile":
            order = f"{by}.{metric['params']['percentile']}"
        body = {"field": column["sourceField"], "size": params["size"], "order": {order: "desc"}}
        return {"terms": body}
    if kind == "date_histogram":  # "auto": Kibana chooses the width by the period
        body = {"field": column["sourceField"], "fixed_interval": "1d", "min_doc_count": 0}
        return {"date_histogram": body}
    if kind == "range":
        ranges = [
            {"key": each["label"], "from": each["from"]} | ({"to": each["to"]} if each["to"] else {})
            for each in params["ranges"]
        ]
        return {"range": {"field": column["sourceField"], "ranges": ranges}}
    assert kind == "filters", kind
    filters = {each["label"]: query(each["input"]["query"]) for each in params["filters"]}
    return {"filters": {"filters": filters}}


def search(chart, *, shifted=False):
    """The aggregations of a chart: its buckets nested in their order, metrics inside the innermost.

    With `shifted`, those of the columns that look at the period before; Kibana asks for both at once.
    """
    aggregations = _leaves(chart.columns, chart.order, shifted)
    ordering = dict(aggregations)
    for name in reversed([name for name in chart.order if chart.columns[name]["isBucketed"]]):
        bucket = _bucket(chart.columns[name], chart.columns)
        # A terms bucket is ordered by a metric of its own level.
        by = chart.columns[name]["params"].get("orderBy", {}).get("columnId")
        beside = {by: ordering[by]} if by in ordering and by not in aggregations else {}
        aggregations = {name: bucket | ({"aggs": aggregations | beside} if aggregations | beside else {})}
    return aggregations

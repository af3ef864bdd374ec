"""The saved objects of config/kibana: whole, consistent, and about fields that exist."""

import json
import sys
from itertools import combinations
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from saved_objects import (
    FILE,
    charts,
    controls,
    kql_fields,
    mapping,
    maps,
    objects,
    of_kind,
    runtime,
    search,
    used,
    views_of,
)

from deploy.kibana.boards import DESK, ndjson

CHARTS = charts()
BOARDS = sorted(of_kind("dashboard"))
SESSIONS = sorted(of_kind("search"))
NUMBERS = {"long", "integer", "double", "float", "date"}


def test_the_file_is_what_its_generator_writes():
    assert FILE.read_text(encoding="utf-8") == ndjson(), "run: python -m deploy.kibana.boards"


def test_the_four_dashboards_are_there():
    titles = [board["attributes"]["title"] for board in of_kind("dashboard").values()]
    names = ["News desk", "Names and topics", "Watches", "Pipeline"]
    assert titles == [f"Wirewatch: {name}" for name in names]


def test_ids_are_unique():
    assert len(objects()) == len(FILE.read_text().splitlines())


def test_every_reference_resolves_and_stands_before_what_refers_to_it():
    seen = set()
    for key, found in objects().items():
        names = [reference["name"] for reference in found["references"]]
        assert len(names) == len(set(names)), key
        for reference in found["references"]:
            assert (reference["type"], reference["id"]) in seen, (key, reference)
        seen.add(key)


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_has_its_references_under_the_names_kibana_looks_for(name):
    board = objects()["dashboard", name]
    expected = []
    for panel in json.loads(board["attributes"]["panelsJSON"]):
        if panel["type"] == "lens":
            attributes = panel["embeddableConfig"]["attributes"]
            layers = attributes["state"]["datasourceStates"]["formBased"]["layers"]
            inner = [f"indexpattern-datasource-layer-{layer}" for layer in layers]
            assert [reference["name"] for reference in attributes["references"]] == inner
            expected += [(f"{panel['panelIndex']}:{each}", "index-pattern") for each in inner]
        elif panel["type"] == "map":
            layers = json.loads(panel["embeddableConfig"]["attributes"]["layerListJSON"])
            inner = [layer["sourceDescriptor"].get("indexPatternRefName") for layer in layers]
            # Kibana looks for the place of the layer in the list.
            assert inner == [None, "layer_1_source_index_pattern"]
            expected.append((f"{panel['panelIndex']}:{inner[1]}", "index-pattern"))
        else:
            assert panel["type"] == "search"
            expected.append((f"{panel['panelIndex']}:{panel['panelRefName']}", "search"))
    expected += [
        (f"controlGroup_control-{field}:optionsListDataView", "index-pattern") for field, _ in controls(name)
    ]
    assert [(r["name"], r["type"]) for r in board["references"]] == expected


@pytest.mark.parametrize("name", SESSIONS)
def test_each_session_names_its_data_view_where_kibana_looks_for_it(name):
    found = objects()["search", name]
    source = json.loads(found["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert [reference["name"] for reference in found["references"]] == [source["indexRefName"]]


def test_everything_that_kibana_keeps_as_json_in_json_is_json():
    for found in objects().values():
        for key, value in found["attributes"].items():
            if key.endswith("JSON") or key in ("fieldFormatMap", "fields", "fieldAttrs", "sourceFilters"):
                json.loads(value)


def test_no_object_is_newer_than_kibana_9_0():
    newest = {"index-pattern": (8, 0, 0), "search": (10, 5, 0), "dashboard": (10, 2, 0)}
    for (kind, _), found in objects().items():
        assert found["coreMigrationVersion"] == "8.8.0"
        assert tuple(map(int, found["typeMigrationVersion"].split("."))) <= newest[kind]


# What Kibana's schemas of these forms allow; it refuses an object with any other attribute.
ALLOWED = {
    "dashboard": {
        "title",
        "description",
        "kibanaSavedObjectMeta",
        "timeRestore",
        "timeFrom",
        "timeTo",
        "refreshInterval",
        "controlGroupInput",
        "panelsJSON",
        "optionsJSON",
        "hits",
        "version",
    },
    "search": {
        "title",
        "description",
        "columns",
        "sort",
        "grid",
        "rowHeight",
        "rowsPerPage",
        "hideChart",
        "breakdownField",
        "kibanaSavedObjectMeta",
        "isTextBasedQuery",
        "usesAdHocDataView",
        "timeRestore",
        "timeRange",
        "refreshInterval",
        "viewMode",
        "hideAggregatedPreview",
        "hits",
        "version",
        "sampleSize",
        "headerRowHeight",
        "visContext",
        "density",
    },
}


def test_no_object_has_an_attribute_that_kibana_forbids():
    for (kind, name), found in objects().items():
        if kind in ALLOWED:
            assert set(found["attributes"]) <= ALLOWED[kind], name


@pytest.mark.parametrize("name", BOARDS)
def test_panels_fill_the_grid_without_overlap(name):
    panels = json.loads(objects()["dashboard", name]["attributes"]["panelsJSON"])
    assert len({panel["panelIndex"] for panel in panels}) == len(panels)
    cells = [
        {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
        for g in (panel["gridData"] for panel in panels)
    ]
    assert all(not a & b for a, b in combinations(cells, 2))
    everything = set().union(*cells)
    assert {x for x, _ in everything} == set(range(48))
    assert len(everything) == 48 * (1 + max(y for _, y in everything))


# -- fields -------------------------------------------------------------------------------------------------


def _pattern(view):
    return of_kind("index-pattern")[view]["attributes"]


@pytest.mark.parametrize("name", sorted(of_kind("index-pattern")))
def test_each_data_view_is_an_alias_of_the_store_with_a_time_field_of_it(name):
    attributes = _pattern(name)
    fields = mapping(attributes["title"])
    if "timeFieldName" in attributes:
        assert fields[attributes["timeFieldName"]] == "date"
    for field in json.loads(attributes["fieldFormatMap"]):
        assert field in fields


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_each_field_of_a_chart_is_in_the_mapping_and_can_be_aggregated(name):
    chart = CHARTS[name]
    fields = mapping(_pattern(chart.view)["title"])
    assert kql_fields(chart.kql) <= set(fields)
    for column in chart.columns.values():
        kind, field = column["operationType"], column.get("sourceField", "___records___")
        if "filter" in column:
            assert kql_fields(column["filter"]["query"]) <= set(fields)
        for each in column["params"].get("filters", ()):
            assert kql_fields(each["input"]["query"]) <= set(fields)
        if field == "___records___":
            assert kind in ("count", "filters", "formula", "math")
        elif kind in ("terms", "unique_count"):
            assert fields[field] in {"keyword", "integer"}, field
            assert column["dataType"] == ("string" if fields[field] == "keyword" else "number") or (
                kind == "unique_count"
            )
        elif kind == "date_histogram":
            assert fields[field] == "date"
        else:
            assert kind in ("max", "percentile", "range")
            assert fields[field] in NUMBERS


@pytest.mark.parametrize("name", SESSIONS)
def test_each_field_of_a_session_is_in_the_mapping_and_can_be_sorted_by(name):
    found = objects()["search", name]
    fields = mapping(_pattern(found["references"][0]["id"])["title"])
    attributes = found["attributes"]
    assert set(attributes["columns"]) <= set(fields)
    assert all(fields[field] in NUMBERS and order in ("asc", "desc") for field, order in attributes["sort"])
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert kql_fields(source["query"]["query"]) <= set(fields)


# -- controls and links -------------------------------------------------------------------------------------


def test_outlet_topic_language_and_watch_can_be_chosen():
    found = {name: [field for field, _ in controls(name)] for name in BOARDS}
    assert found == {
        "wirewatch-names-and-topics": ["outlet", "topics", "language", "watch"],
        "wirewatch-news-desk": ["outlet", "topics", "language", "watch"],
        "wirewatch-pipeline": [],
        "wirewatch-watches": ["watch"],
    }


@pytest.mark.parametrize("name", BOARDS)
def test_what_is_chosen_above_a_dashboard_is_a_field_of_all_that_is_below(name):
    """A panel whose view lacks the field would be empty, as if there were nothing."""
    for field, view in controls(name):
        for each in {view, *views_of(name)}:
            known = mapping(_pattern(each)["title"])
            if field not in known:
                source = runtime(each)[field]["script"]["source"]
                assert known[source.partition("doc['")[2].partition("']")[0]] == "keyword"
                assert runtime(each)[field]["type"] == "keyword"
            else:
                assert known[field] == "keyword"


def test_each_story_and_article_is_a_link_to_its_page_on_the_desk():
    from pipeline.desk.site import _GET

    paths = {path.partition("{")[0] for path, *_ in _GET}
    found = {}
    for view in of_kind("index-pattern"):
        for field, form in json.loads(_pattern(view)["fieldFormatMap"]).items():
            if template := form["params"].get("urlTemplate"):
                assert template.endswith("/{{value}}")
                path = template.removeprefix(DESK).removesuffix("{{value}}")
                assert path in paths
                found[view, field] = path
    assert found == {
        ("wirewatch-articles", "id"): "/articles/",
        ("wirewatch-articles", "story"): "/stories/",
        ("wirewatch-stories", "id"): "/stories/",
        ("wirewatch-alerts", "story"): "/stories/",
        ("wirewatch-tellings", "story"): "/stories/",
    }
    shown = {name: objects()["search", name]["attributes"]["columns"] for name in SESSIONS}
    assert "id" in shown["wirewatch-growing-stories"]
    assert {"id", "story"} <= set(shown["wirewatch-newest-articles"])


# -- the map ------------------------------------------------------------------------------------------------


def test_the_map_shows_points_of_the_mapping():
    ((view, field),) = maps().values()
    assert mapping(_pattern(view)["title"])[field] == "geo_point"


# What Kibana's schemas of a map's parts allow; each of them forbids any other key.
OF_SOURCE = {"id", "type", "applyForceRefresh", "applyGlobalQuery", "applyGlobalTime", "indexPatternRefName"}
OF_SOURCE |= {"metrics", "geoField", "requestType", "resolution"}
OF_STYLE = {
    "fillColor": {"color", "type", "field", "fieldMetaOptions"},
    "iconSize": {"minSize", "maxSize", "field", "fieldMetaOptions"},
    "lineColor": {"color"},
    "lineWidth": {"size"},
    "labelText": {"field"},
}


def test_the_map_has_no_key_that_kibana_forbids():
    panels = json.loads(objects()["dashboard", "wirewatch-names-and-topics"]["attributes"]["panelsJSON"])
    (panel,) = [each for each in panels if each["type"] == "map"]
    _, circles = json.loads(panel["embeddableConfig"]["attributes"]["layerListJSON"])
    assert set(circles["sourceDescriptor"]) <= OF_SOURCE
    for name, style in circles["style"]["properties"].items():
        assert set(style["options"]) <= OF_STYLE[name]


# -- Lens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_each_chart_is_sound(name):
    chart = CHARTS[name]
    assert sorted(chart.order) == sorted(chart.columns)
    bucketed = [chart.columns[column]["isBucketed"] for column in chart.order]
    assert bucketed == sorted(bucketed, reverse=True)  # buckets first, as Lens wants it
    assert set(used(chart)) <= set(chart.columns)
    referred = {r for column in chart.columns.values() for r in column.get("references", ())}
    assert referred <= set(chart.columns)
    assert set(chart.columns) == set(used(chart)) | referred  # nothing is asked for in vain
    for column in chart.columns.values():
        if column["operationType"] == "terms":
            assert not chart.columns[column["params"]["orderBy"]["columnId"]]["isBucketed"]
    assert search(chart) or chart.kind == "lnsMetric"


def test_the_syntax_tree_of_each_formula_tells_its_text():
    checked = 0
    for chart in CHARTS.values():
        for column in chart.columns.values():
            if column["operationType"] == "formula":
                (math,) = column["references"]
                formula = column["params"]["formula"]
                todo = [chart.columns[math]["params"]["tinymathAst"]]
                while todo:
                    node = todo.pop()
                    if isinstance(node, dict):
                        place = node["location"]
                        assert formula[place["min"] : place["max"]] == node["text"]
                        todo += node["args"]
                        checked += 1
    assert checked == 10  # five tables, each a difference with a default

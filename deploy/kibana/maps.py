"""Maps as Kibana 9 saves them inside a dashboard: layers over a ground of land and sea."""

from __future__ import annotations

import json

from deploy.kibana.lens import Json, Panel

# From where one sees most of the inhabited world.
_WHOLE_WORLD = {"zoom": 1.6, "center": {"lat": 25, "lon": 10}}
_BY_COUNT = {
    "field": {"name": "doc_count", "origin": "source"},
    "fieldMetaOptions": {"isEnabled": True, "sigma": 3},
}


def _ground() -> Json:
    """The ground is Elastic's own, from the internet; without it the circles stand on white."""
    source = {"type": "EMS_TMS", "isAutoSelect": True, "lightModeDefault": "road_map_desaturated"}
    return {
        "id": "ground",
        "type": "EMS_VECTOR_TILE",
        "sourceDescriptor": source,
        "style": {"type": "EMS_VECTOR_TILE", "color": ""},
        "alpha": 1,
        "minZoom": 0,
        "maxZoom": 24,
        "visible": True,
        "label": "",
    }


def _circles(title: str, field: str, reference: str) -> Json:
    """A circle for each cell of a grid, larger and darker the more documents lie in it."""
    properties = {
        "fillColor": {"type": "DYNAMIC", "options": {"color": "Blues", "type": "ORDINAL", **_BY_COUNT}},
        "iconSize": {"type": "DYNAMIC", "options": {"minSize": 5, "maxSize": 28, **_BY_COUNT}},
        "lineColor": {"type": "STATIC", "options": {"color": "#FFFFFF"}},
        "lineWidth": {"type": "STATIC", "options": {"size": 1}},
        "labelText": {"type": "DYNAMIC", "options": {"field": _BY_COUNT["field"]}},
    }
    return {
        "id": "circles",
        "type": "GEOJSON_VECTOR",
        "sourceDescriptor": {
            "id": "circles-source",
            "type": "ES_GEO_GRID",
            "geoField": field,
            "requestType": "point",
            "resolution": "COARSE",
            "metrics": [{"type": "count"}],
            "applyGlobalQuery": True,
            "applyGlobalTime": True,
            "applyForceRefresh": True,
            "indexPatternRefName": reference,
        },
        "style": {"type": "VECTOR", "properties": properties, "isTimeAware": True},
        "alpha": 0.75,
        "minZoom": 0,
        "maxZoom": 24,
        "visible": True,
        "label": title,
        "joins": [],
        "includeInFitToBounds": True,
    }


def world(name: str, title: str, view: str, field: str) -> Panel:
    """A map of the world with a circle where documents lie.

    Args:
        name: Unique in its dashboard.
        title: As shown.
        view: The id of the data view.
        field: Its field of points (`geo_point`).
    """
    reference = "layer_1_source_index_pattern"
    attributes = {
        "title": title,
        "description": "",
        "layerListJSON": json.dumps([_ground(), _circles(title, field, reference)], sort_keys=True),
        "mapStateJSON": json.dumps(_WHOLE_WORLD, sort_keys=True),
        "uiStateJSON": "{}",
    }
    config: Json = {
        "attributes": attributes,
        "enhancements": {},
        "hiddenLayers": [],
        "isLayerTOCOpen": False,
        "openTOCDetails": [],
    }
    return Panel(name, title, "map", config, ((reference, "index-pattern", view),))

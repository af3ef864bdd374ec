"""What tasks tell a collector of OpenTelemetry, as Airflow is set to have metrics."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from test_connections import python
from test_failures import config, server

__all__ = ["server"]

pytestmark = pytest.mark.airflow

RUN = """
import os, sys
from pathlib import Path
from seeds.demo import DagRunner, prepare

home = Path(sys.argv[1])
prepare(home)
os.environ["WIREWATCH_CONFIG"] = sys.argv[2]
from airflow.sdk.observability import stats
from opentelemetry import metrics
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

# As a worker does before a task.
stats.initialize(factory=get_stats_factory(), export_legacy_names=True)
dags = DagRunner()
dags.run("load", paths=[sys.argv[3]])
dags.run("ingest", all=True)
dags.run("alert")
metrics.get_meter_provider().force_flush()
"""

TEXT = "The lamp of the lighthouse failed on Tuesday night, the harbour master said. " * 3
FEED = (
    "<rss version='2.0'><channel><title>A</title><item><title>Lighthouse goes dark</title>"
    f"<description>{TEXT}</description><link>https://a.test/1</link>"
    "<pubDate>Tue, 06 Jan 2026 10:00:00 GMT</pubDate></item></channel></rss>"
)


@pytest.fixture
def collector() -> Iterator[tuple[int, dict[str, Any]]]:
    """The port of a collector, and the last value of each metric that came."""
    found = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = ExportMetricsServiceRequest()
            asked.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
            for resource in asked.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        kind = metric.WhichOneof("data")
                        for point in getattr(metric, kind).data_points:
                            value = point.sum if "istogram" in kind else (point.as_double or point.as_int)
                            found[metric.name] = value
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], found
    server.shutdown()
    server.server_close()


def test_articles_by_outcome_seconds_a_task_and_gauges_reach_a_collector(tmp_path, collector, server):
    port, found = collector
    server.serve("/well", FEED.encode())
    server.serve("/ill", b"", 404)
    feeds = "".join(
        f"  - {{id: {name}, url: {server.url(f'/{name}')}, allow_private: true}}\n"
        for name in ("well", "ill")
    )
    folder = config(tmp_path / "config", f"feeds:\n{feeds}")
    (folder / "watches.yaml").write_text(
        "watches:\n  - {name: light, query: lighthouse, deliver: {mail: [a@b.example]}}\n"
    )
    (tmp_path / "b.txt").write_text("\n")
    done = python(
        RUN,
        tmp_path / "home",
        folder,
        tmp_path,
        AIRFLOW__METRICS__OTEL_ON="True",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_METRIC_EXPORT_INTERVAL="60000",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ours = {name.removeprefix("airflow.wirewatch."): value for name, value in found.items()}
    assert ours["articles.new"] == 1
    assert ours["articles.quarantined"] == 1
    assert ours["told.alerts"] == ours["told.delivered"] == 1
    assert ours["articles_head"] == ours["feeds_failing"] == ours["feeds_unpolled"] == 1
    assert ours["feeds"] == 2
    assert ours["outbox_waiting"] == ours["outbox_failed"] == 0
    assert ours["lag_index_seconds"] > ours["lag_alert_seconds"] - 3600 > 0
    assert ours["task.load.files"] > 0
    assert "task.alert.match_and_deliver.lease_wait" in ours

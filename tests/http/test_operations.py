"""The dashboard and the alert rules ask for what the service tells."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from entrypoints.http.log_metrics import LogMetrics
from entrypoints.http.metrics import Metrics
from entrypoints.http.roster import Roster, State
from tests.http.service import FAR_AWAY, HOME, Service

OPERATIONS = Path(__file__).parents[2] / "docs/operations"
METRIC = re.compile(r"\b(tasador_[a-z_]+?)(?:_total|_bucket|_count|_sum)?\b(?!_)")


def told(service: Service) -> set[str]:
    """The names of all metrics, without what Prometheus adds to them."""
    page = service.client.get("/metrics").text
    return {METRIC.fullmatch(line.split()[2]).group(1) for line in page.splitlines() if line.startswith("# TYPE")}  # type: ignore[union-attr]


def queries(panels: list[dict[str, Any]]) -> list[str]:
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "alerts.yml", "metrics.md"])
def test_every_metric_that_is_named_is_there(file: str, asked: Service) -> None:
    text = (OPERATIONS / file).read_text()
    named = set(METRIC.findall(text))
    assert len(named) > 5
    assert named <= told(asked)


def test_every_metric_is_explained(asked: Service) -> None:
    assert told(asked) <= set(METRIC.findall((OPERATIONS / "metrics.md").read_text()))


def test_the_dashboard_is_whole() -> None:
    board = json.loads((OPERATIONS / "grafana-dashboard.json").read_text())
    shown = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["targets"] and panel["title"] for panel in shown)
    assert all('instance=~"$instance"' in query for query in queries(shown))


def metric(service: Service, line: str) -> float:
    """The number behind a metric with its labels; 0 where it is not told."""
    lines = [each for each in service.client.get("/metrics").text.splitlines() if each.startswith(line + " ")]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


def test_counts_of_nothing_are_told_so_that_the_first_raises_an_alert(asked: Service) -> None:
    lines = asked.client.get("/metrics").text.splitlines()
    assert "tasador_unrecorded_valuations_total 0.0" in lines
    assert 'tasador_log_dropped_total{sink="tasador_file"} 0.0' in lines
    assert 'tasador_valuations_total{confidence="high",status="valued"} 0.0' in lines


def test_valuations_are_counted_by_status_and_confidence_and_refusals_by_reason(service: Service) -> None:
    [confidence] = {service.post("/v1/valuations", HOME).json()["confidence_level"] for _ in range(2)}
    service.post("/v1/valuations/batch", {"properties": [HOME, FAR_AWAY, {}]})
    assert metric(service, f'tasador_valuations_total{{confidence="{confidence}",status="valued"}}') == 3
    assert metric(service, 'tasador_valuations_total{confidence="none",status="refused"}') == 1
    assert metric(service, 'tasador_refused_valuations_total{reason="outside_market"}') == 1
    assert metric(service, 'tasador_record_seconds_count{result="recorded"}') == 3
    service.valuations.full = True
    assert service.post("/predict_batch", {"data": [HOME, HOME]}).status_code == 503
    assert metric(service, "tasador_unrecorded_valuations_total") == 2
    assert metric(service, 'tasador_record_seconds_count{result="not"}') == 1


def test_valuations_answered_without_a_record_are_counted(tmp_path: Path) -> None:
    with Service(tmp_path, may_lose_records=True).running() as service:
        service.valuations.full = True
        assert service.post("/predict", HOME).status_code == 200
        assert service.post("/predict", HOME).status_code == 200
        assert metric(service, "tasador_unrecorded_valuations_total") == 2


def test_what_waits_in_the_logs_and_what_they_dropped_is_told_and_nothing_twice() -> None:
    class Sink:
        name = "syslog"
        waiting = 3
        lost = 2

    roster = Roster.alone()
    roster.tell_state(State.SERVING)
    metrics, sink = Metrics(roster), Sink()
    logs = LogMetrics([sink], metrics)
    for waiting, lost in ((3, 2), (3, 2), (1, 7)):
        sink.waiting, sink.lost = waiting, lost
        logs.look()
        told = metrics.text().splitlines()
        assert f'tasador_log_queue{{sink="syslog"}} {waiting}.0' in told
        assert f'tasador_log_dropped_total{{sink="syslog"}} {lost}.0' in told


def test_the_model_that_is_served_is_named(asked: Service) -> None:
    page = asked.client.get("/metrics").text
    [line] = [line for line in page.splitlines() if line.startswith("tasador_model_info{")]
    assert 'version="v1"' in line
    assert 'recipe="boosted"' in line
    assert metric(asked, "tasador_model_trained_timestamp_seconds") > 0

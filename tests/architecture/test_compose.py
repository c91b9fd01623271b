"""What compose.yaml promises: a closed box of services, secrets from files, one way in, an order to start in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from config.checks import check_http
from config.loader import load_settings

REPOSITORY = Path(__file__).parents[2]
FILES = ("compose.yaml", "compose.dask.yaml")
OPERATIONS = REPOSITORY / "docs" / "operations"
MADE_ON_THE_MACHINE = "./var/compose/"
SECRET = re.compile(r"password|secret|token", re.IGNORECASE)


def as_by_default(text: str) -> str:
    """With each ${VARIABLE:-default} at its default, as it is on a machine where nothing is set."""
    assert re.findall(r"(?<!\$)\$\{\w+\}|(?<!\$)\$\w", text) == [], "a variable without a default"
    return re.sub(r"(?<!\$)\$\{\w+:-([^}]*)\}", r"\1", text)


COMPOSED: dict[str, dict[str, Any]] = {
    name: yaml.safe_load(as_by_default((REPOSITORY / name).read_text("utf-8"))) for name in FILES
}
SERVICES = [
    pytest.param(service, id=f"{file}-{name}")
    for file, composed in COMPOSED.items()
    for name, service in composed["services"].items()
]
BOX = COMPOSED["compose.yaml"]
REPLICAS = ("tasador-1", "tasador-2")
ONE_SHOT = ("upgrade", "first-model", "train", "files")


def mounts(composed: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What of the machine is mounted, and where."""
    for service in composed["services"].values():
        for volume in service.get("volumes", ()):
            source, target = volume.split(":")[:2]
            if source.startswith("."):
                yield source, target


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_write_to_its_volumes_alone_and_gains_no_privileges(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & set(service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_cannot_take_the_whole_machine_or_fill_its_disk_with_logs(service: dict[str, Any]) -> None:
    assert {"cpus", "mem_limit", "pids_limit"} <= set(service)
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_open_to_this_machine_alone_unless_a_variable_says_otherwise(service: dict[str, Any]) -> None:
    assert [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")] == []


def test_only_the_proxy_can_be_opened_to_others() -> None:
    text = (REPOSITORY / "compose.yaml").read_text("utf-8")
    assert re.findall(r"\$\{ADDRESS.*", text) == ['${ADDRESS:-127.0.0.1}:${PORT:-8443}:8443"]']
    published = {name for name, service in BOX["services"].items() if "ports" in service}
    assert published == {"proxy", "prometheus", "grafana"}


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_stands_in_the_environment(service: dict[str, Any]) -> None:
    told = {
        name: value
        for name, value in service.get("environment", {}).items()
        if SECRET.search(name) and name[:2] != "GF"
    }
    assert {name: value for name, value in told.items() if not name.endswith("_FILE")} == {}
    files = [value for name, value in service.get("environment", {}).items() if name.endswith("_FILE")]
    assert set(files) <= {f"/run/secrets/{name}" for name in service.get("secrets", ())}
    urls = [value for value in service.get("environment", {}).values() if "://" in str(value)]
    assert [url for url in urls if re.search(r"//[^/@]*:[^/@]*@", url)] == []


def test_every_secret_is_a_file_that_prepare_makes() -> None:
    prepare = (REPOSITORY / "deploy" / "prepare").read_text("utf-8")
    used = {name for service in BOX["services"].values() for name in service.get("secrets", ())}
    assert used == set(BOX["secrets"])
    assert BOX["secrets"] == {name: {"file": f"{MADE_ON_THE_MACHINE}{name}"} for name in used}
    assert [name for name in used if not re.search(rf"\b{re.escape(name)}\b", prepare)] == []


@pytest.mark.parametrize("file", FILES)
def test_whatever_is_mounted_is_there(file: str) -> None:
    missing = [source for source, _ in mounts(COMPOSED[file]) if not (REPOSITORY / source).exists()]
    assert set(missing) <= {"./portfolios"}


@pytest.mark.parametrize("service", SERVICES)
def test_tasador_takes_the_settings_that_it_is_given(service: dict[str, Any]) -> None:
    environment = {name: str(value) for name, value in service.get("environment", {}).items()}
    loaded = load_settings(str(REPOSITORY / "tasador.toml"), environment, REPOSITORY).settings
    check_http(loaded.http)


def test_both_replicas_are_the_same_but_for_their_name() -> None:
    first, second = (json.dumps(BOX["services"][name]).replace(name, "") for name in REPLICAS)
    assert first == second


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replica_is_given_the_time_that_its_end_takes(name: str) -> None:
    drain = load_settings(str(REPOSITORY / "tasador.toml"), {}, REPOSITORY).settings.http.drain_seconds
    assert int(BOX["services"][name]["stop_grace_period"].removesuffix("s")) > drain + 10


def test_what_was_answered_is_on_the_disk() -> None:
    for name in REPLICAS:
        assert BOX["services"][name]["environment"]["TASADOR_VALUATION_LOG__DURABILITY"] == "disk"


def test_images_of_our_own_are_never_fetched_and_those_of_others_do_not_run_as_root() -> None:
    services = BOX["services"]
    own = {name for name, one in services.items() if one["image"].startswith("tasador")}
    assert own == {*REPLICAS, "upgrade", "first-model", "train"}
    assert {services[name]["pull_policy"] for name in own} == {"never"}
    assert {name: services[name].get("user") for name in ("postgres", "redis", "files")} == {
        "postgres": "postgres",
        "redis": "redis",
        "files": "10001:10001",
    }


def test_callers_are_believed_to_be_whom_the_proxy_names_and_nobody_else() -> None:
    address = BOX["services"]["proxy"]["networks"]["inside"]["ipv4_address"]
    assert {BOX["services"][name]["environment"]["TASADOR_HTTP__TRUSTED_PROXIES"] for name in REPLICAS} == {address}


def test_keys_records_and_limits_are_shared_by_the_replicas() -> None:
    environment = BOX["services"]["tasador-1"]["environment"]
    assert environment["TASADOR_KEY_STORE__URL"] == environment["TASADOR_VALUATION_LOG__URL"]
    assert environment["TASADOR_HTTP__RATE_LIMIT_URL"].endswith("@redis:6379/0")


def test_replicas_and_stores_have_no_way_out_and_callers_no_way_in_but_the_proxy() -> None:
    internal = {name for name, network in BOX["networks"].items() if (network or {}).get("internal")}
    for name in (*REPLICAS, "upgrade", "postgres", "redis"):
        assert set(BOX["services"][name]["networks"]) <= internal
    assert [name for name, one in BOX["services"].items() if "outside" in one.get("networks", ())] == ["proxy"]
    assert [name for name, one in BOX["services"].items() if "stores" in one.get("networks", ())] == [
        *REPLICAS,
        "upgrade",
        "postgres",
        "redis",
    ]


def test_a_start_waits_for_the_stores_the_tables_and_a_model_then_for_the_replicas() -> None:
    started = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in BOX["services"].items()
    }
    whole, healthy = "service_completed_successfully", "service_healthy"
    for name in REPLICAS:
        assert started[name] == {"postgres": healthy, "redis": healthy, "upgrade": whole, "first-model": whole}
    assert started["upgrade"] == {"postgres": healthy}
    assert started["proxy"] == dict.fromkeys(REPLICAS, healthy)
    checked = {name for name, one in BOX["services"].items() if one.get("healthcheck", {}).get("test")}
    assert checked | set(REPLICAS) | set(ONE_SHOT) == set(BOX["services"]), "replicas: the check is the image's"


def test_prometheus_scrapes_each_replica_by_name_and_has_the_alert_rules() -> None:
    prometheus = yaml.safe_load((REPOSITORY / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    targets = {
        job["job_name"]: [target for one in job["static_configs"] for target in one["targets"]]
        for job in prometheus["scrape_configs"]
    }
    assert targets["tasador"] == [f"{name}:8000" for name in REPLICAS]
    assert prometheus["rule_files"] == ["alerts.yml"]
    assert ("./docs/operations/alerts.yml", "/etc/prometheus/alerts.yml") in set(mounts(BOX))


def test_grafana_finds_its_source_and_the_dashboard() -> None:
    provisioning = REPOSITORY / "deploy" / "grafana" / "provisioning"
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"][0]
    folder = yaml.safe_load((provisioning / "dashboards" / "tasador.yml").read_text("utf-8"))["providers"][0]["options"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    assert ("./docs/operations/grafana-dashboard.json", f"{folder['path']}/tasador.json") in set(mounts(BOX))


@pytest.mark.parametrize("name", ["alerts.yml", "grafana-dashboard.json"])
def test_what_is_watched_is_a_metric_that_there_is(name: str) -> None:
    told = (OPERATIONS / "metrics.md").read_text("utf-8")
    known = set(re.findall(r"`(tasador_\w+)`", told))
    histograms = {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    watched = set(re.findall(r"\b(tasador_\w+)", (OPERATIONS / name).read_text("utf-8")))
    assert watched
    assert watched <= known | histograms


def test_the_cluster_works_on_the_models_that_the_service_serves() -> None:
    volume = COMPOSED["compose.dask.yaml"]["volumes"]["tasador"]["name"]
    assert volume == f"{BOX['name']}_tasador"
    assert "tasador" in BOX["volumes"]
    box, cluster = set(mounts(BOX)), set(mounts(COMPOSED["compose.dask.yaml"]))
    assert box & cluster == {("./tasador.toml", "/etc/tasador/tasador.toml"), ("./data", "/etc/tasador/data")}

"""The files under config/ fit the service: routes, ports, settings, users and times.

Neither a cluster nor Docker is needed: what a schema would say of the files is not checked, but what it cannot know is.
"""

import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.api.routes import ROUTES
from app.settings import Settings
from tests.e2e.proxied import CONFIG, haproxy_program
from tests.test_readme import SETTINGS

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "config" / "compose.yaml").read_text("utf-8"))
PODS = [COMPOSE["services"][name] for name in ("pod1", "pod2")]
KUBERNETES: dict[str, dict[str, Any]] = {
    one["kind"]: one
    for file in (ROOT / "config" / "kubernetes").glob("*.yaml")
    for one in yaml.safe_load_all(file.read_text("utf-8"))
}
DEPLOYMENT = KUBERNETES["Deployment"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
[CONTAINER] = POD["containers"]
PORTS = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
GETS = {path for method, path, _ in ROUTES if method == "GET"}
PORT = Settings.model_fields["port"].default


def test_all_that_kubernetes_needs_is_there_in_today_s_versions() -> None:
    assert {kind: one["apiVersion"] for kind, one in KUBERNETES.items()} == {
        "ConfigMap": "v1",
        "Secret": "v1",
        "Deployment": "apps/v1",
        "Service": "v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "PodDisruptionBudget": "policy/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
    }


def test_what_is_installed_is_what_is_pinned() -> None:
    """With all that it pulls in, whatever the extras: else two installations of one version might differ."""
    lines = (ROOT / "config" / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}
    installed = {name: f"=={version(name)}" for name in needed("holdfast[embedded,test]")}
    assert len(pins) == len(pinned)
    assert installed.items() <= pinned.items()


def needed(requirement: str) -> set[str]:
    """Return the names of all that a requirement pulls in here."""
    wanted, found = [Requirement(requirement)], set[tuple[str, frozenset[str]]]()
    while wanted:
        one = wanted.pop()
        for below in map(Requirement, requires(one.name) or []):
            known = canonicalize_name(below.name), frozenset(below.extras)
            if known not in found and any(is_for(below, extra) for extra in ("", *one.extras)):
                found.add(known)
                wanted.append(below)
    return {name for name, _ in found} - {canonicalize_name(Requirement(requirement).name)}


def is_for(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def test_probes_ask_for_routes_that_exist_at_the_port_that_is_listened_on() -> None:
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["path"] for probe in probes.values()} <= GETS
    assert probes["readiness"]["path"] == "/health/ready"
    assert probes["liveness"]["path"] == "/health/live"
    port = PORTS["http"]
    named = {probe["port"] for probe in probes.values()} | {KUBERNETES["Service"]["spec"]["ports"][0]["targetPort"]}
    assert named == {"http"}
    assert port == PORT
    assert f"EXPOSE {PORT}\n" in DOCKERFILE


def test_metrics_are_had_by_what_watches_and_by_nobody_else() -> None:
    anybody, watching = KUBERNETES["NetworkPolicy"]["spec"]["ingress"]
    assert anybody == {"ports": [{"port": "http"}]}
    assert watching["ports"] == [{"port": "metrics"}]
    assert watching["from"]
    assert [port["targetPort"] for port in KUBERNETES["Service"]["spec"]["ports"]] == ["http"]
    notes = DEPLOYMENT["template"]["metadata"]["annotations"]
    assert notes == {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORTS["metrics"])}
    for environment in (KUBERNETES["ConfigMap"]["data"], *(pod["environment"] for pod in PODS)):
        # Each pod has an address of its own, and 127.0.0.1 is not it.
        assert environment["HOLDFAST_METRICS_HOST"] == "0.0.0.0"  # noqa: S104 - within the cluster's or compose's network
        assert int(environment["HOLDFAST_METRICS_PORT"]) == PORTS["metrics"]
    # Only the proxy's port can be reached from elsewhere.
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]


def variables() -> Iterator[str]:
    yield from KUBERNETES["ConfigMap"]["data"]
    yield from KUBERNETES["Secret"]["stringData"]
    for pod in PODS:
        yield from pod["environment"]


def test_every_variable_is_a_setting() -> None:
    assert set(variables()) <= set(SETTINGS)


def test_no_service_s_address_becomes_a_setting() -> None:
    # Else each Service brings NAME_PORT=tcp://..., and one by the name of ours HOLDFAST_PORT.
    assert POD["enableServiceLinks"] is False


def test_what_must_be_replaced_is_nobody_s_and_fits_none() -> None:
    # Documentation's network: no address of a cluster is in it.
    assert KUBERNETES["ConfigMap"]["data"]["HOLDFAST_TRUSTED_PROXIES"] == "192.0.2.0/24"
    # With a version: `latest` may be another one on each node.
    assert re.fullmatch(r"registry\.example\.com/\w+:\d+\.\d+\.\d+", CONTAINER["image"])


def test_values_are_taken_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KUBERNETES["ConfigMap"]["data"], **KUBERNETES["Secret"]["stringData"]}.items():
        # The variables of a container are texts; YAML would make numbers of what is not quoted.
        assert isinstance(value, str)
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert POD["terminationGracePeriodSeconds"] > settings.drain_s + settings.shutdown_s
    probe = CONTAINER["readinessProbe"]
    assert settings.drain_s > probe["periodSeconds"] + probe["timeoutSeconds"]
    assert [one for kind in ("configMapRef", "secretRef") for one in CONTAINER["envFrom"] if kind in one] == [
        {"configMapRef": {"name": KUBERNETES["ConfigMap"]["metadata"]["name"]}},
        {"secretRef": {"name": KUBERNETES["Secret"]["metadata"]["name"]}},
    ]


def test_a_start_may_take_as_long_as_a_migration() -> None:
    probe = CONTAINER["startupProbe"]
    # As long for the locks that it needs, and then to do it.
    assert probe["periodSeconds"] * probe["failureThreshold"] > 2 * Settings().migration_deadline_s


def test_selectors_select_the_pods() -> None:
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    assert DEPLOYMENT["selector"]["matchLabels"] == labels
    assert KUBERNETES["Service"]["spec"]["selector"] == labels
    assert KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    target = KUBERNETES["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == KUBERNETES["Deployment"]["metadata"]["name"]
    # What can be drained must leave one that serves.
    assert KUBERNETES["HorizontalPodAutoscaler"]["spec"]["minReplicas"] > 1


def test_pods_run_as_the_image_s_user_and_write_nowhere_else() -> None:
    [user] = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert (str(POD["securityContext"]["runAsUser"]), str(POD["securityContext"]["runAsGroup"])) == user
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["volumes"]}


def test_compose_has_two_pods_behind_the_proxy_and_safe_holds() -> None:
    services = COMPOSE["services"]
    proxied = services["proxy"]["environment"]
    assert {proxied["HOLDFAST_POD_1"], proxied["HOLDFAST_POD_2"]} == {f"pod1:{PORT}", f"pod2:{PORT}"}
    assert set(services["proxy"]["depends_on"]) == {"pod1", "pod2"}
    # What cannot be known here is asked of whoever runs it.
    assert proxied["HOLDFAST_PROXIES_IN_FRONT"] == "${HOLDFAST_PROXIES_IN_FRONT:-}"
    [most] = re.findall(r"\$\{HOLDFAST_REQUESTS_PER_10_S-(\d+)\}", CONFIG.read_text("utf-8"))
    assert proxied["HOLDFAST_REQUESTS_PER_10_S"] == f"${{HOLDFAST_REQUESTS_PER_10_S:-{most}}}"
    [mounted] = services["proxy"]["volumes"]
    assert (ROOT / "config" / mounted.split(":")[0]) == CONFIG
    command = " ".join(services["valkey"]["command"])
    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command
    # Builds of one image at once get into each other's way: the second finds it there already.
    assert [name for name, service in services.items() if "build" in service] == ["pod1"]
    assert PODS[0]["image"] == PODS[1]["image"]
    assert {pod["pull_policy"] for pod in PODS} == {"never"}
    for pod in PODS:
        seconds = float(pod["stop_grace_period"].removesuffix("s"))
        assert seconds > float(pod["environment"]["HOLDFAST_DRAIN_S"]) + Settings().shutdown_s


def test_haproxy_takes_its_file_and_asks_for_routes_that_exist() -> None:
    text = CONFIG.read_text("utf-8")
    assert set(re.findall(r"httpchk GET (\S+)", text)) == {"/health/ready"} <= GETS
    variables = dict.fromkeys(["HOLDFAST_BIND", "HOLDFAST_POD_1", "HOLDFAST_POD_2"], "127.0.0.1:1")
    # Without these a pod whose name server is away is left out after half a minute: too long for a test to wait.
    assert set(re.findall(r"hold (\w+) 1d", text)) == {"nx", "other", "refused", "timeout"}
    # It needs no others.
    assert set(re.findall(r"\$\{(\w+)", text)) - set(variables) == {
        "HOLDFAST_PROXIES_IN_FRONT",
        "HOLDFAST_REQUESTS_PER_10_S",
    }
    checked = subprocess.run(
        [haproxy_program(), "-c", "-f", CONFIG], env=variables, capture_output=True, text=True, timeout=20, check=False
    )
    assert checked.returncode == 0, checked.stderr
    # A machine may know no name server: that is no fault of the file's.
    warnings = [line for line in checked.stderr.splitlines() if "WARNING" in line and "no nameservers" not in line]
    assert not warnings

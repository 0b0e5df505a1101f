"""Registries of every shape as addresses of real jobs, with docker's daemon; and what docker does when an answer goes wrong."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servers.forwarder import forwarded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.consumers.pipeline import Pipeline

# Push and pull registry. {n} is Nexus, {push} and {pull} are its connectors, each as what listens there; the daemon takes
# loopback addresses for insecure ones, so that a host alone is asked on port 80.
SHAPES = {
    "a port each": ("{push}", "{pull}"),
    "one port for both": ("{push}", "{push}"),
    "a folder each of one host": ("{n}/docker-dev", "{n}/docker-all"),
    "folders in folders": ("{n}/docker-dev/team-a/web", "{n}/docker-all/team-a/web"),
    "one folder for both": ("{n}/docker-dev", "{n}/docker-dev"),
    "push by folder, pull by port": ("{n}/docker-dev", "{pull}"),
    "push by port, pull by folder": ("{push}", "{n}/docker-all"),
    "push on 8444": ("127.0.0.2:8444={push}", "127.0.0.2:8443={pull}"),
    "odd ports": ("127.0.0.3:1={push}", "127.0.0.3:65535={pull}"),
    "a host each without a port": ("127.0.0.4={push}", "127.0.0.5={pull}"),
    "one host without a port": ("127.0.0.6/docker-dev={n}", "127.0.0.6/docker-all={n}"),
}  # fmt: skip


@contextmanager
def registries(pipeline: Pipeline, push: str, pull: str) -> Iterator[dict[str, str]]:
    """Have both answer, and the templates name them; yield the variables of a group that has them."""
    group = pipeline.group_variables()
    own = {
        "n": pipeline.project.address("nexus").removeprefix("http://"),
        "push": group["NEXUS_REGISTRY"],
        "pull": group["NEXUS_REGISTRY_PULL"],
    }
    with ExitStack() as running:
        made, listening = [], set()
        for shape in (push, pull):
            registry, _, upstream = shape.format(**own).partition("=")
            host, _, port = registry.partition("/")[0].partition(":")
            if upstream and (host, port) not in listening:
                running.enter_context(forwarded(host, int(port or 80), upstream))
                listening.add((host, port))
            made.append(registry)
        pipeline.allow_http(*(registry for registry in made if registry not in group.values()))
        library = pipeline.folder / "ci" / "templates" / "nexus.yml"
        rendered = library.read_text(encoding="utf-8")
        declared = rendered
        for name, registry in zip(("push", "pull"), made, strict=True):
            line = f"      _nexus_{name}_registry="
            declared = re.sub(f"^{line}.*$", f"{line}{registry}", declared, count=1, flags=re.MULTILINE)
        library.write_text(declared, encoding="utf-8")
        try:
            yield {"NEXUS_REGISTRY": made[0], "NEXUS_REGISTRY_PUSH": made[0], "NEXUS_REGISTRY_PULL": made[1]}
        finally:
            library.write_text(rendered, encoding="utf-8")


@pytest.mark.parametrize("shape", SHAPES)
def test_images_are_pushed_and_pulled_whatever_the_registries_look_like(
    shape: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    """Docker pushes, Kaniko's job pushes by skopeo, docker pulls; an account that may not push is refused."""
    number = list(SHAPES).index(shape)
    with registries(pipeline, *SHAPES[shape]) as variables:
        image = f"shape-{number}/web:1.0"
        push = pipeline.include("docker-push", account="svc-datastore", image_name=image)
        pipeline.run(push, "docker-push", **variables).succeeded()
        pipeline.docker("image", "rm", f"{variables['NEXUS_REGISTRY']}/{image}")
        pull = pipeline.include("docker-pull", account="svc-deployer", image_name=image)
        pipeline.run(pull, "docker-pull", **variables).succeeded()
        assert pipeline.docker("image", "inspect", f"{variables['NEXUS_REGISTRY_PULL']}/{image}")
        pipeline.environment = {"DOCKER_CONFIG": str(tmp_path / "kaniko")}
        try:
            kaniko = pipeline.include("kaniko", account="svc-orchestrator", image_name=f"shape-{number}/k:1")
            pipeline.run(kaniko, "kaniko", **variables).succeeded()
        finally:
            pipeline.environment = {}
        configuration = json.loads((tmp_path / "kaniko" / "config.json").read_text(encoding="utf-8"))
        hosts = {each.partition("/")[0] for each in variables.values()}
        assert set(configuration["auths"]) == hosts, "docker's credentials are per host"
        refused = pipeline.include("docker-push", account="svc-bench", image_name=f"shape-{number}/x:1")
        assert pipeline.run(refused, "docker-push", **variables).code == 1


FAULTS: dict[str, dict[str, Any]] = {
    "cut before": {"status": 0, "cut": "before"},
    "cut after": {"status": 0, "cut": "after"},
    "cut in the answer": {"status": 500, "body": "x" * 100, "truncate_bytes": 10},
    "down": {"status": 503, "body": "down"},
    "gateway": {"status": 502, "body": "<html>bad</html>", "handled": True},
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("step", ["GET /v2/", "POST /v2/", "PATCH /v2/", "PUT /v2/faults", "PUT manifests"])
def test_docker_pushes_where_one_answer_goes_wrong(step: str, name: str, pipeline: Pipeline) -> None:
    """The repository is written once; each image is a new one. What an answer hid is found there, and is a success."""
    image = f"faults/{step}-{name}:1.0".lower().replace(" ", "").replace("/v2/", "-")
    method, _, path = step.partition(" ")
    where = f"/v2/{image.partition(':')[0]}/manifests" if path == "manifests" else path
    pipeline.write_dockerfile(image)
    pipeline.set_write_policy("docker/hosted/docker-dev", "allow_once")
    try:
        job = pipeline.include("docker-push", account="svc-datastore", image_name=image)
        with pipeline.fault(method=method, path=where, **FAULTS[name]):
            done = pipeline.run(job, "docker-push").succeeded()
    finally:
        pipeline.set_write_policy("docker/hosted/docker-dev", "allow")
    assert pipeline.project.secret("svc-datastore")["password"] not in done.text
    assert pipeline.digest_of(f"{pipeline.group_variables()['NEXUS_REGISTRY_PULL']}/{image}")
    assert pipeline.left_behind() == []


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("path", ["/v2/", "/v2/pulled/x/manifests", "/v2/pulled/x/blobs"])
def test_docker_pulls_where_one_answer_goes_wrong(path: str, name: str, pipeline: Pipeline) -> None:
    job = pipeline.include("docker-push", account="svc-datastore", image_name="pulled/x:1.0")
    pipeline.write_dockerfile(path + name)
    pipeline.run(job, "docker-push").succeeded()
    pipeline.docker("image", "prune", "--all", "--force")
    job = pipeline.include("docker-pull", account="svc-deployer", image_name="pulled/x:1.0")
    with pipeline.fault(method="GET", path=path, **FAULTS[name]):
        pipeline.run(job, "docker-pull").succeeded()
    assert pipeline.left_behind() == []

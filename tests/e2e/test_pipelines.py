"""Every template as a job on the local stack, from GitLab's token to the artifact in Nexus; and the seed document's jobs."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.clients.artifacts import make_npm_package, make_rpm, make_wheel
from tests.support.consumers.job_shell import CURL_IMAGES, IMAGES, JobShell
from tests.support.project.project import ROOT
from tests.support.servers.jobs import id_token, login
from tests.support.servers.scripted_server import Reply, ScriptedServer
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from tests.support.consumers.pipeline import Pipeline
    from tests.support.project.project import Done

SECRETS = (ROOT / "docs" / "secrets-keyword.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
SEED = Path(__file__).parents[1] / "data" / "pipelines" / "seed.gitlab-ci.yml"


def shows_no_password(pipeline: Pipeline, done: Done, account: str) -> bool:
    return pipeline.project.secret(account)["password"] not in done.text


def test_rpm_upload_lands_in_the_accounts_folder(pipeline: Pipeline) -> None:
    done = pipeline.run(pipeline.include("rpm-upload", account="svc-executor"), "rpm-upload").succeeded()
    package = pipeline.folder / "dist" / "executor-1.0-1.noarch.rpm"
    content = pipeline.stored(f"rpm-dev/orchestrator/executor/{package.name}")
    assert content == package.read_bytes()
    assert shows_no_password(pipeline, done, "svc-executor")
    assert pipeline.left_behind() == [], "after_script removes the job's folder"


def test_rpm_upload_elsewhere_is_refused_with_where_it_may(pipeline: Pipeline) -> None:
    done = pipeline.run(pipeline.include("rpm-upload", account="svc-executor", path="other"), "rpm-upload")
    assert done.code == 1
    assert "svc-executor may not write to" in done.text
    assert "only under /orchestrator/executor/" in done.text
    assert pipeline.left_behind() == []


def test_raw_upload_takes_patterns_and_a_folder(pipeline: Pipeline) -> None:
    inputs = {"account": "svc-orchestrator", "files": "dist/*.rpm web/*.json", "path": "tools/1.0"}
    pipeline.run(pipeline.include("raw-upload", **inputs), "raw-upload").succeeded()
    assert pipeline.stored("raw-dev/tools/1.0/executor-1.0-1.noarch.rpm")
    assert (
        pipeline.stored("raw-dev/tools/1.0/package.json")
        == (pipeline.folder / "web/package.json").read_bytes()
    )


def test_an_upload_of_nothing_is_an_error(pipeline: Pipeline) -> None:
    done = pipeline.run(
        pipeline.include("raw-upload", account="svc-orchestrator", files="no/*.rpm"), "raw-upload"
    )
    assert done.code == 1
    assert "no file matches no/*.rpm" in done.text


def test_pypi_publish_with_twine(pipeline: Pipeline) -> None:
    done = pipeline.run(pipeline.include("pypi-publish", files="wheels/*.whl"), "pypi-publish").succeeded()
    wheel = pipeline.folder / "wheels" / "cwiq_common-1.0-py3-none-any.whl"
    assert wheel.name.encode() in (pipeline.stored("pypi-dev/simple/cwiq-common/") or b"")
    assert pipeline.stored(f"pypi-dev/packages/cwiq-common/1.0/{wheel.name}") == wheel.read_bytes()
    assert shows_no_password(pipeline, done, "svc-orchestrator")


@pytest.mark.parametrize(
    ("template", "inputs", "repository", "fault"),
    [
        ("raw-upload", {"files": "dist/*.rpm", "path": "cut"}, "raw/hosted/raw-dev", {"method": "PUT"}),
        ("pypi-publish", {"files": "cut/*.whl"}, "pypi/hosted/pypi-dev", {"method": "POST"}),
        ("npm-publish", {"package": "cut/npm"}, "npm/hosted/npm-dev", {"method": "PUT"}),
    ],
)
def test_an_upload_whose_answer_is_lost_is_repeated_and_finds_the_same_there(
    template: str, inputs: dict[str, str], repository: str, fault: dict[str, str], pipeline: Pipeline
) -> None:
    """The repository is written once: the second try is refused, and so is the job that is run again by hand."""
    make_wheel(pipeline.folder / "cut", "cwiq_cut", "1.0")
    make_npm_package(pipeline.folder / "cut" / "npm", "cwiq-cut", "1.0.0")
    name = repository.rpartition("/")[2]
    pipeline.set_write_policy(repository, "allow_once")
    try:
        job = pipeline.include(template, account="svc-orchestrator", **inputs)
        with pipeline.fault(status=0, cut="after", path=f"/repository/{name}", **fault):
            done = pipeline.run(job, template).succeeded()
        assert "trying again" in done.text or template == "npm-publish", "npm itself repeats it"
        assert "is there already, the same: sha256" in done.text
        again = pipeline.run(job, template).succeeded()
        assert "is there already, the same: sha256" in again.text
        if template == "pypi-publish":
            make_wheel(pipeline.folder / "cut", "cwiq_cut", "1.0", "something else")
            assert pipeline.run(job, template).code == 1, "another file of the same version"
    finally:
        pipeline.set_write_policy(repository, "allow")


def test_npm_publish_with_npm(pipeline: Pipeline) -> None:
    document = json.loads((pipeline.folder / "web" / "package.json").read_text(encoding="utf-8"))
    document["scripts"] = dict.fromkeys(
        ("prepublishOnly", "prepack", "prepare", "publish"), "env >>script-ran"
    )
    (pipeline.folder / "web" / "package.json").write_text(json.dumps(document), encoding="utf-8")
    inputs = {"account": "svc-orchestrator", "package": "web"}
    done = pipeline.run(pipeline.include("npm-publish", **inputs), "npm-publish").succeeded()
    document = json.loads(pipeline.stored("npm-dev/cwiq-web") or b"{}")
    assert list(document["versions"]) == ["1.0.0"]
    assert not list(pipeline.folder.glob("**/script-ran")), "a package's scripts would have the password"
    assert shows_no_password(pipeline, done, "svc-orchestrator")


def test_kaniko_builds_and_its_configuration_opens_both_registries(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.environment = {"DOCKER_CONFIG": str(tmp_path / "kaniko")}
    image = "orchestrator/server:1.0"
    try:
        job = pipeline.include("kaniko", account="svc-orchestrator", image_name=image)
        done = pipeline.run(job, "kaniko").succeeded()
    finally:
        pipeline.environment = {}
    registries = pipeline.group_variables()
    found = {
        pipeline.digest_of(f"{registries[name]}/{image}", tmp_path / "kaniko" / "config.json")
        for name in ("NEXUS_REGISTRY_PUSH", "NEXUS_REGISTRY_PULL")
    }
    assert len(found) == 1
    assert (tmp_path / "kaniko" / "config.json").stat().st_mode & 0o077 == 0
    assert shows_no_password(pipeline, done, "svc-orchestrator")


def test_docker_push_then_pull_by_another_account_with_a_real_daemon(pipeline: Pipeline) -> None:
    """The repository is written once: the same image under its tag is a success, another one is not."""
    image, registries = "orchestrator/web:1.0", pipeline.group_variables()
    pipeline.set_write_policy("docker/hosted/docker-dev", "allow_once")
    push = pipeline.include("docker-push", account="svc-datastore", image_name=image)
    done = pipeline.run(push, "docker-push").succeeded()
    assert shows_no_password(pipeline, done, "svc-datastore")
    again = pipeline.run(push, "docker-push").succeeded()
    assert f"/{image} has the same image already" in again.text
    pipeline.docker("image", "rm", f"{registries['NEXUS_REGISTRY']}/{image}")
    pull = pipeline.include("docker-pull", account="svc-deployer", image_name=image)
    pipeline.run(pull, "docker-pull").succeeded()
    assert pipeline.docker("image", "inspect", f"{registries['NEXUS_REGISTRY_PULL']}/{image}")
    pipeline.write_dockerfile("another")
    refused = pipeline.run(push, "docker-push")
    assert refused.code == 1
    assert f"docker push of {registries['NEXUS_REGISTRY']}/{image} as svc-datastore failed" in refused.text
    pipeline.set_write_policy("docker/hosted/docker-dev", "allow")
    assert not (pipeline.temporary / ".docker").exists(), "nothing stays in the machine's home"
    assert pipeline.left_behind() == []


def test_registries_that_are_folders_of_one_host_take_the_pushes_of_every_client(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """Path based routing: one login, two folders. The clients are docker's own and, for Kaniko, skopeo."""
    host = pipeline.project.address("nexus").removeprefix("http://")
    push, pull = f"{host}/docker-dev", f"{host}/docker-all"
    registries = {"NEXUS_REGISTRY": push, "NEXUS_REGISTRY_PUSH": push, "NEXUS_REGISTRY_PULL": pull}
    pipeline.allow_http(push, pull)
    job = pipeline.include("docker-push", account="svc-datastore", image_name="by-path/web:1.0")
    pipeline.run(job, "docker-push", **registries).succeeded()
    job = pipeline.include("docker-pull", account="svc-deployer", image_name="by-path/web:1.0")
    pipeline.run(job, "docker-pull", **registries).succeeded()
    assert pipeline.docker("image", "inspect", f"{pull}/by-path/web:1.0")
    pipeline.environment = {"DOCKER_CONFIG": str(tmp_path / "kaniko")}
    try:
        job = pipeline.include("kaniko", account="svc-orchestrator", image_name="by-path/server:1.0")
        pipeline.run(job, "kaniko", **registries).succeeded()
    finally:
        pipeline.environment = {}
    configuration = tmp_path / "kaniko" / "config.json"
    assert list(json.loads(configuration.read_text(encoding="utf-8"))["auths"]) == [host]
    assert pipeline.digest_of(f"{pull}/by-path/server:1.0", configuration)
    job = pipeline.include("docker-push", account="svc-bench", image_name="by-path/x:1")
    assert pipeline.run(job, "docker-push", **registries).code == 1, "svc-bench may not push images"


def test_an_account_that_may_not_push_is_refused_by_name(pipeline: Pipeline) -> None:
    done = pipeline.run(pipeline.include("docker-push", account="svc-bench", image_name="x:1"), "docker-push")
    assert done.code == 1
    assert "svc-bench may not push docker. These accounts may:" in done.text


def test_a_hidden_job_gives_the_credentials_to_the_jobs_own_lines(pipeline: Pipeline) -> None:
    job = {"extends": ".nexus_credentials", "script": ['test -n "$NEXUS_PASSWORD"', 'echo "as $NEXUS_USER"']}
    included = {"include": [{"local": "/ci/templates/nexus.yml"}], "probe": job}
    done = pipeline.run(included, "probe", NEXUS_ACCOUNT="svc-fsdb").succeeded()
    assert "as svc-fsdb" in done.text


def test_the_file_at_the_top_of_ones_own_gives_anchors(pipeline: Pipeline) -> None:
    hidden = (pipeline.folder / "ci" / "templates" / "nexus.yml").read_text(encoding="utf-8")
    job = "probe:\n  <<: *nexus_auth\n  variables: {NEXUS_ACCOUNT: svc-datastore}\n  script: ['echo \"as $NEXUS_USER\"']\n"
    done = pipeline.run(f"{hidden}\n{job}", "probe").succeeded()
    assert "as svc-datastore" in done.text
    assert done.text.count("docker is logged in to") == 2


def test_every_block_of_the_page_is_a_pipeline_that_works(pipeline: Pipeline) -> None:
    """By `project`, with the library that the template includes, and by `component`, a standalone file."""
    pipeline.publish("orchestrator/ciaccess", "main", folder="ci/templates")
    pipeline.publish("orchestrator/components", "1.0.0", "--components")
    pipeline.environment = {"DOCKER_CONFIG": str(pipeline.temporary / "kaniko")}
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    try:
        ended = [done.succeeded() for example in examples for done in pipeline.run_example(example)]
    finally:
        pipeline.environment = {}
    assert len(ended) == 5, "jobs of the page"
    package = (pipeline.folder / "dist" / "executor-1.0-1.noarch.rpm").read_bytes()
    for repository in (
        "rpm-dev/orchestrator/executor",
        "rpm-uat/orchestrator/executor",
        "raw-dev/tools/1.4.2",
    ):
        assert pipeline.stored(f"{repository}/executor-1.0-1.noarch.rpm") == package


def test_the_secrets_keyword_reads_the_accounts_secret_as_the_page_documents(pipeline: Pipeline) -> None:
    """The requests of GitLab's runner: a login by the group's variables, then each path, field and mount."""
    settings, job = (
        YAML(typ="safe").load(each) for each in re.findall(r"```yaml\n(.*?)```", SECRETS, re.DOTALL)
    )
    variables = settings["gitlab"]["groups"]["orchestrator"]["variables"]
    assert variables["VAULT_SERVER_URL"] == "${vault.address}"
    token = id_token(
        pipeline.project, pipeline.path, audience=job["upload"]["id_tokens"]["VAULT_ID_TOKEN"]["aud"]
    )
    vault = login(pipeline.project, token, variables["VAULT_AUTH_ROLE"])
    found = {}
    for name, entry in job["upload"]["secrets"].items():
        place, _, mount = entry["vault"].partition("@")
        path, _, field = place.rpartition("/")
        read = vault.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
        found[name] = read["data"]["data"][field]
    secret = pipeline.project.secret("svc-bench")
    assert found == {"NEXUS_USER": secret["username"], "NEXUS_PASSWORD_FILE": secret["password"]}


def test_a_template_is_included_by_its_address(pipeline: Pipeline) -> None:
    folder = pipeline.publish("orchestrator/standalone", "main", "--standalone")
    with ScriptedServer() as web:
        web.answers("GET /rpm-upload.yml", Reply(200, (folder / "rpm-upload.yml").read_bytes()))
        inputs = {"account": "svc-orchestrator", "path": "remote"}
        included = {"remote": f"{web.url}/rpm-upload.yml", "inputs": inputs}
        pipeline.run({"include": [included], "stages": ["deploy"]}, "rpm-upload").succeeded()
    assert pipeline.stored("rpm-dev/remote/executor-1.0-1.noarch.rpm")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"audience": "https://vault.shared.cwiq.io"}, "need aud: https://gitlab.shared.cwiq.io"),
        ({"path": "elsewhere/other"}, "Jobs of this project or ref are not admitted"),
        ({"signed_by_other_key": True}, "was not signed by"),
        ({"issued_at_offset_seconds": -3600}, "log in at the beginning of the job"),
    ],
)
def test_a_refused_login_shows_vaults_reason_and_what_to_do(
    options: dict[str, object], message: str, pipeline: Pipeline
) -> None:
    asked = {"path": pipeline.path, **options}
    token = id_token(pipeline.project, **asked)  # type: ignore[arg-type] # what the simulator takes
    done = pipeline.run(pipeline.include("rpm-upload", account="svc-executor"), "rpm-upload", token)
    assert done.code == 1
    assert "Vault refused the login with role nexus-ci: " in done.text
    assert message in done.text
    assert token not in done.text


def test_an_empty_vault_addr_is_reported_with_its_group(pipeline: Pipeline) -> None:
    job = pipeline.include("rpm-upload", account="svc-executor")
    done = pipeline.run(job, "rpm-upload", VAULT_ADDR="")
    assert done.code == 1
    assert "VAULT_ADDR is empty. Set it on group 9 (orchestrator)" in done.text


@pytest.mark.parametrize("image", IMAGES)
def test_every_kind_of_image_gets_in(image: str, pipeline: Pipeline, tmp_path: Path) -> None:
    variables = {**pipeline.group_variables(), "VAULT_ID_TOKEN": id_token(pipeline.project, pipeline.path)}
    shell = JobShell(tmp_path, IMAGES[image], variables)
    script = 'nexus_auth svc-executor\nnexus_registry_config config.json "$NEXUS_REGISTRY_PUSH" "$NEXUS_REGISTRY_PULL"'
    if image in CURL_IMAGES:
        script += "\nnexus_upload_rpm"
    package = make_rpm(tmp_path / "dist", "executor", f"2.{len(image)}")
    ended = shell.run(script, NEXUS_FILES="dist/*.rpm")
    assert ended.code == 0, ended.err
    if image in CURL_IMAGES:
        assert pipeline.stored(f"rpm-dev/orchestrator/executor/{package.name}") == package.read_bytes()


def test_images_are_promoted_by_digest_and_never_overwritten(pipeline: Pipeline) -> None:
    name = "orchestrator/released:1.0"
    job = pipeline.include("docker-push", account="svc-orchestrator", image_name=name)
    pipeline.run(job, "docker-push").succeeded()
    connectors = _open_connectors(pipeline)
    for source, target in (("dev", "uat"), ("uat", "prod")):
        promotion = pipeline.include("promote-images", images=name, **{"from": source, "to": target})
        done = pipeline.run(promotion, "promote-images", **connectors).succeeded()
        assert f"promoted {name} from {source} to {target}: sha256:" in done.text
        again = pipeline.run(promotion, "promote-images", **connectors).succeeded()
        assert f"{name} is in {target} already, with the same digest" in again.text
    registry = pipeline.group_variables()["NEXUS_REGISTRY"]
    assert pipeline.digest_of(f"{connectors['NEXUS_REGISTRY_PROD']}/{name}") == pipeline.digest_of(
        f"{registry}/{name}"
    )

    pipeline.write_dockerfile("something else")
    pipeline.run(job, "docker-push").succeeded()
    promotion = pipeline.include("promote-images", images=name, **{"from": "dev", "to": "uat"})
    done = pipeline.run(promotion, "promote-images", **connectors)
    assert done.code == 1
    assert "uat has another image under this tag. Nothing was overwritten." in done.text


def _open_connectors(pipeline: Pipeline) -> dict[str, str]:
    """Give the stages' docker repositories ports of their own, as an organisation without path based routing has."""
    opened = {}
    for stage in ("uat", "prod"):
        path = f"repositories/docker/hosted/docker-{stage}"
        body = pipeline.project.nexus("GET", path).json()
        port = free_port()
        body["docker"] = {"v1Enabled": False, "forceBasicAuth": True, "httpPort": port}
        assert pipeline.project.nexus("PUT", path, json=body).ok
        opened[f"NEXUS_REGISTRY_{stage.upper()}"] = f"127.0.0.1:{port}"
    pipeline.allow_http(*opened.values())
    return opened


def test_files_of_each_format_are_promoted_and_never_overwritten(pipeline: Pipeline) -> None:
    folder = pipeline.folder / "files"
    package = make_rpm(folder, "platform", "1.0")
    wheel = make_wheel(folder, "platform_lib", "1.0")
    make_npm_package(folder / "npm", "platform-web", "1.0.0")
    for template, inputs in (
        ("rpm-upload", {"files": "files/*.rpm", "path": "platform"}),
        ("raw-upload", {"files": "files/*.rpm", "path": "platform"}),
        ("pypi-publish", {"files": "files/*.whl"}),
        ("npm-publish", {"package": "files/npm"}),
    ):
        pipeline.run(pipeline.include(template, account="svc-orchestrator", **inputs), template).succeeded()
    for format_, repository, path, stages in (
        ("yum", "rpm", f"platform/{package.name}", ("dev", "uat", "prod")),
        ("raw", "raw", f"/platform/{package.name}", ("dev", "uat")),
        ("pypi", "pypi", f"packages/platform-lib/1.0/{wheel.name}", ("dev", "uat")),
        ("npm", "npm", "platform-web/-/platform-web-1.0.0.tgz", ("dev", "uat", "prod")),
    ):
        for source, target in pairwise(stages):
            inputs = {"format": format_, "paths": path, "from": source, "to": target}
            done = pipeline.run(pipeline.include("promote-files", **inputs), "promote-files").succeeded()
            assert f"from {source} to {target}: sha256 " in done.text
        kept = [pipeline.stored(f"{repository}-{stage}/{path.lstrip('/')}") for stage in stages]
        assert kept[0] is not None
        assert kept == [kept[0]] * len(stages)


def test_the_seed_documents_jobs_keep_working(pipeline: Pipeline, tmp_path: Path) -> None:
    text = SEED.read_text(encoding="utf-8").replace("/kaniko/.docker", str(tmp_path / "kaniko"))
    text += "\nlogin:\n  <<: *nexus_auth\n  script: ['echo \"as ${NEXUS_USER}\"']\n"
    done = pipeline.run(text, "login").succeeded()
    assert "as svc-orchestrator" in done.text
    pipeline.run(text, "build_image").succeeded()
    configuration = json.loads((tmp_path / "kaniko" / "config.json").read_text(encoding="utf-8"))
    registries = pipeline.group_variables()
    assert set(configuration["auths"]) == {
        registries["NEXUS_REGISTRY_PUSH"],
        registries["NEXUS_REGISTRY_PULL"],
    }
    package = make_rpm(pipeline.folder / "dist", "seed", "1.0")
    pipeline.run(text, "upload_rpm", RPM_FILE=package.name).succeeded()
    assert pipeline.stored(f"rpm-dev/orchestrator/executor/{package.name}") == package.read_bytes()
    for leftover in (pipeline.folder / "dist").glob("*.rpm"):
        leftover.unlink()  # the document's job gives twine dist/*
    make_wheel(pipeline.folder / "dist", "cwiq_seed", "1.0")
    pipeline.run(text, "publish_pypi").succeeded()
    assert b"cwiq_seed-1.0" in (pipeline.stored("pypi-dev/simple/cwiq-seed/") or b"")

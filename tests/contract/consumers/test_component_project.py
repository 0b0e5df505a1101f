"""A component project against what GitLab documents for a release to its CI/CD catalog (docs.gitlab.com/ci/components, /ci/inputs)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from ciaccess.consumers.templates import render_component_project
from tests.support.access.organisation import organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_COMPONENTS = 100
MOST_OPTIONS = 50
TYPES = {"string", "number", "boolean", "array"}
# What a component must not have: it would hold for the whole pipeline that includes it.
GLOBAL = {
    "default",
    "workflow",
    "stages",
    "variables",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
}
FILES = render_component_project(organisation())
COMPONENTS = sorted(path.split("/")[1] for path in FILES if path.endswith("/template.yml"))


def documents(component: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, body = YAML(typ="safe").load_all(FILES[f"templates/{component}/template.yml"])
    return header["spec"]["inputs"], body


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from (str(key), *texts(each))
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def test_the_project_has_the_files_that_gitlab_looks_for() -> None:
    """A README.md at the top, templates/<name>/template.yml, and in the catalog's limit."""
    assert {path for path in FILES if "/" not in path} == {"README.md", ".gitlab-ci.yml"}
    assert 0 < len(COMPONENTS) <= MOST_COMPONENTS
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", component) for component in COMPONENTS)
    within = {path.split("/", 2)[2] for path in FILES if path.startswith("templates/")}
    assert within == {"template.yml", "README.md"}
    for component in COMPONENTS:
        assert f"](templates/{component}/README.md)" in FILES["README.md"]
    assert "give this project a description" in FILES["README.md"].replace("\n", " ")


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_components_inputs_are_typed_described_and_used(component: str) -> None:
    inputs, body = documents(component)
    for name, fields in inputs.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
        assert fields.keys() <= {"type", "default", "description", "options", "regex"}
        assert fields["type"] in TYPES
        assert fields["description"]
        assert isinstance(fields.get("default", ""), str), "a default has its input's type"
        options = fields.get("options", [])
        assert len(options) <= MOST_OPTIONS
        assert not options or fields.get("default", options[0]) in options
    used = {name for text in texts(body) for name in re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", text)}
    assert used == set(inputs)
    assert not any("$[[" in text.replace("$[[ inputs.", "") for text in texts(body))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_is_one_job_with_nothing_for_the_whole_pipeline(component: str) -> None:
    _, body = documents(component)
    assert list(body) == ["$[[ inputs.job-name ]]"]
    assert not GLOBAL & set(body)
    assert "include" not in body, "of another project a component could only include its own files"


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_components_page_has_its_use_and_each_input(component: str) -> None:
    page = FILES[f"templates/{component}/README.md"]
    inputs, _ = documents(component)
    (example,) = (YAML(typ="safe").load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    (included,) = example["include"]
    assert included["component"] == f"$CI_SERVER_FQDN/GROUP/PROJECT/{component}@VERSION"
    required = {name for name, fields in inputs.items() if "default" not in fields}
    assert set(included.get("inputs", {})) == required
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", page, re.MULTILINE))
    assert set(rows) == set(inputs)
    assert {name for name, default in rows.items() if default == "required"} == required


def test_a_release_is_made_by_a_job_with_release_for_each_semantic_version_alone() -> None:
    """A release made by hand or through the API is not published to the catalog."""
    pipeline = YAML(typ="safe").load(FILES[".gitlab-ci.yml"])
    (job,) = (body for name, body in pipeline.items() if name != "workflow")
    assert job["release"]["tag_name"] == "$CI_COMMIT_TAG"
    assert job["release"]["description"]
    assert job["script"]
    assert "gitlab-org/cli" in job["image"], "the program that the keyword runs"
    (rule,) = pipeline["workflow"]["rules"]
    pattern = re.fullmatch(r"\$CI_COMMIT_TAG =~ /(.*)/", rule["if"])
    assert pattern
    released = [
        tag
        for tag in ("1.4.0", "0.0.1", "v1.4.0", "1.4", "main", "1.4.0x", "x1.4.0")
        if re.search(pattern[1], tag)
    ]
    assert released == ["1.4.0", "0.0.1"]

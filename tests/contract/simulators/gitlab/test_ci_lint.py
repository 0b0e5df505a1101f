"""The CI lint API: YAML that is really merged, by the rules of GitLab's own source."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.support.servers.gitlab import GitlabProcess

    Ask = Callable[..., requests.Response]
    Lint = Callable[..., dict[str, Any]]

SIMPLE = "job:\n  script: [make]\n"


@pytest.fixture
def lint(free: GitlabProcess, place: str, ask: Ask) -> Lint:
    """Return a function that answers the lint of a project with these files."""

    def answer(files: dict[str, str], **settings: str) -> dict[str, Any]:
        name = f"{place}/p{abs(hash(tuple(files.items())))}"
        identity = free.seed(projects=[{"path": name, "files": files, **settings}])["projects"][name]
        return dict(ask(free, "GET", f"/projects/{identity}/ci/lint").json())

    return answer


def merged(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["errors"] == [], answer
    assert answer["valid"] is True
    return dict(YAML(typ="safe").load(answer["merged_yaml"]))


def test_includes_extends_and_references_are_merged_and_default_stays(lint: Lint) -> None:
    main = dedent("""\
        include:
          - local: /ci/*.yml
        default:
          before_script: [login]
        variables: {A: main}
        .base: {stage: build, variables: {X: "1"}}
        build:
          extends: .base
          variables: {Y: "2"}
          script:
            - !reference [.lines, script]
            - make
        """)
    found = lint(
        {
            ".gitlab-ci.yml": main,
            "ci/lines.yml": "variables: {A: lines, B: lines}\n.lines: {script: [one, two]}\n",
            "other/unused.yml": "unused: {script: [x]}\n",
        }
    )
    config = merged(found)
    assert config["variables"] == {"A": "main", "B": "lines"}
    assert config["build"]["variables"] == {"X": "1", "Y": "2"}
    assert config["build"]["script"] == [["one", "two"], "make"]
    assert config["build"]["extends"] == ".base"
    assert config["default"] == {"before_script": ["login"]}
    assert "include" not in config
    assert "unused" not in config
    assert [(each["type"], each["location"]) for each in found["includes"]] == [("local", "ci/lines.yml")]


def test_a_file_of_another_project_takes_its_local_files_from_there(
    free: GitlabProcess, place: str, lint: Lint
) -> None:
    library = {
        "templates/deploy.yml": "spec:\n  inputs: {name: {default: deploy}, role: {}}\n---\n"
        "include: [{local: /lib/login.yml}]\n"
        '"$[[ inputs.name ]]":\n  script: ["login $[[ inputs.role ]]", !reference [.login, script]]\n',
        "lib/login.yml": ".login: {script: [curl]}\n",
    }
    free.seed(projects=[{"path": f"{place}/library", "files": library}])
    wanted = (
        f"include:\n  - project: {place}/library\n    file: /templates/deploy.yml\n    inputs: {{role: ci}}\n"
    )
    assert merged(lint({".gitlab-ci.yml": wanted}))["deploy"]["script"] == ["login ci", ["curl"]]
    component = f"include:\n  - component: $CI_SERVER_FQDN/{place}/library/deploy@1.0\n    inputs: {{role: ci, name: go}}\n"
    assert merged(lint({".gitlab-ci.yml": component}))["go"]["script"] == ["login ci", ["curl"]]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("job: [\n", "(<unknown>): "),
        ("- a\n", "Invalid configuration format"),
        ("include: missing.yml\n" + SIMPLE, "Local file `missing.yml` does not exist!"),
        ("include: .gitlab-ci.yml\n" + SIMPLE, "Maximum of 150 nested includes are allowed!"),
        ("include: {project: no/where, file: a.yml}\n" + SIMPLE, "Project `no/where` not found or access denied!"),
        ("job: {extends: .a, script: [x]}\n", "job: unknown keys in `extends` (.a)"),
        (".a: {extends: .b}\n.b: {extends: .a}\n" + SIMPLE, "circular dependency detected in `extends`"),
        ("job: {script: !reference [.a, script]}\n", "!reference ['.a', 'script'] could not be found"),
        (".a: {script: [x]}\n", "jobs config should contain at least one visible job"),
        ("job: {stage: test}\n", "jobs:job config should implement the script:, run:, or trigger: keyword"),
        ("a: &a\n  script: [*a]\n", "(<unknown>): "),
        ('spec: {inputs: {x: {}}}\n---\njob: {script: ["$[[ inputs.x ]]"]}\n', "`x` input: required value has not been provided"),
    ],
)  # fmt: skip
def test_what_gitlab_refuses_is_invalid_with_its_error(lint: Lint, text: str, error: str) -> None:
    found = lint({".gitlab-ci.yml": text})
    assert found["valid"] is False
    assert error in found["errors"][0]


def test_a_project_without_commits_and_one_without_the_file_answer_as_gitlab_does(
    free: GitlabProcess, place: str, lint: Lint, ask: Ask
) -> None:
    assert lint({"README.md": "x"})["errors"] == ["Please provide content of .gitlab-ci.yml"]
    assert merged(lint({"ci/main.yml": SIMPLE}, ci_config_path="ci/main.yml")) == {
        "job": {"script": ["make"]}
    }
    path = f"{place}/project".replace("/", "%2F")
    empty = ask(free, "GET", f"/projects/{path}/ci/lint")
    assert (empty.status_code, empty.json()["message"]) == (404, "404 Repository Not Found")


@pytest.mark.parametrize(("role", "status"), [("guest", 403), ("reporter", 200)])
def test_a_token_needs_read_api_and_the_role_reporter(
    free: GitlabProcess, place: str, ask: Ask, role: str, status: int
) -> None:
    free.seed(projects=[{"path": f"{place}/app", "files": {".gitlab-ci.yml": SIMPLE}}])
    name = f"reader-{place}-{role}"
    token = free.seed(
        tokens=[{"name": name, "kind": "group", "scopes": ["read_api"], "role": role, "group": place}]
    )["tokens"][name]
    path = f"{place}/app".replace("/", "%2F")
    assert ask(free, "GET", f"/projects/{path}/ci/lint", token=token).status_code == status
    stranger = free.seed(tokens=[{"name": f"stranger-{place}", "scopes": ["read_api"]}])["tokens"]
    assert (
        ask(free, "GET", f"/projects/{path}/ci/lint", token=stranger[f"stranger-{place}"]).status_code == 404
    )


def test_shared_projects_are_listed_unless_they_are_left_out(
    free: GitlabProcess, place: str, ask: Ask
) -> None:
    free.seed(
        groups=[{"path": f"{place}-lender"}],
        projects=[{"path": f"{place}-lender/lent", "shared_with": [place]}],
    )
    listed = ask(free, "GET", f"/groups/{place}/projects").json()
    assert {each["path"] for each in listed} == {"project", "lent"}
    own = ask(free, "GET", f"/groups/{place}/projects?with_shared=false").json()
    assert {each["path"] for each in own} == {"project"}


def test_variables_without_ci_cd_or_in_an_archived_group_are_refused_to_owners_too(
    free: GitlabProcess, place: str, ask: Ask
) -> None:
    free.seed(
        groups=[{"path": f"{place}/old", "archived": True}],
        projects=[
            {"path": f"{place}/no-ci", "builds_access_level": "disabled"},
            {"path": f"{place}/no-code", "repository_access_level": "disabled"},
            {"path": f"{place}/archived", "archived": True},
        ],
    )
    asked = {
        name: ask(free, "GET", f"/projects/{place}%2F{name}/variables").status_code
        for name in ("no-ci", "no-code", "archived")
    }
    assert asked == {"no-ci": 403, "no-code": 403, "archived": 200}
    assert ask(free, "GET", f"/groups/{place}%2Fold/variables").status_code == 403
    assert ask(free, "GET", f"/groups/{place}%2Fold").json()["archived"] is True

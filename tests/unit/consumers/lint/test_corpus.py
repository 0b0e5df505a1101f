"""Whole pipelines, with what is found in each: tests/data/pipelines/corpus/*.yml say it in comments.

`# expect: RULE…` at a line's end names the rules that find something in that line, `# expect 7: RULE…` those of another
line, which can hold no comment; a file without either is clean.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.consumers.lint import SourceError, apply_fixes, check, lint
from ciaccess.consumers.lint.known_commands import output_of
from ciaccess.engine.settings import CONFIG_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciaccess.access import Access

CORPUS = Path(__file__).parents[3] / "data" / "pipelines" / "corpus"
EXPECT = re.compile(r"# expect(?: (\d+))?: ([a-z -]+)$")
TWO_ROLES = """  roles:
    release-ci:
      policy: release-read-policy
      bound_audiences: [https://release.example.org]
      bound_claims: {project_path: [orchestrator/release], ref_protected: true}
      accounts: [svc-promoter]
"""


def expected(text: str) -> Counter[tuple[int, str]]:
    return Counter(
        (int(match.group(1) or number), rule)
        for number, line in enumerate(text.split("\n"), 1)
        if (match := EXPECT.search(line))
        for rule in match.group(2).split()
    )


@pytest.fixture(scope="module")
def two_roles(tmp_path_factory: pytest.TempPathFactory) -> Access:
    """The organisation's YAML with a second JWT role for svc-promoter."""
    text = (CONFIG_FOLDER / "access.yaml").read_text(encoding="utf-8")
    text = text.replace("  roles:\n", TWO_ROLES, 1).replace("        - svc-promoter\n", "")
    path = tmp_path_factory.mktemp("roles") / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.yml")), ids=lambda path: path.stem)
def test_a_pipeline_has_the_expected_findings_and_no_others(
    path: Path, access: Access, two_roles: Access
) -> None:
    text = path.read_text(encoding="utf-8")
    declared = two_roles if path.stem.startswith("two-roles") else access
    found = Counter(
        (each.line, each.rule) for each in lint(text, declared, path) if each.source.name == str(path)
    )
    assert found == expected(text)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.yml")), ids=lambda path: path.stem)
def test_what_fix_leaves_is_found_again_and_no_script_is_edited(
    path: Path, access: Access, two_roles: Access
) -> None:
    text = path.read_text(encoding="utf-8")
    declared = two_roles if path.stem.startswith("two-roles") else access
    after, fixed = apply_fixes(text, declared, path)
    assert apply_fixes(after, declared, path) == (after, [])
    before = sum(expected(text).values())
    assert len(lint(after, declared, path)) <= before - len(fixed)


def test_the_corpus_is_large_enough() -> None:
    texts = [path.read_text(encoding="utf-8") for path in CORPUS.glob("*.yml")]
    assert len(texts) >= 40
    assert sum(not expected(text) for text in texts) >= 12


def test_what_could_not_be_read_is_named(access: Access) -> None:
    path = CORPUS / "clean-token-from-other-project.yml"
    assert check(path.read_text(encoding="utf-8"), access, path).unread == [
        "project platform/templates vault.yml"
    ]


def many_jobs(count: int) -> str:
    job = (
        "job-{0}:\n  extends: .vault\n  id_tokens: {{VAULT_ID_TOKEN: {{aud: https://gitlab.shared.cwiq.io}}}}\n"
        "  script:\n    - make build-{0}\n    - docker build -t $NEXUS_REGISTRY/orchestrator/x:{0} .\n"
        "    - docker push $NEXUS_REGISTRY/orchestrator/x:{0}\n"
    )
    login = "vault write -field=token auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN"
    return f".vault:\n  before_script:\n    - export VAULT_TOKEN=$({login})\n" + "".join(
        job.format(number) for number in range(count)
    )


def test_three_thousand_jobs_are_checked_with_little_effort(
    access: Access, effort: Callable[[], float]
) -> None:
    text = many_jobs(3_000)
    assert lint(text, access) == []
    assert effort() < 250


@pytest.mark.parametrize(
    "line", ["x" * 1_000_000, 'docker login -p "$P" x; ' * 42_000, "x $( " * 200_000, "a" * 5_000_000]
)
def test_a_line_of_a_megabyte_is_refused_by_a_named_limit(
    line: str, access: Access, effort: Callable[[], float]
) -> None:
    with pytest.raises(SourceError, match="the most that are checked"):
        lint(f"job:\n  script:\n    - |\n      {line}\n", access)
    assert effort() < 100


@pytest.mark.parametrize(
    "line",
    [
        "x $( " * 90_000,
        "`" * 499_000,
        "'" * 499_000,
        "${" * 240_000,
        "<<x " * 120_000,
        "bash -c '" * 50_000,
        "x | " * 30_000,
    ],
)
def test_a_hostile_script_within_the_limit_ends(
    line: str, access: Access, effort: Callable[[], float]
) -> None:
    lint(f"job:\n  script:\n    - |\n      {line}\n", access)
    assert effort() < 100


def test_aliases_that_multiply_are_refused(access: Access) -> None:
    levels = "".join(f".l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
    with pytest.raises(SourceError, match="over 20,000 lines, the most that are checked"):
        lint(f".l0: &l0 [echo]\n{levels}job:\n  script: *l9\n", access)


def test_a_text_that_grows_is_not_known_beyond_a_bound() -> None:
    assert output_of("sed", ["-e", "s/a/aa/"] * 3, "a", {}) == "a" * 8
    assert output_of("sed", ["-e", "s/a/aa/"] * 100, "a", {}) is None
    assert output_of("cat", ["x"] * 10_000, "", {"x": "a" * 10_000}) is None


PUSH = "docker push nexus.shared.cwiq.io:8444/x"


def calls(body: str, count: int) -> str:
    lines = "".join(f"      {line}\n" for line in [f"f() {{ {body}", "}", *["f"] * count, PUSH])
    return f"job:\n  script:\n    - |\n{lines}"


def test_no_call_of_a_function_is_left_out_without_a_word(access: Access) -> None:
    text = calls('docker push "$1"', 600).replace(PUSH, f"f {PUSH.removeprefix('docker push ')}")
    assert [each.rule for each in lint(text, access)] == ["push-registry"]


@pytest.mark.parametrize("body", ["echo x; " * 400, "$(f; f; f; f; f; f; f; f; f; f)"])
def test_functions_that_multiply_are_refused_with_the_name_of_the_job(
    body: str, access: Access, effort: Callable[[], float]
) -> None:
    with pytest.raises(
        SourceError, match=r"^job job: its functions, loops and branches run over 30,000 words"
    ):
        lint(calls(body, 100), access)
    assert effort() < 100

"""What `--fix` leaves as it was: all of a file but the values that it names, in every way to write YAML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are not installed
from hypothesis import given, settings
from hypothesis import strategies as st

from ciaccess.consumers.lint import apply_fixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access import Access

LOGIN = "vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN"
# Parts of a pipeline, each with values to correct; the comments with `old` belong to a line that goes.
PARTS = (
    "variables:\n  A: é  # ü\n  VAULT_ADDR: https://vault.shared.cwiq.io   # old\n  B: 'x'",
    ".t: &t\n  id_tokens:\n    VAULT_ID_TOKEN: {aud: 'https://vault'}  # comment",
    f"job:   # c\n\n  # d\n  script: |\n    {LOGIN}",
    f"deep:\n    stage: x\n    script:\n        - {LOGIN}",
    f"flow: {{script: [{LOGIN}]}}",
    "folded:\n  id_tokens:\n    VAULT_ID_TOKEN:\n      aud: >-\n        https://vault\n  script: [a]",
    'quoted:\n  id_tokens:\n    VAULT_ID_TOKEN:\n      aud: ["https:\\x2f/vault"]\n  script: [a]',
    f"'odd key':\n  ? script\n  : [{LOGIN}]",
    f"tagged: !!map\n  script: !!seq\n  - {LOGIN}",
    f"tab:\n  script:  # a\ttab\n    - {LOGIN}",
    f"anchors:\n  id_tokens: &ids\n    VAULT_ID_TOKEN: &tok\n      aud: &aud https://vault\n  script: [{LOGIN}]",
    (
        "native:\n  variables:\n    VAULT_SERVER_URL: https://vault.shared.cwiq.io\n    VAULT_AUTH_ROLE: 'nexus-read-policy'\n"
        "  id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}\n"
        "  secrets:\n    P:\n      vault: data/nexus/svc-bench/password@secret  # e\n  script: [a]"
    ),
    "shared:\n  variables:\n    VAULT_ADDR: &addr https://vault.shared.cwiq.io\n    X: *addr\n  script: [a]",
    "last:\n  script: [a]\n  variables:\n    X: y\n    VAULT_ADDR: https://vault.shared.cwiq.io",
)
CHANGED = frozenset({"aud", "id_tokens", "VAULT_ADDR", "VAULT_AUTH_ROLE", "vault"})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if children is None:
        yield path, value
    for key, each in children or ():
        yield from leaves(each, (*path, key))


def values(text: str) -> dict[tuple[Any, ...], Any]:
    return dict(leaves(yaml.safe_load(text)))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    ends=st.booleans(),
)
def test_a_corrected_file_differs_in_the_named_values_alone(
    parts: list[str], line_end: str, mark: str, access: Access, *, ends: bool
) -> None:
    text = mark + "\n".join([*parts, ""] if ends else parts).replace("\n", line_end)
    after, _ = apply_fixes(text, access)
    before, left = values(text), values(after)
    changed = [path for path in before.keys() | left.keys() if before.get(path) != left.get(path)]
    assert [path for path in changed if not CHANGED.intersection(path)] == []
    assert after.startswith(mark)
    assert after.count("\n") == after.count(line_end)
    assert after.endswith("\n") == ends
    assert after.count("&") == text.count("&"), "anchors stay"
    comments = set(re.findall(r"#[^\r\n]*", text)) - set(re.findall(r"#[^\r\n]*", after))
    assert comments <= {"# old"}
    assert apply_fixes(after, access) == (after, [])


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_something_to_correct_or_is_left_whole(part: str, access: Access) -> None:
    after, fixed = apply_fixes(part, access)
    assert (after != part) == bool(fixed)

"""Courses of a script: none is left out without a word, and no character or number ends the reading."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import check, lint
from ciaccess.consumers.lint.shell_words import TOKEN

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.consumers.lint.check import Checked

ID_TOKENS = "  id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}\n"
LOGIN = "vault write auth/jwt/login role=$ROLE jwt=$VAULT_ID_TOKEN"
PUSH = "docker push nexus.shared.cwiq.io:8444/x:1"
ECHO = "echo a b c d e f g h i j"
BRANCH = f"if make; then R={PUSH.rsplit(maxsplit=1)[-1]}; else R=x; fi"


def checked(lines: list[str], access: Access, keys: str = "") -> Checked:
    script = "".join(f"      {line}\n" for line in lines)
    return check(f"job:\n{ID_TOKENS}{keys}  script:\n    - |\n{script}", access, Path(".gitlab-ci.yml"))


def matrix(count: int) -> str:
    return "  parallel:\n    matrix:\n" + "".join(
        f"      - {{ROLE: {'wrong' if number == 1 else 'nexus-ci'}, N: '{number}'}}\n"
        for number in range(count)
    )


def rules(count: int) -> str:
    return "  rules:\n" + "".join(
        f"    - {{if: $X, variables: {{ROLE: {'wrong' if number == 1 else 'nexus-ci'}, N: '{number}'}}}}\n"
        for number in range(count)
    )


@pytest.mark.parametrize("keys", [matrix(9), rules(9)])
def test_each_entry_of_a_matrix_or_of_rules_is_checked_to_the_end_of_a_long_script(
    keys: str, access: Access
) -> None:
    found = checked([ECHO] * 60 + [LOGIN], access, keys)
    assert [each.rule for each in found.findings] == ["role"]
    assert "wrong" in found.findings[0].why
    assert found.unread == []


def test_entries_that_are_not_checked_are_named(access: Access) -> None:
    found = checked([ECHO] * 1_000 + [LOGIN], access, matrix(9))
    assert found.unread == ["job job: it may start with 10 sets of variables; the first 6 were checked"]


def test_axes_that_no_rule_compares_do_not_multiply(access: Access) -> None:
    axes = ", ".join(f"A{axis}: [{', '.join(f'{axis}.{value}' for value in range(6))}]" for axis in range(3))
    keys = f"  parallel: {{matrix: [{{ROLE: [nexus-ci, wrong], {axes}}}]}}\n"
    found = checked([f"echo $A0 $A1 $A2 {ECHO}"] * 200 + [LOGIN], access, keys)
    assert ([each.rule for each in found.findings], found.unread) == (["role"], [])


LEFT_OUT = ["job job: its branches take more courses than are followed; some were not checked"]


def test_courses_that_are_not_followed_are_named(access: Access) -> None:
    push = "docker push $R"
    assert [each.rule for each in checked([BRANCH, ECHO, push], access).findings] == ["push-registry"]
    assert checked([BRANCH, ECHO, push], access).unread == []
    found = checked([BRANCH, *[ECHO] * 200, push], access)
    assert (found.findings, found.unread) == ([], LEFT_OUT)
    assert checked([f"if make; then A{n}=x; fi" for n in range(4)], access).unread == LEFT_OUT


def test_our_own_library_spends_nothing_of_a_jobs_courses(access: Access) -> None:
    library = ["nexus_pause() {", *["if make; then A=1; fi"] * 20, *[ECHO] * 200, "}", "nexus_pause"]
    found = checked(["nexus_auth() { :; }", BRANCH, *library, "docker push $R"], access)
    assert [each.rule for each in found.findings] == ["push-registry"]
    assert found.unread == []
    own = checked([BRANCH, *library, "docker push $R"], access)
    assert own.unread == LEFT_OUT, "a function of the pipeline's own, whatever its name"


def test_every_character_belongs_to_some_token() -> None:
    assert [code for code in range(sys.maxunicode + 1) if not TOKEN.match(chr(code))] == []


@pytest.mark.parametrize("blank", ["\\u00a0", "\\f", "\\u2003", "\\u2028", "\\u0085", "\\v"])
def test_a_blank_of_unicode_ends_neither_a_word_nor_the_script(blank: str, access: Access) -> None:
    for before in (f"echo a{blank}b", blank, f"if{blank}true"):
        text = f'job:\n  script:\n    - "{before}\\n{PUSH}"\n'
        assert [each.rule for each in lint(text, access)] == ["push-registry"], before


def test_numbers_of_any_length_end_no_check(access: Access) -> None:
    number = "9" * 5_000
    lines = [
        f"[ {number} -gt 1 ]; (( {number} > 1 ))",
        f'f() {{ shift {number}; echo "${{@:{number}}}" "${{{number}}}" ${number}; }}; f a b',
        PUSH,
    ]
    assert [each.rule for each in checked(lines, access).findings] == ["push-registry"]

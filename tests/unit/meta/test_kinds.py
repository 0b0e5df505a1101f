"""Every kind is whole: six verbs in order, registered, documented, tested, and spelled as the program spells it."""

from __future__ import annotations

import ast
import inspect
import re
from typing import TYPE_CHECKING

import pytest

from ciaccess.provider.kinds.table import KINDS
from tests.unit.meta.test_rules import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.provider.kinds.kind import Kind

VERBS = ["check", "diff", "create", "read", "update", "delete"]
FOLDER = ROOT / "src" / "ciaccess" / "provider" / "kinds"
# What the kinds share.
SHARED = {"__init__", "fields", "kind", "nexus", "objects", "table"}
# What an account is made of.
SHARED |= {"account_import", "account_parts", "account_passwords", "account_secret"}
# Kinds for other programs than ours, which declares accounts as a whole (docs/adr/0013).
STANDALONE = {
    "ciaccess:nexus:ContentSelector",
    "ciaccess:nexus:Privilege",
    "ciaccess:nexus:User",
}
PAGE = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def module_of(kind: type[Kind]) -> str:
    return kind.__module__.rpartition(".")[2]


def section_of(kind: type[Kind]) -> str:
    found = re.search(rf"^## {kind.token}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/resources.md has no section {kind.token}"
    return found[1]


@EACH
def test_a_kind_has_all_six_verbs(kind: type[Kind]) -> None:
    assert not inspect.isabstract(kind)
    assert all(callable(getattr(kind, verb)) for verb in VERBS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_verbs_stand_in_order_and_before_everything_else(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        # What is private to a file offers a system's objects, whose verbs are others.
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name != "Objects":
            methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
            names = [name for name in methods if name != "__init__"]
            verbs = [name for name in names if name in VERBS]
            assert verbs == sorted(verbs, key=VERBS.index), f"{node.name}: {verbs}"
            assert names[: len(verbs)] == verbs, f"{node.name}: the verbs come first"


def test_every_file_of_a_kind_is_registered_and_holds_one() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - SHARED
    assert sorted(map(module_of, KINDS.values())) == sorted(files)


@EACH
def test_a_kind_is_documented_field_by_field(kind: type[Kind]) -> None:
    section = section_of(kind)
    for field in kind.fields:
        assert f"`{field.name}`" in section, f"{kind.token}: {field.name} is in no row"
        row = next(
            line for line in section.splitlines() if line.startswith("|") and f"`{field.name}`" in line
        )
        assert ("**replaces**" in row) == (field.identifies or field.replaces), row
        assert not field.secret or "**secret**" in row, row
    for word in ("Refresh", "Errors"):
        assert f"**{word}**" in section, f"{kind.token}: nothing is said of {word}"
    assert f"| [`{kind.token}`]" in PAGE, "the table of import ids lacks it"


@EACH
def test_a_kind_has_a_contract_test_of_its_own(kind: type[Kind]) -> None:
    path = ROOT / "tests" / "contract" / "provider" / f"test_{module_of(kind)}.py"
    assert path.exists()
    # An account's many files of tests share their token.
    shared = ROOT / "tests" / "support" / "provider" / "account.py"
    texts = [each.read_text(encoding="utf-8") for each in (path, shared)]
    assert any(f'TOKEN = "{kind.token}"' in text for text in texts)


def test_the_program_and_the_plugin_spell_tokens_and_fields_alike() -> None:
    tree = ast.parse((ROOT / "components" / "resources.py").read_text(encoding="utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    tokens = {text for text in texts if re.fullmatch(r"ciaccess:[a-z]+:[A-Za-z]+", text)}
    assert tokens == set(KINDS) - STANDALONE
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            names = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            known = [{field.name for field in kind.fields} for kind in KINDS.values()]
            known.append({"nexus_url", "gitlab_url"})
            assert any(names <= fields for fields in known), f"{sorted(map(str, names))} are no kind's fields"


def test_the_server_knows_no_system_and_the_kinds_know_no_pulumi() -> None:
    server = (ROOT / "src" / "ciaccess" / "provider" / "server.py").read_text(encoding="utf-8")
    assert not re.search(
        r"^\s*(from|import) (ciaccess\.clients\.(nexus|gitlab|vault)|requests|gitlab|hvac)",
        server,
        re.MULTILINE,
    )
    for path in FOLDER.glob("*.py"):
        assert not re.search(r"^\s*(from|import) pulumi", path.read_text(encoding="utf-8"), re.MULTILINE), (
            path.name
        )

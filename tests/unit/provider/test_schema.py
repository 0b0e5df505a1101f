"""The package schema has every field of every kind, described, and docs/resources.md agrees with it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ciaccess.provider.kinds.table import KINDS
from ciaccess.provider.schema import package_schema
from tests.unit.meta.test_kinds import PAGE, section_of

SCHEMA = package_schema()
EACH = pytest.mark.parametrize("token", list(KINDS))


def properties() -> list[tuple[str, str, dict[str, Any]]]:
    """Return every property with its place."""
    holders = [(name, each["properties"]) for name, each in SCHEMA["types"].items()]
    holders += [(name, each["inputProperties"]) for name, each in SCHEMA["resources"].items()]
    holders += [(name, each["properties"]) for name, each in SCHEMA["resources"].items()]
    holders.append(("provider", SCHEMA["provider"]["inputProperties"]))
    return [(place, name, spec) for place, held in holders for name, spec in held.items()]


def row_of(token: str, name: str) -> str:
    rows = [line for line in section_of(KINDS[token]).splitlines() if line.startswith("|")]
    return next(line for line in rows if f"`{name}`" in line.split("|")[1])


def test_every_property_has_a_type_and_a_description() -> None:
    for place, name, spec in properties():
        assert spec.keys() & {"type", "$ref"}, f"{place}: {name}"
        assert re.fullmatch(r"[A-Z].+\.", spec["description"]), f"{place}: {name}: {spec['description']}"


@EACH
def test_inputs_and_outputs_are_those_of_the_kind(token: str) -> None:
    fields, resource = KINDS[token].fields, SCHEMA["resources"][token]
    assert resource["inputProperties"].keys() == {each.name for each in fields if not each.computed}
    outputs = {each.name for each in fields if each.compared or each.computed}
    assert resource["properties"].keys() == outputs
    secrets = {name for name, spec in resource["inputProperties"].items() if spec.get("secret")}
    assert secrets == {each.name for each in fields if each.secret}


@EACH
def test_the_page_has_the_types_and_defaults_of_the_schema(token: str) -> None:
    words = {
        "boolean": "true or false|`false`",
        "array": r"\bset of\b",
        "object": r"\bmap\b|`path`|`rotation`",
    }
    for name, spec in SCHEMA["resources"][token]["inputProperties"].items():
        row = row_of(token, name)
        assert re.search(words.get(spec.get("type", ""), ""), row), f"{spec}: {row}"
        if spec.get("default"):
            shown = str(spec["default"]).lower()
            assert re.search(rf"default: `?{re.escape(shown)}`?", row) or name == "login", f"{spec}: {row}"
        assert ("willReplaceOnChanges" in spec) == ("**replaces**" in row)
    assert f"`{token}`" in PAGE


def test_parts_of_an_account_have_the_fields_that_a_program_declares() -> None:
    users = SCHEMA["types"]["ciaccess:index:AccountUser"]
    assert {"user_id", "roles", "password_version"} <= users["properties"].keys()
    assert users["properties"].keys().isdisjoint({"password", "login", "handed_out_by", "adopt"})
    inputs = SCHEMA["resources"]["ciaccess:index:ServiceAccount"]["inputProperties"]
    assert inputs["users"]["additionalProperties"] == {"$ref": "#/types/ciaccess:index:AccountUser"}
    assert inputs["role"]["$ref"] == "#/types/ciaccess:index:AccountRole"

"""The JSON Schema of access.yaml for editors, derived from the models in a stable form.

config/access.schema.json is this module's output, and a test keeps it so: `./ciaccess validate --schema` prints it.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema

from ciaccess.access.model.models import Access
from ciaccess.access.reading.references import ADDRESSES


class _Generator(GenerateJsonSchema):
    """Leaves out the titles, which repeat the keys, and refuses names that no pattern allows."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        return {**found, "additionalProperties": False} if "patternProperties" in found else found


def schema() -> dict[str, Any]:
    """Return the schema of access.yaml as JSON data."""
    found = Access.model_json_schema(schema_generator=_Generator)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "access.yaml",
        **{key: value for key, value in found.items() if key != "title"},
        "$comment": "Generated from access/model/models.py by `./ciaccess validate --schema`. Values may refer to "
        + ", ".join("${" + ".".join(map(str, path)) + "}" for path in ADDRESSES.values()),
    }


def text() -> str:
    """Return the text of the schema file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"

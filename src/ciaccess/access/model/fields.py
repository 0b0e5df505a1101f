"""The types of access.yaml's fields: each check of access/model/checks with its JSON Schema."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema

from ciaccess.access.model import checks, checks_addresses, checks_claims, checks_dates
from ciaccess.access.model.checks import FORMATS, LOWER_SEGMENT, SEGMENT
from ciaccess.access.model.checks_claims import CLAIM, CLAIMS


def _pattern(pattern: str, most: int = checks.MOST_NAME_CHARACTERS) -> Any:
    return Field(json_schema_extra={"pattern": f"^{pattern}$", "maxLength": most})


def _name(what: str, *, upper: bool = True, most: int = checks.MOST_NAME_CHARACTERS) -> tuple[Any, Any]:
    check = checks.name(what, upper=upper, most=most)
    return AfterValidator(check), _pattern(SEGMENT if upper else LOWER_SEGMENT, most)


def _all_or_formats(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Take `all` for the format * of Nexus's built-in privileges."""
    if value == "all":
        return ["*"]
    if isinstance(value, str):
        allowed, remedy = "all, or a list such as [docker, yum]", "Write all, or put formats in brackets"
        raise checks.refusal(value, "is neither all nor a list", allowed, remedy)
    return handler(value)


def _without_limits(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Take a list of formats for a mapping of them without limits."""
    if not isinstance(value, dict):
        value = {format_: {} for format_ in _FORMATS.validate_python(value)}
    return handler(value)


class _Or:
    """Adds another allowed form of a section to the JSON Schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [self._schema, handler(schema)]}


def short_form(key: str, schema: dict[str, Any]) -> tuple[Any, Any]:
    """Return the short form of a section: one key's value in its place, with its `schema`."""

    def to_long_form(value: Any) -> Any:
        return value if isinstance(value, dict | BaseModel) else {key: value}

    return BeforeValidator(to_long_form), _Or(schema)


_ONE_OF = {"enum": list(FORMATS)}
_SOME_FORMATS = {"type": "array", "items": {"type": "string", **_ONE_OF}}
_CLAIM_VALUE = {"type": ["string", "integer", "boolean"]}

AccountName = Annotated[str, *_name("account")]
RoleId = Annotated[str, *_name("role")]
# Goes into descriptions beside MOST_TEXT_CHARACTERS others.
OwnerName = Annotated[str, *_name("owner", most=24)]
RepositoryName = Annotated[str, *_name("repository")]
# Vault stores names of roles and policies in lower case.
VaultRoleName = Annotated[str, *_name("JWT role", upper=False)]
PolicyName = Annotated[str, *_name("policy", upper=False)]
Url = Annotated[str, AfterValidator(checks_addresses.url)]
Registry = Annotated[str, AfterValidator(checks_addresses.registry)]
Image = Annotated[str, AfterValidator(checks_addresses.image)]
_SECONDS = {"type": "integer", "minimum": checks.LEAST_TTL_SECONDS, "maximum": checks.MOST_TTL_SECONDS}
_WITH_UNIT = {"type": "string", "pattern": "^[0-9]{1,6}[smh]?$"}
Duration = Annotated[int, BeforeValidator(checks.duration), WithJsonSchema({"anyOf": [_SECONDS, _WITH_UNIT]})]
KvMount = Annotated[str, AfterValidator(checks.kv_mount)]
TransitMount = Annotated[str, AfterValidator(checks.mount)]
TransitKeyName = Annotated[str, *_name("transit key")]
AuthMount = Annotated[str, AfterValidator(checks.auth_mount)]
KvPrefix = Annotated[str, AfterValidator(checks.kv_prefix)]
VaultNamespace = Annotated[str, AfterValidator(checks.vault_namespace)]
Format = Annotated[str, AfterValidator(checks.format_), Field(json_schema_extra=_ONE_OF)]
PulledFormats = Annotated[
    list[Format],
    WrapValidator(_all_or_formats),
    WithJsonSchema({"anyOf": [{"const": "all"}, _SOME_FORMATS]}),
]
_FORMATS = TypeAdapter(list[Format], config=ConfigDict(strict=True))
FORMATS_WITHOUT_LIMITS = WrapValidator(_without_limits), _Or(_SOME_FORMATS)
ScopePath = Annotated[str, AfterValidator(checks.scope_path), _pattern(checks.SCOPE_PATH)]
Text = Annotated[str, AfterValidator(checks.text), _pattern(r".*\S.*", checks.MOST_TEXT_CHARACTERS)]
PrivilegeName = Annotated[str, AfterValidator(checks.privilege)]
GroupPath = Annotated[str, AfterValidator(checks.group_path)]
ProjectPath = Annotated[str, AfterValidator(checks.project_path)]
BranchName = Annotated[str, AfterValidator(checks.branch)]
VariableKey = Annotated[str, AfterValidator(checks.variable_key), _pattern("[A-Za-z0-9_]+", 255)]
# An editor offers the known ones; GitLab adds claims.
_CLAIM_NAME = {"anyOf": [{"enum": list(CLAIMS)}, {"pattern": f"^{CLAIM}$"}]}
Claim = Annotated[str, AfterValidator(checks_claims.claim), Field(json_schema_extra=_CLAIM_NAME)]
ClaimValues = Annotated[
    list[str],
    BeforeValidator(checks_claims.claim_values),
    WithJsonSchema({"anyOf": [_CLAIM_VALUE, {"type": "array", "items": _CLAIM_VALUE, "minItems": 1}]}),
]
Audience = Annotated[str, AfterValidator(checks_claims.audience)]
Domain = Annotated[str, AfterValidator(checks.domain)]
EnvironmentScope = Annotated[str, AfterValidator(checks.environment_scope)]
Cidr = Annotated[str, AfterValidator(checks_addresses.network)]
Certificates = Annotated[str, AfterValidator(checks_addresses.certificates)]
SingleLine = Annotated[str, AfterValidator(checks_claims.subject)]
PipelineEnvironment = Annotated[str, AfterValidator(checks.environment)]
ConfigUri = Annotated[str, AfterValidator(checks.config_uri)]
PublicKey = Annotated[str, AfterValidator(checks.public_key)]
_DAY = WithJsonSchema({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
Day = Annotated[date, BeforeValidator(checks_dates.day), _DAY]
LastDay = Annotated[date, BeforeValidator(checks_dates.last_day), _DAY]
Age = Annotated[
    int,
    BeforeValidator(checks_dates.age),
    WithJsonSchema({"type": "string", "pattern": f"^{checks_dates.AGE}$"}),
]

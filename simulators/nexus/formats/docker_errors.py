"""What a registry says when it refuses: `{"errors": [{code, message, detail}]}`, by the codes of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from simulators.nexus.answers import CHALLENGE, json_answer
from simulators.nexus.formats.format import RefusedError

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.content_call import ContentCall

VERSION_HEADER = {"Docker-Distribution-Api-Version": "registry/2.0"}

_MESSAGES = {
    "BLOB_UNKNOWN": "blob unknown to registry",
    "BLOB_UPLOAD_INVALID": "blob upload invalid",
    "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry",
    "DENIED": "requested access to the resource is denied",
    "DIGEST_INVALID": "provided digest did not match uploaded content",
    "MANIFEST_BLOB_UNKNOWN": "blob unknown to registry",
    "MANIFEST_INVALID": "manifest invalid",
    "MANIFEST_UNKNOWN": "manifest unknown",
    "NAME_UNKNOWN": "repository name not known to registry",
    "SIZE_INVALID": "provided length did not match content length",
    "UNAUTHORIZED": "access to the requested resource is not authorized",
    "UNSUPPORTED": "The operation is unsupported.",
}
# The code of a refusal that came with a status alone; a 400 of that kind is the write policy's.
_CODES = {
    HTTPStatus.UNAUTHORIZED: "UNAUTHORIZED",
    HTTPStatus.FORBIDDEN: "DENIED",
    HTTPStatus.BAD_REQUEST: "BLOB_UPLOAD_INVALID",
    HTTPStatus.NOT_FOUND: "NAME_UNKNOWN",
    HTTPStatus.METHOD_NOT_ALLOWED: "UNSUPPORTED",
}
_PRO_ONLY = (
    "Deploying to groups is a PRO-licensed feature. See https://links.sonatype.com/product-nexus-repository"
)


def refused(status: int, code: str, detail: str) -> RefusedError:
    """Return a refusal with the code's own message."""
    return RefusedError(status, detail, code)


def refused_group() -> RefusedError:
    """Return the refusal of a push to a group: the message says it, for docker shows nothing else."""
    return RefusedError(HTTPStatus.FORBIDDEN, _PRO_ONLY, "PRO_ONLY")


def registry_refusal(call: ContentCall, error: RefusedError) -> Response:
    """Return a refusal in the registry's form; who is nobody yet is told how to sign in."""
    code = error.code or _CODES.get(HTTPStatus(error.status), "UNSUPPORTED")
    if code == "PRO_ONLY":
        entry = {"code": "DENIED", "message": error.text, "detail": None}
    else:
        entry = {"code": code, "message": _MESSAGES[code], "detail": error.text}
    answer = json_answer({"errors": [entry]}, error.status)
    answer.headers.update(VERSION_HEADER | error.headers)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = challenge(call)
    return answer


def challenge(call: ContentCall) -> str:
    """Return how to sign in: with a password, or with a token of ours where the repository does not insist on it."""
    if call.repository.force_basic_auth:
        return CHALLENGE
    realm = f"{call.url}/v2/token"
    return f'Bearer realm="{realm}",service="{realm}"'

"""A project's merged pipeline, by the CI lint API, and files of its repository.

Reads only; scope read_api suffices.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ciaccess.clients.errors import ForbiddenError, NotFoundError, UnexpectedAnswerError, one_line
from ciaccess.clients.gitlab.errors import SYSTEM, unexpected_answer

if TYPE_CHECKING:
    from ciaccess.clients.gitlab.groups import Place
    from ciaccess.clients.gitlab.variables import GitLab

_REMEDY = "The token needs the scope read_api, and its user the role Reporter in the project."
# GitLab's own texts for a repository without commits, and for one without the file.
_EMPTY = "Repository Not Found"
_NO_FILE = "Please provide content of"


@dataclass(frozen=True)
class MergedPipeline:
    """The merged YAML, and why GitLab refuses it; `missing` is why there is none."""

    yaml: str
    faults: tuple[str, ...] = ()
    missing: str = ""


def merged_pipeline(gitlab: GitLab, project: Place) -> MergedPipeline:
    """Return the pipeline of a project's default branch, with everything that it includes.

    Raises:
        ApiError: GitLab did not answer, or refused.
    """
    doing = f"read the merged pipeline of project '{project.path}'"
    try:
        found = gitlab.get(f"/projects/{project.identity}/ci/lint", doing)
    except ForbiddenError as error:
        raise error.with_remedy(_REMEDY) from None
    except NotFoundError as error:
        if _EMPTY in error.reason:
            return MergedPipeline("", missing="its repository is empty")
        raise
    merged, faults = found.get("merged_yaml"), found.get("errors")
    if not isinstance(faults, list) or not isinstance(merged, str | None):
        raise unexpected_answer(doing, "the response is not the CI lint API's", gitlab.url)
    texts = tuple(one_line(str(fault)) for fault in faults)
    if any(text.startswith(_NO_FILE) for text in texts):
        return MergedPipeline("", missing="it has no pipeline")
    if merged is None and not texts:
        remedy = "Check that GitLab is 13.10 or later."
        raise UnexpectedAnswerError(doing, "the response has no merged YAML", remedy, system=SYSTEM)
    return MergedPipeline(merged or "", texts)


def repository_file(gitlab: GitLab, project: str, path: str, ref: str) -> str:
    """Return a file of a project, given by its id or full path, at a ref.

    Raises:
        ApiError: GitLab did not answer, or refused; NotFoundError: there is none, or the token does not see it.
    """
    doing = f"read {path} of project '{project}'"
    address = f"/projects/{quote(project, safe='')}/repository/files/{quote(path, safe='')}"
    try:
        content = gitlab.get(address, doing, ref=ref)["content"]
        return base64.b64decode(str(content), validate=True).decode("utf-8")
    except (ForbiddenError, NotFoundError) as error:
        raise error.with_remedy(_REMEDY) from None
    except (KeyError, binascii.Error, UnicodeDecodeError):
        remedy = "Check that it is a text file."
        raise UnexpectedAnswerError(doing, "the response has no text", remedy, system=SYSTEM) from None

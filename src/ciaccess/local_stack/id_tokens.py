"""id_tokens from the local stack's GitLab, which issues valid and invalid ones on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests

from ciaccess.clients.http.session import as_api_error
from ciaccess.local_stack.places import Record, read_credential
from ciaccess.local_stack.processes import StackError
from ciaccess.local_stack.seed import PROJECTS

_ANSWER_SECONDS = 10


class LocalIssuer:
    """The issuer of a started stack."""

    @property
    def projects(self) -> Sequence[str]:
        """Return the full paths of the projects that the stack was seeded with."""
        return PROJECTS

    def mint(self, project: str, ref: str, audience: str, **options: Any) -> str:
        """Return the id_token of a job; `options` as the simulator's /simulator/id_token takes them."""
        url = Record.load().url("gitlab")
        try:
            answer = requests.post(
                f"{url}/simulator/id_token",
                json={"project": project, "ref": ref, "audience": audience, **options},
                headers={"PRIVATE-TOKEN": read_credential("gitlab-token")},
                timeout=_ANSWER_SECONDS,
            )
            answer.raise_for_status()
        except requests.HTTPError as error:
            raise StackError(
                f"mint an id_token: GitLab at {url} answered {error.response.status_code}. Check it: ./ciaccess local status"
            ) from None
        except requests.RequestException as error:
            raise StackError(str(as_api_error(error, "mint an id_token", "GitLab", url, "POST"))) from None
        return str(answer.json()["id_token"])

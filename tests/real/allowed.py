"""Differences that may be between a real Nexus and the simulator, which is modelled on 3.77, by name with the reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.real.differential import Allowed

if TYPE_CHECKING:
    from tests.real.differential import Answer, Difference


def _without(value: Any, *names: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, *names) for key, each in value.items() if key not in names}
    return [_without(each, *names) for each in value] if isinstance(value, list) else value


def _equal_without(*names: str) -> Any:
    def covers(difference: Difference) -> bool:
        real, simulated = difference.real, difference.simulated
        return real.status == simulated.status and _without(real.body, *names) == _without(
            simulated.body, *names
        )

    return covers


def _mentions(answer: Answer, *texts: str) -> bool:
    return any(text in str(answer.body) for text in texts)


def _both_refuse(text: str) -> Any:
    def covers(difference: Difference) -> bool:
        answers = (difference.real, difference.simulated)
        return all(each.status == 400 and _mentions(each, text) for each in answers)

    return covers


def _asks(difference: Difference, method: str, pattern: str) -> bool:
    return difference.exchange.method == method and re.search(pattern, difference.exchange.path) is not None


def _statuses(difference: Difference) -> tuple[int, int]:
    return difference.real.status, difference.simulated.status


def _files(answer: Answer) -> list[str]:
    """Return the names of a list without metadata and the package whose files are deleted."""
    metadata = re.compile(r"simple/|gone\b|(@scope/)?[^/ ]+$")
    return [each for each in answer.body if not metadata.match(each)]


BODY_OF_A_MISSING_REPOSITORY = Allowed(
    "body of a missing repository",
    "3.77 answers 404 without a body, as recorded; older versions name the repository",
    lambda difference: (
        difference.real.status == difference.simulated.status == 404
        and _mentions(difference.real, "Repository not found")
    ),
)
WORDS_OF_CSEL = Allowed(
    "words of CSEL",
    "an expression with a single = is refused in other words",
    _both_refuse("Invalid CSEL"),
)
ONE_OF_SEVERAL = Allowed(
    "one of several",
    "of several roles or privileges that are missing in a role, the server names any one: it keeps them as a set",
    _both_refuse("contained in role"),
)
FIELDS_SINCE_3_30 = Allowed(
    "fields since 3.30",
    "3.30 has no readOnly of roles, and no section of raw repositories",
    _equal_without("readOnly", "raw"),
)
DUPLICATES_OF_3_30 = Allowed(
    "duplicates in 3.30",
    "3.30 reports them as its database does: 500 for users and selectors, 400 for repositories",
    lambda difference: (
        _mentions(difference.real, "found duplicated key") and difference.simulated.status >= 400
    ),
)
WORDS_OF_3_30 = Allowed(
    "words of 3.30",
    "its validation uses other words for the same refusal",
    lambda difference: (
        difference.real.status == difference.simulated.status == 400
        and _mentions(difference.real, "not a well-formed", "may not be", "Only letters, digits")
    ),
)
WORDS_OF_REFUSED_UPLOADS = Allowed(
    "words of refused uploads",
    "a form without a path, or with a file that is no package, is refused in other words",
    lambda difference: _asks(difference, "POST", "/v1/components") and _statuses(difference) == (400, 400),
)
BROKEN_PACKAGES_IN_3_30 = Allowed(
    "broken packages in 3.30",
    "its components API answers 500 to a file that is no npm package",
    lambda difference: _asks(difference, "POST", "/v1/components") and _statuses(difference) == (500, 400),
)
VERSIONS_OF_NPM = Allowed(
    "documents of one version of npm",
    "3.30 does not serve them; npm asks for the whole package",
    lambda difference: (
        _asks(difference, "GET", r"/repository/npm-[a-z0]+/[^/]+/\d[^/]*$")
        and difference.real.status in (400, 404)
    ),
)
ETAGS_SINCE_3_30 = Allowed(
    "ETags since 3.30",
    "3.30 sends none for hosted files, so its clients ask by date",
    lambda difference: difference.exchange.repeats_etag and _statuses(difference) == (200, 304),
)
TAGS_OF_GROUPS = Allowed(
    "tags of npm groups",
    "3.30 shows only `latest` of a group's members",
    lambda difference: (
        _asks(difference, "GET", "/repository/npm-all/") and _statuses(difference) == (200, 200)
    ),
)
METADATA_IN_LISTS_OF_3_30 = Allowed(
    "metadata in lists of 3.30",
    "it lists the indexes of pypi and the package documents of npm as assets, and components without assets",
    lambda difference: (
        _asks(difference, "GET", r"/v1/(assets|components)\?repository=(npm|pypi)")
        and _files(difference.real) == _files(difference.simulated)
    ),
)
OF_3_71 = (BODY_OF_A_MISSING_REPOSITORY, WORDS_OF_CSEL, ONE_OF_SEVERAL, WORDS_OF_REFUSED_UPLOADS)
OF_3_30 = (
    FIELDS_SINCE_3_30,
    DUPLICATES_OF_3_30,
    BODY_OF_A_MISSING_REPOSITORY,
    WORDS_OF_CSEL,
    WORDS_OF_3_30,
    ONE_OF_SEVERAL,
    WORDS_OF_REFUSED_UPLOADS,
    BROKEN_PACKAGES_IN_3_30,
    VERSIONS_OF_NPM,
    ETAGS_SINCE_3_30,
    TAGS_OF_GROUPS,
    METADATA_IN_LISTS_OF_3_30,
)

"""Differences that may be between a real Nexus and the simulator, which is modelled on 3.77, by name with the reason."""

from __future__ import annotations

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
OF_3_71 = (BODY_OF_A_MISSING_REPOSITORY, WORDS_OF_CSEL, ONE_OF_SEVERAL)
OF_3_30 = (
    FIELDS_SINCE_3_30,
    DUPLICATES_OF_3_30,
    BODY_OF_A_MISSING_REPOSITORY,
    WORDS_OF_CSEL,
    WORDS_OF_3_30,
    ONE_OF_SEVERAL,
)

"""The group variables with the addresses of Vault and Nexus, in GitLab or in the running job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ciaccess.access import Access
from ciaccess.access.desired.objects import Variable as Found
from ciaccess.access.model.models import Variable
from ciaccess.clients.errors import ApiError
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.verification.results import Check, Result

KIND = "variable"
# The most harmful for a job first.
_FIELDS = ("value", "protected", "environment_scope", "variable_type", "raw", "masked")


def compare_with_gitlab(access: Access, gitlab: GitLab) -> Iterator[Result]:
    """Compare each declared variable with GitLab's."""
    for path, group in access.gitlab.groups.items():
        variables = gitlab.variables(str(group.id))
        for key, declared in group.variables.items():
            check = Check(f"group {path}", KIND, f"variable {key}")
            try:
                found = variables.find(key, declared.environment_scope)
            except ApiError as error:
                yield check.no_answer(error)
                return
            yield _compare(check, declared, found)


def compare_with_job(access: Access, environment: Mapping[str, str]) -> Iterator[Result]:
    """Compare each variable that every job of a group gets with the running job's."""
    project = environment.get("CI_PROJECT_PATH", "")
    for path, group in access.gitlab.groups.items():
        if not project.startswith(f"{path}/"):
            continue
        for key, declared in group.variables.items():
            everywhere = not declared.protected and declared.environment_scope == "*"
            if not everywhere or declared.variable_type != "env_var" or "$" in declared.value:
                continue
            check = Check(f"group {path}", KIND, f"variable {key}, as this job has it")
            found = environment.get(key)
            if found is None:
                yield check.fail("this job does not have it")
            elif found != declared.value:
                yield check.fail("this job has another value: the project or a subgroup overrides it")
            else:
                yield check.succeed("as declared")


def _compare(check: Check, declared: Variable, found: Found | None) -> Result:
    if found is None:
        return check.fail("the group has no variable with this key. Repair: pulumi up --refresh")
    # A wrong value may be a credential, so no value is shown.
    different = [name for name in _FIELDS if getattr(found, name) != getattr(declared, name)]
    if not different:
        return check.succeed("as declared")
    reason = "jobs get another value" if "value" in different else f"it differs in {', '.join(different)}"
    if found.protected and not declared.protected:
        reason = "it is protected: jobs of unprotected refs do not have it"
    return check.fail(f"{reason}. Repair: pulumi up --refresh")

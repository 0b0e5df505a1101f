"""`./ciaccess explain`: whether Vault admits a job, the failing claim, and the job's rights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ciaccess.access import Access
from ciaccess.access.desired.pipeline_identities import jwt_roles, own_accounts, own_jwt_roles
from ciaccess.access.desired.vault import secret_of
from ciaccess.access.reading.faults import display, require_declared, suggest
from ciaccess.analysis.admission import UNKNOWN, Check, Outcome, Verdict
from ciaccess.analysis.facts import AccessFacts
from ciaccess.analysis.job import Job, verdicts
from ciaccess.analysis.sections import may
from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import FileOption, load_access
from ciaccess.cli.terminal import finish, notices, output, print_json
from ciaccess.clients.vault.id_token_times import lifetime
from ciaccess.errors import CommandError, Exit
from ciaccess.report.page import visible

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = examples(
    "./ciaccess explain --project orchestrator/executor --ref main --protected",
    "./ciaccess explain --project tools/x --ref v1 --tag --account svc-bench",
    "./ciaccess explain --project orchestrator/ciaccess --ref main --protected --role ciaccess-apply",
    "./ciaccess explain --claims token.json  # the decoded payload of a job's id_token",
)
# By outcome: the exit code, and the sign and colour on a terminal.
_SHOWN = {
    Outcome.ADMITTED: (Exit.CLEAN, "✓", "green"),
    Outcome.REFUSED: (Exit.DIFFERENCES, "✗", "red"),
    Outcome.UNKNOWN: (Exit.COULD_NOT_LOOK, "?", "yellow"),
}
_PLACE = "Only jobs of {values} are admitted. Add the project under vault.roles.{role}.bound_claims in access.yaml."
_REMEDIES = {
    "iss": "The token is from another GitLab, or vault.jwt.issuer in access.yaml is not GitLab's external URL.",
    "aud": "Set aud of the pipeline's id_tokens to {values}.",
    "namespace_path": _PLACE,
    "project_path": _PLACE,
    "ref_protected": "Protect the branch or tag in the project's settings, or run the job on one that is.",
    "environment": "Give the job `environment: {values}`.",
}


ProjectOption = Annotated[str, typer.Option(help="Path of the job's project, such as orchestrator/executor.")]
RefOption = Annotated[str, typer.Option(help="Branch or tag that the pipeline runs on.")]
ProtectedOption = Annotated[bool, typer.Option("--protected", help="The ref is protected.")]
TagOption = Annotated[bool, typer.Option("--tag", help="The ref is a tag.")]
SourceOption = Annotated[str, typer.Option(help="What started the pipeline: push, schedule, web, …")]
EnvironmentOption = Annotated[str | None, typer.Option(help="The job's environment.")]
AudienceOption = Annotated[str | None, typer.Option(help="aud of its id_token. Default: the role's first.")]
ClaimOption = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="A further claim, such as project_id=42.")
]
ClaimsOption = Annotated[Path | None, typer.Option(help="JSON file of all claims, instead of the above.")]
RoleOption = Annotated[
    str | None,
    typer.Option(
        help="Ask about this JWT role alone; ciaccess's own are ciaccess-preview, -apply and -drift."
    ),
]
AccountOption = Annotated[str | None, typer.Option(help="Ask about this account's secret alone.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@application.command(cls=Command, epilog=_EXAMPLES)
def explain(  # noqa: PLR0913 each option is a claim of the job's token
    *,
    project: ProjectOption = "",
    ref: RefOption = "",
    protected: ProtectedOption = False,
    tag: TagOption = False,
    source: SourceOption = "push",
    environment: EnvironmentOption = None,
    audience: AudienceOption = None,
    claim: ClaimOption = None,
    claims: ClaimsOption = None,
    role: RoleOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
    file: FileOption = None,
) -> None:
    """Explain whether Vault admits a job, which claim fails, and which secrets and rights it gets.

    Exit code 0: admitted, and may read the secret of --account; 2: not; 3: undecided, for lack of a claim.
    The token's signature and lifetime are assumed to be valid.
    """
    access = load_access(file)
    project = project.strip("/")
    _require_job(project, ref, claims)
    _require_role(access, role)
    _require_account(access, account, role)
    given = _claims(claims, claim or ())
    found = verdicts(
        access,
        Job(
            project,
            ref,
            tag=tag,
            protected=protected,
            source=source,
            environment=environment,
            audience=audience,
            claims=given,
            whole=claims is not None,
        ),
        role,
    )
    outcome = overall(found, account)
    if as_json:
        print_json(_as_json(access, found, outcome, account))
    else:
        _show(access, found, account, {"project_path": project} | given)
    finish(_SHOWN[outcome][0])


def _require_job(project: str, ref: str, claims: Path | None) -> None:
    if claims is not None:
        if project or ref:
            raise CommandError("describe the job: give --claims, or --project and --ref, not both")
    elif not (project and ref):
        raise CommandError("describe the job: give --project GROUP/PROJECT and --ref, or --claims FILE")
    elif "/" not in project or "://" in project:
        example = "a path with its group, such as orchestrator/executor"
        raise CommandError(
            f"describe the job: --project {display(project)} is not allowed. Allowed: {example}"
        )


def _require_role(access: Access, role: str | None) -> None:
    known = list(jwt_roles(access))
    if role is not None and role not in known:
        declared = f"JWT roles: {', '.join(known)}"
        raise CommandError(
            f"there is no JWT role {display(role)}", remedy=f"{suggest(role, known, '')} {declared}".strip()
        )


def _require_account(access: Access, account: str | None, role: str | None) -> None:
    if account in own_accounts(access):
        if role:
            return
        raise CommandError(
            f"account {account} is not declared. It is ciaccess's own: give --role, and see docs/own-pipeline.md"
        )
    require_declared([account] if account else (), access.accounts)


def overall(found: Sequence[Verdict], account: str | None = None) -> Outcome:
    """Return the answer of all roles; with an account, of those that lead to its secret."""
    outcomes = {verdict.outcome for verdict in found if account is None or account in verdict.accounts}
    for outcome in (Outcome.ADMITTED, Outcome.UNKNOWN):
        if outcome in outcomes:
            return outcome
    return Outcome.REFUSED


def _claims(file: Path | None, further: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if file:
        try:
            read = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(
                f"read {file}: {error.strerror}. Name a JSON file of a token's claims"
            ) from None
        except (ValueError, RecursionError):
            raise CommandError(f"read {file}: it is not JSON. Decode the token's middle part first") from None
        if not isinstance(read, dict):
            raise CommandError(f"read {file}: not a JSON object. Write the claims as one object")
        found |= read
    for item in further:
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise CommandError(f"read --claim {item!r}: not NAME=VALUE, such as project_id=42")
        found[name] = value
    return found


def _as_json(
    access: Access, found: Sequence[Verdict], outcome: Outcome, account: str | None
) -> dict[str, Any]:
    facts = AccessFacts.of(access)
    return {
        "outcome": outcome.value,
        "account": account,
        "roles": [
            {
                "role": verdict.role,
                "outcome": verdict.outcome.value,
                "checks": [_check_json(check) for check in verdict.checks],
                "secrets": [_secret(access, facts, name) for name in _secrets(verdict, account)],
            }
            for verdict in found
        ],
    }


def _secret(access: Access, facts: AccessFacts, name: str) -> dict[str, Any]:
    """Return an account's secret, and what that is for: of ciaccess's own account, its purpose."""
    own = own_accounts(access).get(name)
    return {
        "account": name,
        "path": secret_of(access, name).api_path,
        "former": (not own and facts.accounts[name].former) or None,
        "may": [own.purpose] if own else list(may(facts.account(name))),
    }


def _check_json(check: Check) -> dict[str, Any]:
    return {
        "claim": check.claim,
        "wanted": list(check.wanted),
        "found": None if check.found is UNKNOWN else check.found,
        "outcome": check.outcome.value,
        "reason": check.reason,
    }


def _secrets(verdict: Verdict, account: str | None) -> tuple[str, ...]:
    """Return the accounts whose secrets this login reads; none when it is refused."""
    if verdict.outcome is Outcome.REFUSED:
        return ()
    return tuple(name for name in verdict.accounts if account in (None, name))


def _show(access: Access, found: Sequence[Verdict], account: str | None, claims: Mapping[str, Any]) -> None:
    """Print each role's verdict; the user reads what was compared, and where it failed what to do."""
    from rich.text import Text  # noqa: PLC0415 slow to import, and `--json` does without

    console, own_roles, facts = output(), own_jwt_roles(access), AccessFacts.of(access)
    if valid := lifetime(claims):
        notices().print(f"note: {valid}", markup=False)
    is_own_job = access.pipeline and access.pipeline.project == claims.get("project_path")
    if is_own_job and not own_roles.keys() & {verdict.role for verdict in found}:
        own = f"ciaccess's own jobs log in with {', '.join(own_roles)}"
        notices().print(f"note: of this project, {own}: ask about one with --role", markup=False)
    for verdict in found:
        console.print(Text(f"{verdict.role}: {verdict.outcome}", style=f"bold {_SHOWN[verdict.outcome][2]}"))
        for check in verdict.checks:
            _, sign, colour = _SHOWN[check.outcome]
            console.print(
                Text(f"  {sign} ", style=colour) + Text(visible(f"{check.claim} {_comparison(check)}"))
            )
            if check.reason:
                console.print(Text(visible(f"      Vault: {check.reason}"), style="red"))
                console.print(Text(f"      {_remedy(check, verdict.role, is_own=verdict.role in own_roles)}"))
        if account is not None and account not in verdict.accounts:
            console.print(Text(f"  does not read the secret of {account}"))
        verb = "would read" if verdict.outcome is Outcome.UNKNOWN else "reads"
        for name in _secrets(verdict, account):
            secret = _secret(access, facts, name)
            console.print(Text(f"  {verb} {secret['path']}", style="bold"))
            former = [f"{name} is a {secret['former']}"] if secret["former"] else []
            joint = ":" if name in own_accounts(access) else " may"
            for line in (*former, *(f"{name}{joint} {each}" for each in secret["may"])):
                console.print(Text(visible(f"      {line}")))


def _comparison(check: Check) -> str:
    if check.found is UNKNOWN:
        found = "is not known offline" if check.wanted else "is set by GitLab, and not known here"
    elif check.found is None:
        found = "is missing"
    else:
        found = f"is {check.found if isinstance(check.found, str) else json.dumps(check.found)}"
    return f"{found}; wanted: {' or '.join(check.wanted)}" if check.wanted else found


def _remedy(check: Check, role: str, *, is_own: bool) -> str:
    values = " or ".join(check.wanted)
    if is_own and check.wanted and check.claim != "iss":
        return f"Only ciaccess's own jobs with {check.claim} {values} are admitted (docs/own-pipeline.md)."
    if check.claim in _REMEDIES:
        return _REMEDIES[check.claim].format(values=values, role=role)
    if not check.wanted:
        return f"A token of GitLab has {check.claim} as text: Vault names the user by it (vault.roles.{role}.user_claim)."
    return (
        f"The job must have {check.claim} {values}; or edit vault.roles.{role}.bound_claims in access.yaml."
    )

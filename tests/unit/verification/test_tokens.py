"""Forged tokens, and which tokens are minted for which role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from ciaccess.verification.id_tokens import IdToken, TokenError
from ciaccess.verification.token_sources import GivenToken, MintedTokens
from tests.support.access.access import GOOD, edited, valid
from tests.support.servers.vault import Issuer

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

GITLAB = "https://gitlab.example.org"
PROJECTS = ("orchestrator/platform", "orchestrator/app", "orchestrator/promotion", "elsewhere/other")


class RecordingIssuer:
    """Mints tokens of the claims that GitLab would put into them, and remembers what was asked for."""

    def __init__(self, projects: tuple[str, ...] = PROJECTS) -> None:
        self.projects = projects
        self.asked: list[dict[str, Any]] = []
        self._issuer = Issuer()

    def mint(self, project: str, ref: str, audience: str, **options: Any) -> str:
        """Return a token; only main is protected."""
        self.asked.append({"project": project, "ref": ref, "audience": audience, **options})
        overrides = options.get("overrides", {})
        claims = {
            "iss": GITLAB,
            "aud": audience,
            "project_id": "7",
            "project_path": project,
            "namespace_path": project.rpartition("/")[0],
            "ref": ref,
            "ref_type": options["ref_type"],
            "ref_protected": "true" if ref == "main" else "false",
            "environment": options.get("environment"),
            "pipeline_source": options["pipeline_source"],
            **overrides,
        }
        return self._issuer.sign({name: value for name, value in claims.items() if value is not None})


@pytest.fixture
def token() -> IdToken:
    return IdToken.parse(
        RecordingIssuer().mint("orchestrator/app", "main", GITLAB, ref_type="branch", pipeline_source="push")
    )


def test_forged_tokens_claim_the_same_and_are_not_believed(token: IdToken) -> None:
    forged = {token.with_changed_signature(), token.without_signature(), token.with_another_key()}
    assert len(forged) == 3
    assert token.text not in forged
    for each in forged:
        assert IdToken.parse(each).claims == token.claims
    assert jwt.get_unverified_header(token.without_signature())["alg"] == "none"


@pytest.mark.parametrize("header", [{}, {"kid": "the issuer's"}])
def test_a_forged_token_claims_the_issuers_key_where_the_token_names_one(header: dict[str, str]) -> None:
    token = IdToken.parse(jwt.encode({"iss": GITLAB}, "x" * 32, algorithm="HS256", headers=header))
    for forged in (token.without_signature(), token.with_another_key()):
        assert jwt.get_unverified_header(forged).get("kid") == header.get("kid")


def test_a_token_is_not_in_its_repr(token: IdToken) -> None:
    assert token.text not in repr(token)
    assert token.job == "a job of orchestrator/app on main"


@pytest.mark.parametrize("text", ["", "a.b.c", "no token at all", "eyJhbGciOiJub25lIn0"])
def test_what_is_no_token_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(TokenError) as refused:
        IdToken.parse(text)
    assert not text or text not in str(refused.value)


def test_a_given_token_is_all_there_is(small_access: Access, token: IdToken) -> None:
    source = GivenToken(small_access, token)
    assert source.valid_token("nexus-ci", "svc-app") is token
    assert list(source.refused_tokens("nexus-ci")) == []
    ((why, bad),) = source.refused_tokens("nexus-promote")
    assert bad is token
    assert why == "a job of orchestrator/app on main, which is this one"


def test_the_roles_of_our_own_pipeline_are_tried_too(tmp_path: Path) -> None:
    pipeline = "version: 1\npipeline: {project: orchestrator/app, audience: https://vault.example.org}\n"
    access = valid(tmp_path, edited(("version: 1\n", pipeline), text=GOOD))
    tokens = MintedTokens(access, RecordingIssuer())
    good = tokens.valid_token("ciaccess-drift", "")
    assert (good.claims["project_path"], good.claims["aud"]) == (
        "orchestrator/app",
        "https://vault.example.org",
    )
    assert "a job of an unprotected ref" in [why for why, _ in tokens.refused_tokens("ciaccess-apply")]


def test_a_job_of_the_accounts_own_project_is_taken_where_there_is_one(small_access: Access) -> None:
    tokens = MintedTokens(small_access, RecordingIssuer())
    assert tokens.valid_token("nexus-ci", "svc-app").claims["project_path"] == "orchestrator/app"
    assert tokens.valid_token("nexus-ci", "svc-tool").claims["project_path"] == "orchestrator/platform"
    assert (
        tokens.valid_token("nexus-promote", "svc-promoter").claims["project_path"] == "orchestrator/promotion"
    )


def test_a_role_whose_jobs_nobody_can_mint_is_said(small_access: Access) -> None:
    tokens = MintedTokens(small_access, RecordingIssuer(("elsewhere/other",)))
    with pytest.raises(TokenError, match="role nexus-promote admits no project of the issuer"):
        tokens.valid_token("nexus-promote", "svc-promoter")


def test_bad_tokens_are_what_the_role_binds(small_access: Access) -> None:
    issuer = RecordingIssuer()
    tokens = MintedTokens(small_access, issuer)
    of_ci = [why for why, _ in tokens.refused_tokens("nexus-ci")]
    assert of_ci == ["another audience", "another issuer", "an expired token", "a job of elsewhere/other"]
    of_promotion = [why for why, _ in tokens.refused_tokens("nexus-promote")]
    assert of_promotion[-2:] == ["a job of orchestrator/platform", "a job of an unprotected ref"]
    assert issuer.asked[-1]["ref"] == "ciaccess-verify-unprotected"
    expired = [asked for asked in issuer.asked if "issued_at_offset_seconds" in asked]
    assert all(asked["issued_at_offset_seconds"] < -3600 for asked in expired)


def test_a_job_meets_what_the_role_binds_besides_the_project(tmp_path: Path) -> None:
    bound = "project_path: orchestrator/promotion\n        ref_protected: true\n"
    further = bound + "        environment: production\n        ref: release-*\n        ref_type: tag\n"
    access = valid(tmp_path, edited((bound, further), text=GOOD))
    issuer = RecordingIssuer()
    MintedTokens(access, issuer).valid_token("nexus-promote", "svc-promoter")
    assert issuer.asked[-1] == {
        "project": "orchestrator/promotion",
        "ref": "release-",
        "audience": GITLAB,
        "ref_type": "tag",
        "pipeline_source": "push",
        "environment": "production",
    }

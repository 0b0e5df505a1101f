from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests

from tests.support.servers.gitlab import start_gitlab

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.gitlab import GitlabProcess

    Ask = Callable[..., requests.Response]


def verified(process: GitlabProcess, token: str, audience: str | None = None) -> dict[str, Any]:
    """Return a token's claims, verified as a relying party does it: discovery, then keys, then everything else."""
    found = requests.get(f"{process.url}/.well-known/openid-configuration", timeout=60).json()
    key = jwt.PyJWKClient(found["jwks_uri"]).get_signing_key_from_jwt(token)
    algorithms = found["id_token_signing_alg_values_supported"]
    return dict(
        jwt.decode(
            token, key, algorithms=algorithms, audience=audience or process.url, issuer=found["issuer"]
        )
    )


def test_a_job_on_the_protected_branch_gets_the_claims_gitlab_gives(free: GitlabProcess, place: str) -> None:
    minted = free.mint_with_claims(f"{place}/project", user="root")
    claims = verified(free, minted["id_token"])
    assert claims == minted["claims"]
    group = free.seed(groups=[{"path": place}])["groups"][place]
    assert claims["sub"] == f"project_path:{place}/project:ref_type:branch:ref:main"
    assert (claims["namespace_id"], claims["namespace_path"]) == (str(group), place)
    assert (claims["ref_protected"], claims["ref_path"]) == ("true", "refs/heads/main")
    assert (claims["user_login"], claims["user_access_level"]) == ("root", "owner")
    assert claims["ci_config_ref_uri"].endswith(f"/{place}/project//.gitlab-ci.yml@refs/heads/main")
    assert claims["exp"] - claims["iat"] == 300
    assert claims["iat"] - claims["nbf"] == 5
    numbers = {name for name, value in claims.items() if not isinstance(value, str)}
    assert numbers == {"iat", "nbf", "exp", "runner_id"}, "everything else is a string"


def test_each_job_is_another_one(free: GitlabProcess, place: str) -> None:
    first, second = (free.mint_with_claims(f"{place}/project")["claims"] for _ in range(2))
    assert first["jti"] != second["jti"]
    assert int(second["job_id"]) == int(first["job_id"]) + 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ref": "feature"}, {"ref_protected": "false", "ref_type": "branch"}),
        ({"ref": "release/1.0"}, {"ref_protected": "true", "ref_path": "refs/heads/release/1.0"}),
        ({"ref": "v1", "ref_type": "tag"}, {"ref_protected": "true", "ref_path": "refs/tags/v1"}),
        ({"ref": "x1", "ref_type": "tag"}, {"ref_protected": "false", "ref_type": "tag"}),
        (
            {"ref": "main", "ref_type": "merge_request"},
            {"ref_protected": "false", "ref_type": "branch", "pipeline_source": "merge_request_event"},
        ),
        ({"pipeline_source": "schedule"}, {"pipeline_source": "schedule"}),
        ({"environment": "production"}, {"environment": "production", "deployment_tier": "production"}),
        ({"overrides": {"namespace_path": "evil"}}, {"namespace_path": "evil"}),
    ],
)
def test_the_claims_follow_the_job(
    free: GitlabProcess, place: str, options: dict[str, Any], expected: dict[str, str]
) -> None:
    rules = {"protected_branches": ["release/*"], "protected_tags": ["v*"]}
    free.seed(projects=[{"path": f"{place}/project"} | rules])
    claims = verified(free, free.mint(f"{place}/project", **({"ref": "main"} | options)))
    assert expected.items() <= claims.items()


def test_a_null_override_takes_the_claim_away(free: GitlabProcess, place: str) -> None:
    assert "sub" not in free.mint_with_claims(f"{place}/project", overrides={"sub": None})["claims"]


def test_an_audience_may_be_a_list(free: GitlabProcess, place: str) -> None:
    token = free.mint(f"{place}/project", audience=["https://a.example.com", "https://b.example.com"])
    assert verified(free, token, "https://b.example.com")["aud"][0] == "https://a.example.com"
    with pytest.raises(jwt.InvalidAudienceError):
        verified(free, token, "https://c.example.com")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"signed_by_other_key": True}, jwt.InvalidSignatureError),
        ({"algorithm_none": True}, jwt.InvalidAlgorithmError),
        ({"issued_at_offset_seconds": -3600}, jwt.ExpiredSignatureError),
        ({"issued_at_offset_seconds": 3600}, jwt.ImmatureSignatureError),
        ({"overrides": {"iss": "https://evil.example.com"}}, jwt.InvalidIssuerError),
    ],
)
def test_a_bad_token_is_not_believed(
    free: GitlabProcess, place: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        verified(free, free.mint(f"{place}/project", **options))


def test_only_root_mints(free: GitlabProcess, place: str) -> None:
    name = f"owner-{place}"
    token = free.seed(tokens=[{"name": name, "role": "owner", "group": place}])["tokens"][name]
    body = {"project": f"{place}/project", "ref": "main", "audience": "a"}
    for headers, status in (({}, 401), ({"PRIVATE-TOKEN": token}, 403)):
        answer = requests.post(f"{free.url}/simulator/id_token", json=body, headers=headers, timeout=60)
        assert answer.status_code == status


def test_an_external_url_is_the_issuer_and_the_address_in_links(tmp_path: Path, ask: Ask) -> None:
    process = start_gitlab(tmp_path, external_url="https://gitlab.example.com/")
    try:
        process.seed(groups=[{"path": "g"}], projects=[{"path": "g/p"}])
        claims = process.mint_with_claims("g/p")["claims"]
        assert claims["iss"] == "https://gitlab.example.com"
        assert claims["ci_config_ref_uri"].startswith("gitlab.example.com/g/p//")
        group = ask(process, "GET", "/groups/g").json()
        assert group["web_url"] == "https://gitlab.example.com/groups/g"
    finally:
        process.stop()

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.credentials import CredentialsError, ca_bundle, require
from ciaccess.clients.redaction import redact

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN", "VAULT_ADDR", "VAULT_TOKEN")


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "CIACCESS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_credentials_are_taken_from_the_environment_and_from_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_bytes(b"glpat-from-a-file\r\n")
    monkeypatch.setenv("GITLAB_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("NEXUS_USERNAME", "administrator")
    monkeypatch.setenv("NEXUS_PASSWORD", "from-the-environment")
    monkeypatch.setenv("NEXUS_PASSWORD_FILE", str(tmp_path / "not-read"))
    assert require("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN") == {
        "NEXUS_USERNAME": "administrator",
        "NEXUS_PASSWORD": "from-the-environment",
        "GITLAB_TOKEN": "glpat-from-a-file",
    }
    assert redact("administrator from-the-environment glpat-from-a-file") == "administrator *** ***"


def test_one_error_lists_all_that_are_missing_and_how_to_set_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example")
    monkeypatch.setenv("VAULT_TOKEN", "")
    monkeypatch.setenv("GITLAB_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(CredentialsError) as caught:
        require(*NAMES)
    assert str(caught.value) == (
        "the environment lacks NEXUS_USERNAME (the user that administers Nexus); NEXUS_PASSWORD (the password of Nexus's administrator); "
        "GITLAB_TOKEN_FILE names /nowhere/token, which cannot be read (No such file or directory); "
        "VAULT_TOKEN (a token that may read what the command reads; one that writes must also administer the auth mount, policies and secrets). "
        "Set each in the environment; those of Nexus and GitLab may be files, named in <NAME>_FILE."
    )


def test_what_is_vaults_is_not_asked_for_in_a_file() -> None:
    with pytest.raises(CredentialsError, match=r"secrets\)\. Set each in the environment\.$"):
        require("VAULT_ADDR", "VAULT_TOKEN")


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b" blank", b"\xff\xfe\x00", b"tab\tinside"])
def test_a_file_that_holds_no_credential_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "token").write_bytes(content)
    monkeypatch.setenv("GITLAB_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(CredentialsError, match="GITLAB_TOKEN") as caught:
        require("GITLAB_TOKEN")
    assert "lines" not in str(caught.value)


def test_the_bundle_of_cas_is_ours_before_that_of_requests(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert ca_bundle() is None
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    for path, name in ((ours, "CIACCESS_CA_BUNDLE"), (theirs, "REQUESTS_CA_BUNDLE")):
        path.touch()
        monkeypatch.setenv(name, str(path))
    assert ca_bundle() == ours
    monkeypatch.delenv("CIACCESS_CA_BUNDLE")
    assert ca_bundle() == theirs


def test_a_bundle_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIACCESS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(
        CredentialsError, match=r"CIACCESS_CA_BUNDLE names /nowhere/ca.pem, which does not exist"
    ):
        ca_bundle()

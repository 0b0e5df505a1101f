"""Where credentials may go: one host, over a TLS that is trusted, and nothing beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import UnexpectedAnswerError, UnreachableError
from ciaccess.clients.http.session import PooledSession, Session
from ciaccess.clients.http.transport import ElsewhereError
from ciaccess.clients.vault.client import Vault
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, make_certificate, page
from tests.unit.clients.conftest import OK, QUICK

if TYPE_CHECKING:
    from pathlib import Path


def test_no_redirect_leads_to_another_host(server: ScriptedServer, session: Session) -> None:
    with ScriptedServer() as other:
        server.answers("GET /x", Reply(302, headers={"Location": f"{other.url}/stolen"}))
        with pytest.raises(UnexpectedAnswerError) as caught:
            session.send("GET", "/x", "list roles")
        assert other.requests == []
    assert f"{server.url} redirects to {other.url}." in str(caught.value)


def test_no_call_is_made_to_another_origin_whoever_asks_for_it(server: ScriptedServer) -> None:
    with ScriptedServer() as other:
        session = PooledSession(server.url, QUICK)
        with pytest.raises(ElsewhereError) as caught:
            session.get(f"{other.url}/x", headers={"PRIVATE-TOKEN": "hunter22"})
        assert other.requests == []
        assert str(caught.value) == f"{server.url} leads to {other.url}"
        session.close()


@pytest.mark.parametrize("target", ["http://[", "http://127.0.0.1:99999/", "https://\\evil/"])
def test_a_malformed_redirect_is_refused_as_any_other(
    server: ScriptedServer, session: Session, target: str
) -> None:
    server.answers("GET /x", Reply(302, headers={"Location": target}))
    with pytest.raises(UnexpectedAnswerError, match="redirects to"):
        session.send("GET", "/x", "list roles")


def test_a_redirect_to_credentials_shows_none(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(302, headers={"Location": "https://user:hunter22@evil.example/"}))
    with pytest.raises(UnexpectedAnswerError) as caught:
        session.send("GET", "/x", "list roles")
    assert "hunter22" not in str(caught.value)
    assert "evil.example" in str(caught.value)


def test_a_redirect_on_the_same_host_is_followed_for_reads_alone(
    server: ScriptedServer, session: Session
) -> None:
    for method in ("GET", "PUT"):
        server.answers(f"{method} /x", Reply(302, headers={"Location": "/y"}))
    server.answers("GET /y", OK)
    assert session.send("GET", "/x", "try").status_code == 200
    with pytest.raises(UnexpectedAnswerError, match=r"redirects PUT /x to /y"):
        session.send("PUT", "/x", "try", body={})
    assert len(server.asked("GET /y")) == 1


def test_an_endless_redirect_ends(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(302, headers={"Location": "/x"}))
    with pytest.raises(UnexpectedAnswerError, match="redirects"):
        session.send("GET", "/x", "try")


def test_an_unknown_ca_is_refused_and_the_bundle_that_has_it_is_taken(tmp_path: Path) -> None:
    ca, certificate = make_certificate(tmp_path)
    with ScriptedServer(certificate) as server:
        server.answers("GET /x", OK)
        refusing = Session("Nexus", server.url, options=QUICK)
        with pytest.raises(UnreachableError) as caught:
            refusing.send("GET", "/x", "list roles")
        assert "TLS" in str(caught.value)
        assert "CIACCESS_CA_BUNDLE" in str(caught.value)
        assert "local issuer certificate" in str(caught.value)
        assert server.requests == []
        trusting = Session("Nexus", server.url, options=replace(QUICK, ca_bundle=ca))
        assert trusting.send("GET", "/x", "list roles").status_code == 200
        refusing.close()
        trusting.close()


def test_the_environment_does_not_replace_the_bundle_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, certificate = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with ScriptedServer(certificate) as server:
        server.answers("GET /x", OK)
        session = PooledSession(server.url, replace(QUICK, ca_bundle=ca))
        assert session.get(f"{server.url}/x").status_code == 200
        session.close()


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "no PEM"])
def test_a_bundle_that_cannot_be_used_is_said(
    server: ScriptedServer, tmp_path: Path, content: str | None
) -> None:
    bundle = tmp_path / "ca.pem"
    if content:
        bundle.write_text(content, encoding="ascii")
    url = server.url.replace("http:", "https:")
    session = Session("Nexus", url, options=replace(QUICK, ca_bundle=bundle))
    with pytest.raises(UnreachableError, match="CIACCESS_CA_BUNDLE"):
        session.send("GET", "/x", "list roles")
    session.close()


def test_plain_http_behind_an_https_address_is_said(server: ScriptedServer) -> None:
    session = Session("Nexus", server.url.replace("http:", "https:"), options=QUICK)
    with pytest.raises(UnreachableError, match=r"TLS with Nexus at https\S+ failed \(.*wrong version number"):
        session.send("GET", "/x", "list roles")
    session.close()


def test_no_cookie_is_kept(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", replace(OK, headers={"Set-Cookie": "NXSESSIONID=abc; Path=/"}))
    session.send("GET", "/x", "try")
    session.send("GET", "/x", "try")
    assert not any("Cookie" in request.headers for request in server.requests)


def test_netrc_adds_no_password(
    server: ScriptedServer, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password hunter22\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.answers("GET /x", page("hello"))
    session.send("GET", "/x", "try")
    assert "Authorization" not in server.requests[0].headers


def test_a_proxy_of_the_environment_is_used_and_named_when_it_is_down(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "inside.invalid")
    server.answers("GET http://nexus.invalid/x", OK)
    session = Session("Nexus", "http://nexus.invalid", options=QUICK)
    assert session.send("GET", "/x", "try").status_code == 200
    session.close()
    session = Session("Nexus", "http://inside.invalid", options=QUICK)
    with pytest.raises(UnreachableError, match="host name is unknown"):
        session.send("GET", "/x", "try")
    session.close()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    session = Session("Nexus", "http://nexus.invalid", options=QUICK)
    with pytest.raises(UnreachableError, match=r"connection refused by the proxy 127.0.0.1:1\)"):
        session.send("GET", "/x", "try")
    session.close()


def test_a_create_that_is_cut_inside_tls_is_uncertain(tmp_path: Path) -> None:
    ca, certificate = make_certificate(tmp_path)
    with ScriptedServer(certificate) as server:
        server.answers("POST /x", Reply(200, b"123", cut_at=0))
        session = Session("Nexus", server.url, options=replace(QUICK, ca_bundle=ca))
        with pytest.raises(UnreachableError, match="may or may not have been done") as caught:
            session.send("POST", "/x", "try", body={})
        assert caught.value.uncertain
        assert len(server.requests) == 1
        session.close()


AUTHORITY = "Vault trusts only the authority in access.yaml there"


def test_another_authority_than_the_issuer_s_is_to_be_corrected_in_access_yaml(tmp_path: Path) -> None:
    for each in ("issuer", "other"):
        (tmp_path / each).mkdir()
    ca, certificate = make_certificate(tmp_path / "issuer")
    other, _ = make_certificate(tmp_path / "other")
    vault = Vault("http://127.0.0.1:9", "a-token", options=QUICK)
    with ScriptedServer(certificate) as server:
        server.answers("GET /keys", in_json({"keys": []}))
        vault.url_answers(f"{server.url}/keys", ca.read_text(encoding="ascii"))
        for authority in (other.read_text(encoding="ascii"), "no certificate"):
            with pytest.raises(UnreachableError, match=AUTHORITY):
                vault.url_answers(f"{server.url}/keys", authority)
    with pytest.raises(UnreachableError, match="Check that it is running") as caught:
        vault.url_answers(f"{server.url}/keys", ca.read_text(encoding="ascii"))
    assert AUTHORITY not in str(caught.value)

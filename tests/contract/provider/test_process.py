"""The plugin as the engine starts it: a process that says its port, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import grpc  # type: ignore[import-untyped] # the SDK brings it, without stubs
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped] # it comes without stubs
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc

from ciaccess.engine.resource_types import ROLE
from ciaccess.provider.server import VERSION
from tests.support.servers.simulator import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = ROOT / "src" / "ciaccess" / "provider" / "pulumi-resource-ciaccess"
_ANSWER_SECONDS = 60


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Return a running plugin, started from a folder that has a package `ciaccess` of its own, and its log."""
    (tmp_path / "ciaccess").mkdir()
    (tmp_path / "ciaccess" / "__init__.py").write_text("raise RuntimeError('not ours')", encoding="utf-8")
    log = tmp_path / "plugin.log"
    process = subprocess.Popen(
        [PLUGIN, "127.0.0.1:1"],
        cwd=tmp_path,
        env={**os.environ, "CIACCESS_LOG": str(log)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process, log
    process.kill()
    process.communicate(timeout=_ANSWER_SECONDS)


@pytest.fixture
def port(plugin: tuple[subprocess.Popen[str], Path]) -> int:
    output = plugin[0].stdout
    assert output
    return int(output.readline())


@pytest.fixture
def stub(port: int) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def test_an_error_reaches_the_engine_as_its_text_alone_and_nothing_is_printed(
    stub: provider_pb2_grpc.ResourceProviderStub, plugin: tuple[subprocess.Popen[str], Path]
) -> None:
    stub.Configure(proto.ConfigureRequest(), timeout=_ANSWER_SECONDS)
    with pytest.raises(grpc.RpcError) as failed:
        stub.Check(proto.CheckRequest(urn="urn:pulumi:s::p::ciaccess:nexus:Nope::n"), timeout=_ANSWER_SECONDS)
    assert failed.value.details().startswith(
        "ciaccess:nexus:Nope is not a resource type of the provider ciaccess."
    )
    with pytest.raises(grpc.RpcError) as failed:
        stub.Handshake(proto.ProviderHandshakeRequest(), timeout=_ANSWER_SECONDS)
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED
    process, log = plugin
    process.terminate()
    output, errors = process.communicate(timeout=_ANSWER_SECONDS)
    assert (output, errors) == ("", "")
    assert "Check failed" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0, "the log is its owner's alone"


def test_it_ends_when_the_engine_was_killed_and_could_not_end_it() -> None:
    start = ["sh", "-c", f"'{PLUGIN}' 127.0.0.1:1 & wait"]
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout
        assert engine.stdout.readline(), "it listens"
        engine.kill()
        assert engine.stdout.read() == "", "its end of the pipe is closed when it has ended"


def test_on_a_signal_it_ends_when_the_request_in_progress_has_ended() -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    class Nexus(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_asked.set()
            may_answer.wait(_ANSWER_SECONDS)
            self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nexus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = {
        "NEXUS_URL": f"http://127.0.0.1:{server.server_port}",
        "NEXUS_USERNAME": "a",
        "NEXUS_PASSWORD": "b",
    }
    start = subprocess.Popen(
        [PLUGIN, "127.0.0.1:1"], env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
    )
    with server, start as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(proto.ConfigureRequest(), timeout=_ANSWER_SECONDS)
            reading = stub.Read.future(proto.ReadRequest(id="r", urn=f"urn:pulumi:s::p::{ROLE}::r"))
            assert is_asked.wait(_ANSWER_SECONDS), reading
            process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            may_answer.set()
            assert process.wait(_ANSWER_SECONDS) == 0
            server.shutdown()


def test_it_ends_on_a_signal_that_its_starter_ignores_as_a_background_job_does() -> None:
    words = ["sh", "-c", f"trap '' INT; exec {PLUGIN} 127.0.0.1:1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(_ANSWER_SECONDS) == 0
        finally:
            process.kill()


def test_it_says_its_version(stub: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert stub.GetPluginInfo(Empty(), timeout=_ANSWER_SECONDS).version == VERSION


def test_a_start_imports_no_client_that_it_may_not_need() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, ciaccess.provider.__main__; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"gitlab", "hvac", "pydantic", "ruamel.yaml", "jinja2"} & set(loaded)


def test_without_its_environment_it_says_what_to_run(tmp_path: Path) -> None:
    copy = tmp_path / "src" / "ciaccess" / "provider" / PLUGIN.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(PLUGIN.read_bytes())
    copy.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    found = subprocess.run([copy], env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.endswith("Run 'make setup'.\n")

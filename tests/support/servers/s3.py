"""An S3 server as a process of its own: Versity's gateway over a folder, which checks signatures, regions and checksums.

Built once from its Go module (tests/s3-server pins it), as the tools are; about a minute. It is for tests alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from tests.support.project.programs import built
from tests.support.servers.simulator import ROOT, free_port
from tools.recipes import Recipe

if TYPE_CHECKING:
    from pathlib import Path

REGION = "eu-central-1"
_MODULE = ROOT / "tests" / "s3-server"
_PROGRAM = Recipe("versitygw", str(_MODULE), "github.com/versity/versitygw/cmd/versitygw")
_START_SECONDS = 120
_STOP_SECONDS = 60


@dataclass
class S3Server:
    """The server over `folder`, in which each folder is a bucket and each file an object."""

    folder: Path
    port: int = field(default_factory=free_port)
    key_id: str = "ciaccess"
    secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = field(repr=False, default=None)

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    def credentials(self) -> dict[str, str]:
        """Return the environment of who may use it."""
        return {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}

    def backend(self, bucket: str) -> str:
        """Return the URL by which the engine keeps its state in a bucket."""
        return f"s3://{bucket}?region={REGION}&endpoint={self.url}&s3ForcePathStyle=true"

    def bucket(self, name: str) -> Path:
        """Make a bucket; return its folder, whose files are its objects."""
        bucket = self.folder / "buckets" / name
        bucket.mkdir(parents=True)
        return bucket

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Put an object in the place of one, with no checksum that the old one had."""
        (self.folder / "buckets" / bucket / key).write_bytes(content)
        shutil.rmtree(self.folder / "attributes" / bucket / key, ignore_errors=True)

    def reader(self, bucket: str, policy: str) -> dict[str, str]:
        """Make the user that the policy names, give the bucket the policy, and return the environment of the user."""
        document = json.loads(policy)
        (name,) = {each["Principal"]["AWS"] for each in document["Statement"]}
        secret = secrets.token_hex(16)
        about = ["--access", name, "--secret", secret, "--role", "user"]
        root = ["--access", self.key_id, "--secret", self.secret, "--endpoint-url", self.url]
        made = [str(built(_PROGRAM)), "admin", *root, "create-user", *about]
        subprocess.run(made, env={**os.environ, "ADMIN_REGION": REGION}, check=True, capture_output=True)
        done = self.ask("PUT", f"{bucket}?policy=", self.credentials(), policy)
        assert done.startswith("2"), done
        return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": secret}

    def ask(self, method: str, path: str, credentials: dict[str, str], body: str = "") -> str:
        """Send one signed request; return its status."""
        user = f"{credentials['AWS_ACCESS_KEY_ID']}:{credentials['AWS_SECRET_ACCESS_KEY']}"
        words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "--data-binary", "@-"]
        words += ["--aws-sigv4", f"aws:amz:{REGION}:s3", "--user", user, f"{self.url}/{path}"]
        words += ["-H", f"x-amz-content-sha256: {hashlib.sha256(body.encode()).hexdigest()}"]
        return subprocess.run(words, input=body, text=True, check=True, capture_output=True).stdout

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it ended, or never answered; its output is in `log`.
        """
        (self.folder / "buckets").mkdir(parents=True, exist_ok=True)
        (self.folder / "users").mkdir(exist_ok=True)
        (self.folder / "attributes").mkdir(exist_ok=True)  # not every file system has attributes of its own
        variables = {
            **os.environ,
            "ROOT_ACCESS_KEY": self.key_id,
            "ROOT_SECRET_KEY": self.secret,
            "VGW_REGION": REGION,
        }
        places = ["--sidecar", str(self.folder / "attributes"), str(self.folder / "buckets")]
        command = [str(built(_PROGRAM)), "--port", f"127.0.0.1:{self.port}", "--quiet"]
        command += ["--iam-dir", str(self.folder / "users"), "posix", *places]
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(self.url, timeout=1)  # refused, since nobody signed it: it answers
            except requests.RequestException:
                time.sleep(0.02)
                continue
            return
        self.stop()
        raise RuntimeError(f"the S3 server did not start:\n{log.read_text(encoding='utf-8')}")

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=_STOP_SECONDS)
            self.process = None

"""The whole product on a real Nexus; a class of tests for each version, in a file of its own, so that one worker has the server.

The server is the one of `./ciaccess local up --nexus`. The tests go on from each other's state, in their order.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from ciaccess.clients.nexus import ContentSelector, HttpOptions, Nexus
from ciaccess.drift.catalogue import CLASSES
from tests.real.differential import Server, differences, prepare, unexplained
from tests.real.simulator_only import DESELECTED
from tests.support.adoption.click_ops import ClickOps
from tests.support.clients.artifacts import make_jar
from tests.support.consumers.cut_uploads import check_cut_upload
from tests.support.consumers.uploads import UPLOADS, UploadJobs, check_upload
from tests.support.drift.catalogue import BATCHES
from tests.support.drift.drift import (
    CLEAN,
    Change,
    add_user,
    change,
    look,
    nexus,
    put_object,
    put_privilege,
    repair,
    user_of,
)
from tests.support.project.project import ROOT, Project
from tests.support.rotation.rotating import rotate, users
from tests.support.servers.nexus import start_nexus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.real.differential import Allowed

CONTRACT = (
    *(f"test_nexus_{kind}.py" for kind in ("content_selector", "privilege", "role", "user")),
    "test_service_account.py",
    *(f"test_account_{subject}.py" for subject in ("changes", "delete", "drift", "import", "rotation")),
)
MORE_DRIFT = (
    change(
        put_object("content-selectors/ci-svc-executor-maven2", description="by hand"),
        ("nexus.selector.text", "content selector ci-svc-executor-maven2"),
    ),
    change(
        put_privilege("ci-svc-executor-maven-dev", description="by hand"),
        ("nexus.privilege.text", "privilege ci-svc-executor-maven-dev"),
    ),
)
# What these versions never report; the last one, which needs another access.yaml, has a test of its own.
NOT_HERE = {"nexus.usage.limit", "nexus.content.malware", "nexus.privilege.wider"}
SELECTORS = 200
IN_PLACE = "svc-executor"
SEED, EXCHANGES = 5, 2500


def drift_of_nexus(left_out: frozenset[str]) -> dict[str, tuple[Change, ...]]:
    """Return the batches of drift's catalogue: the changes that concern Nexus and formats that it has, but for some ids."""
    found = {}
    for name, changes in BATCHES.items():
        concerned = [
            each
            for each in changes
            if all(
                identity.startswith(("nexus.", "account.", "vault.secret.password"))
                and identity not in left_out
                and "rpm" not in what
                and "yum" not in what
                for identity, what in each.findings
            )
        ]
        if concerned:
            found[name] = (*concerned, *(MORE_DRIFT if name == "fields" else ()))
    return found


class OnNexus:
    """The tests; a subclass names the version."""

    VERSION: ClassVar[str]
    FORMATS: ClassVar[tuple[str, ...]]
    ALLOWED: ClassVar[tuple[Allowed, ...]]
    UPLOADED: ClassVar[tuple[str, ...]]
    CLIENTS: ClassVar[tuple[str, ...]] = ()
    LEFT_OUT: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
        """Return a provisioned project on the server, with the proof of `local up`."""
        project = Project(tmp_path_factory.mktemp("real"))
        project.create(f"local/nexus-{cls.VERSION}.yaml")
        try:
            project.ciaccess("local", "up", "--nexus", cls.VERSION, "--free-ports").succeeded()
            yield project
        finally:
            project.stop()

    def test_the_server_is_the_one_that_was_asked_for(self, served: Project) -> None:
        server = served.nexus("GET", "status").headers["Server"]
        assert server.startswith(f"Nexus/{self.VERSION}-")

    def test_the_contract_of_every_kind_holds(self, served: Project) -> None:
        """The tests against the simulator, on the server; by name without those that need a fault of the simulator's."""
        environment = {
            **os.environ,
            "CIACCESS_REAL_NEXUS": "1",
            "NEXUS_URL": served.address("nexus"),
            "NEXUS_USERNAME": "admin",
            "NEXUS_PASSWORD": served.credential("nexus-password"),
        }
        files = [f"tests/contract/provider/{name}" for name in CONTRACT]
        files.append("tests/contract/clients/test_nexus.py")
        deselected = [f"--deselect={test}" for test in DESELECTED]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", *files, *deselected],
            cwd=ROOT,
            env={name: value for name, value in environment.items() if not name.startswith("PYTEST_")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]

    def test_nothing_is_left_to_do_after_the_first_up(self, served: Project) -> None:
        served.preview().succeeded()

    def test_each_class_of_drift_of_nexus_is_found_and_repaired(self, served: Project) -> None:
        batches = drift_of_nexus(self.LEFT_OUT)
        made = {identity for batch in batches.values() for each in batch for identity, _ in each.findings}
        assert {each for each in CLASSES if each.startswith("nexus.")} - self.LEFT_OUT - NOT_HERE <= made
        assert look(served).code == CLEAN
        for changes in batches.values():
            for each in changes:
                each.make(served)
            before, after = look(served), repair(served)
            assert before.found == {finding for each in changes for finding in each.findings}
            assert before.report["could_not_look"] == []
            assert (after.found, after.code) == (set(), CLEAN)
        served.preview().succeeded()

    def test_a_listed_privilege_that_allows_more_or_is_missing_is_found(self, served: Project) -> None:
        roles = "  roles:\n    nx-pull-all:"
        served.edit(roles, f"  read_privileges: [by-hand]\n{roles}")
        view = {"name": "by-hand", "description": "", "format": "raw", "repository": "raw-dev"}
        of_type: dict[str, dict[str, object]] = {
            "repository-view": view | {"actions": ["READ", "BROWSE", "EDIT"]},
            "repository-admin": view | {"actions": ["READ"]},
            "wildcard": {"name": "by-hand", "description": "", "pattern": "nexus:repository-view:raw:*:read"},
            "application": {"name": "by-hand", "description": "", "domain": "search", "actions": ["READ"]},
        }
        words = ("--file", str(served.access))
        assert look(served, *words).found == {("nexus.privilege.missing", "privilege by-hand")}
        for kind, body in of_type.items():
            nexus(served, "POST", f"privileges/{kind}", json=body)
            assert look(served, *words).found == {("nexus.privilege.wider", "privilege by-hand")}, kind
            nexus(served, "DELETE", "privileges/by-hand")
        nexus(served, "POST", "privileges/repository-view", json=view | {"actions": ["READ", "BROWSE"]})
        assert look(served, *words).code == CLEAN
        nexus(served, "DELETE", "privileges/by-hand")
        served.edit("  read_privileges: [by-hand]\n", "")

    def test_an_account_has_its_roles_when_a_user_with_its_id_in_other_case_is_gone(
        self, served: Project
    ) -> None:
        """Nexus 3.30 has one list of roles for both, and a deletion empties it."""
        add_user("SVC-Bench", "nx-anonymous")(served)
        assert ("nexus.user.twin", "user SVC-Bench") in look(served).found
        after = repair(served)
        assert (after.found, after.code) == (set(), CLEAN)
        assert user_of(served, "svc-bench")["roles"] == ["ci-svc-bench"]

    def test_a_rotation_hands_out_another_user_and_keeps_the_first_working(self, served: Project) -> None:
        first = served.secret("svc-bench")
        rotate(served, "svc-bench", "--up", "--json").succeeded()
        assert served.secret("svc-bench")["username"] == "svc-bench-b"
        for secret in (first, served.secret("svc-bench")):
            assert served.nexus("GET", "status", auth=(secret["username"], secret["password"])).ok

    def test_a_rotation_in_place_gives_the_one_user_another_password(self, served: Project) -> None:
        served.edit(f"  {IN_PLACE}:\n", f"  {IN_PLACE}:\n    rotation: {{strategy: in-place}}\n")
        served.up().succeeded()
        first, before = served.secret(IN_PLACE), users(served)
        rotate(served, IN_PLACE, "--up", "--json").succeeded()
        second = served.secret(IN_PLACE)
        assert (second["username"], users(served)) == (first["username"], before)
        assert served.accepts(IN_PLACE)
        refused = served.nexus("GET", "status", auth=(first["username"], first["password"]))
        assert refused.status_code == 401
        served.preview().succeeded()
        assert look(served, "--file", str(served.access)).code == CLEAN

    def test_every_right_is_as_declared(self, served: Project) -> None:
        done = served.ciaccess("verify", "--stack", "local", "--file", str(served.access))
        assert done.code == 0, done.text
        for repository in served.nexus("GET", "repositories").json():
            held = served.nexus("GET", f"assets?repository={repository['name']}").json()["items"]
            assert [each["path"] for each in held if "ciaccess-verify" in each["path"]] == []

    def test_an_upload_job_stores_a_file_once_and_never_replaces_it(
        self, served: Project, tmp_path: Path
    ) -> None:
        """The formats are those that the simulator serves as plain files, or not at all."""
        jobs = UploadJobs(served, tmp_path)
        for upload in UPLOADS:
            if upload.format in self.UPLOADED:
                check_upload(jobs, upload)

    @pytest.mark.timeout(900)
    def test_an_upload_job_leaves_the_same_wherever_its_connection_breaks(
        self, served: Project, tmp_path: Path
    ) -> None:
        jobs = UploadJobs(served, tmp_path)
        for upload in UPLOADS:
            if upload.format in self.UPLOADED:
                jobs.write_once(upload.format)
                check_cut_upload(jobs, upload)

    @pytest.mark.timeout(900)
    def test_a_maven_deployment_keeps_what_the_repository_lists(
        self, served: Project, tmp_path: Path
    ) -> None:
        """Of releases by version, of snapshots by build."""
        if "maven2" not in self.UPLOADED:
            return
        jobs = UploadJobs(served, tmp_path)
        (upload,) = (each for each in UPLOADS if each.format == "maven2")
        for version in ("2.0", "2.1", "3.0-SNAPSHOT", "3.0-SNAPSHOT"):
            made = make_jar(tmp_path / "versions", version, version)
            jobs.run(upload, made.parent).succeeded()
        lists = "maven-dev/org/example/thing"
        listed = jobs.stored(f"{lists}/maven-metadata.xml").decode()
        assert {"2.0", "2.1", "3.0-SNAPSHOT"} <= set(re.findall("<version>(.*)</version>", listed))
        builds = jobs.stored(f"{lists}/3.0-SNAPSHOT/maven-metadata.xml").decode()
        assert "<buildNumber>2</buildNumber>" in builds

    def test_selectors_that_are_created_at_once_are_all_made(self, served: Project) -> None:
        """Nexus answers 404 to some of them, although they exist."""
        password = served.credential("nexus-password")
        client = Nexus(served.address("nexus"), "admin", password, options=HttpOptions())
        wanted = [
            ContentSelector(f"at-once-{number}", "", f'format == "raw" and path =^ "/{number}/"')
            for number in range(SELECTORS)
        ]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(client.content_selectors.create, wanted))
        client.refresh()
        found = client.content_selectors.all()
        assert [found.get(each.name) for each in wanted] == wanted
        for each in wanted:
            client.content_selectors.delete(each.name)
        client.close()

    def test_a_destroy_leaves_nothing(self, served: Project) -> None:
        served.pulumi("destroy", "--yes", "--skip-preview").succeeded()
        rest: dict[str, list[dict[str, Any]]] = {
            kind: served.nexus("GET", f"security/{kind}").json()
            for kind in ("users?source=default", "roles", "privileges", "content-selectors")
        }
        left = [str(each) for rows in rest.values() for each in rows]
        ours = [each for each in left if "svc-" in each or "ciaccess" in each or "nx-pull-all" in each]
        assert ours == []
        assert rest["content-selectors"] == []

    def test_a_world_made_by_hand_is_adopted_to_an_empty_preview(self, served: Project) -> None:
        # What the destroy before left in Vault is the stack's own: the secrets' data.
        served.vault().sys.disable_secrets_engine("secret")
        served.vault().sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
        world = ClickOps(served, self.FORMATS)
        world.build()
        served.access.unlink()
        settings = ("--stack", "local", "--config-file", str(served.folder / "Pulumi.local.yaml"))
        crawl = ("adopt", "crawl", "--group", "orchestrator", "--out", str(served.access))
        served.ciaccess(*crawl, *settings).succeeded()
        served.ciaccess("adopt", "run", "--all", "--yes", *settings).succeeded()
        served.preview().succeeded()
        for account in world.good:
            assert served.secret(account)["password"] == world.passwords[account]
            assert served.accepts(account)

    def test_the_simulator_answers_as_the_server_does(
        self, served: Project, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        """Last, because nothing else of the server is left."""
        simulator = start_nexus(tmp_path)
        try:
            servers = (
                Server(served.address("nexus"), served.credential("nexus-password")),
                Server(simulator.url, simulator.admin_password),
            )
            for each in servers:
                prepare(each)
            found = list(differences(*servers, SEED, EXCHANGES, self.CLIENTS))
        finally:
            simulator.stop()
        left, idle = unexplained(found, self.ALLOWED)
        assert not left, "\n".join(map(str, left[:20]))
        assert not idle, "allowed, and not different any more: " + ", ".join(each.name for each in idle)
        record_property("exchanges with a real Nexus and the simulator", EXCHANGES)

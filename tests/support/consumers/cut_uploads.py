"""An upload job whose connection to Nexus breaks at its writes: it succeeds, and Nexus has what an unbroken job leaves there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.servers.fault_proxy import Answer, Fault, FaultProxy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.consumers.uploads import Upload, UploadJobs

# Nexus makes this one itself, a second after a chart was stored or deleted.
_INDEX_OF_CHARTS = "index.yaml"
_VARIABLES = {"pypi": "NEXUS_PYPI_PUSH_URL", "maven2": "NEXUS_MAVEN_REPO"}


def check_cut_upload(jobs: UploadJobs, upload: Upload) -> None:
    """Let the answer to the first, a middle and the last write be lost; let a single write break in every way. The repository is written once."""
    repository = upload.stored.partition("/")[0]
    made = upload.make(jobs.folder / f"{upload.format}-cut", "first")
    folder = made if made.is_dir() else made.parent
    with FaultProxy({"nexus": jobs.project.address("nexus")}) as proxy:
        name = _VARIABLES.get(upload.format, f"NEXUS_{upload.format.upper()}_REPO")
        variables = {
            name: f"{proxy.addresses['nexus']}/repository/{repository}/",
            "NPM_CONFIG_FETCH_RETRIES": "0",
        }
        whole = _run(jobs, upload, folder, proxy, (), variables)
        writes = len(proxy.writes())
        assert writes
        faults = [Fault(at=number, cut="after") for number in sorted({1, writes // 2 + 1, writes})]
        if writes == 1:
            faults += [Fault(cut="before"), Fault(cut="within"), Fault(answer=Answer(503, b"down"))]
            faults.append(Fault(answer=Answer(502, b"<html>", is_forwarded=True)))
        for fault in faults:
            assert _run(jobs, upload, folder, proxy, (fault,), variables) == whole, fault
            assert fault.happened()


def _run(
    jobs: UploadJobs,
    upload: Upload,
    folder: Path,
    proxy: FaultProxy,
    faults: tuple[Fault, ...],
    variables: dict[str, str],
) -> set[str]:
    """Run the job with an empty repository; return the paths that it has then, but for Nexus's own index of charts."""
    repository = upload.stored.partition("/")[0]
    listed = f"assets?repository={repository}"
    while found := jobs.project.nexus("GET", listed).json()["items"]:
        for each in found:
            jobs.project.nexus("DELETE", f"assets/{each['id']}")
    proxy.expect(faults)
    jobs.run(upload, folder, **variables).succeeded()
    assert not list(jobs.folder.glob("nexus-*")), "the job's folder is left"
    assert jobs.stored(upload.stored)
    return {each["path"] for each in jobs.project.nexus("GET", listed).json()["items"]} - {_INDEX_OF_CHARTS}

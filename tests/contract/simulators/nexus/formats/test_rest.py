from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess


FORMAT = "raw"
REPOSITORIES: Repositories = {"raw-dev": {}, "raw-uat": {"storage": {"writePolicy": "ALLOW_ONCE"}}}


@pytest.fixture(scope="module", autouse=True)
def pages(nexus: NexusProcess, repositories: None) -> None:
    """Put more files into raw-dev than a page holds."""
    del repositories
    for number in range(23):
        nexus.ask("PUT", f"/repository/raw-dev/pages/{number:02}.txt", data=str(number))


@pytest.fixture(scope="module")
def uploader(account: Callable[..., Account]) -> Account:
    return account("uploader", "raw", "raw-dev,raw-uat", "browse", "edit")


@pytest.fixture(scope="module")
def editor(account: Callable[..., Account]) -> Account:
    """Return a user that may edit and sees nothing."""
    return account("editor", "raw", "raw-dev", "edit")


def upload(nexus: NexusProcess, repository: str, auth: Account, **fields: Any) -> requests.Response:
    files = {
        "raw.asset1": ("one.txt", b"one\r\n--not the boundary\r\n", "text/plain"),
        "raw.asset2": ("two.bin", b""),
    }
    data = {"raw.directory": "/up/", "raw.asset1.filename": "1.txt", "raw.asset2.filename": "sub/2.bin"}
    path = f"/service/rest/v1/components?repository={repository}"
    return nexus.ask("POST", path, auth, files=files, data=data | fields)


def test_an_upload_of_two_files_puts_them_where_the_form_says(nexus: NexusProcess, uploader: Account) -> None:
    assert upload(nexus, "raw-dev", uploader).status_code == 204
    assert nexus.ask("GET", "/repository/raw-dev/up/1.txt").content == b"one\r\n--not the boundary\r\n"
    assert nexus.ask("GET", "/repository/raw-dev/up/sub/2.bin").content == b""


def test_an_upload_needs_edit_and_to_see_the_repository(
    nexus: NexusProcess, account: Callable[..., Account], editor: Account
) -> None:
    browser = account("browser", "raw", "raw-dev", "browse")
    assert upload(nexus, "raw-dev", editor).status_code == 403
    assert upload(nexus, "raw-dev", browser).status_code == 400


def test_an_upload_is_refused_where_a_file_is_already(nexus: NexusProcess, uploader: Account) -> None:
    assert upload(nexus, "raw-uat", uploader).status_code == 204
    again = upload(nexus, "raw-uat", uploader)
    assert (again.status_code, again.text) == (400, "Repository does not allow updating assets: raw-uat")


def test_an_upload_that_is_no_form_is_refused(nexus: NexusProcess, uploader: Account) -> None:
    path = "/service/rest/v1/components?repository=raw-dev"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert nexus.ask("POST", path, uploader, data=b"nothing").status_code == 400
    assert nexus.ask("POST", path, uploader, data=b"--x\r\ncut", headers=headers).status_code == 400
    huge = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + bytes(9 << 20) + b"\r\n--x--"
    assert nexus.ask("POST", path, uploader, data=huge, headers=headers).status_code == 413


def test_pages_of_assets_follow_each_other_to_the_end(nexus: NexusProcess) -> None:
    paths: list[str] = []
    query = "/search/assets?repository=raw-dev&name=/pages/*"
    assert len(nexus.rest("GET", query)["items"]) == 23
    token = ""
    while True:
        page = nexus.rest("GET", f"/assets?repository=raw-dev{token}")
        assert len(page["items"]) <= 10
        paths += [each["path"] for each in page["items"]]
        if page["continuationToken"] is None:
            break
        token = f"&continuationToken={page['continuationToken']}"
    assert len(paths) == len(set(paths))
    assert {f"/pages/{number:02}.txt" for number in range(23)} <= set(paths)


def test_an_asset_and_its_component_are_found_by_their_ids_and_deleted(
    nexus: NexusProcess, uploader: Account
) -> None:
    nexus.ask("PUT", "/repository/raw-dev/by-id.txt", data="x", headers={"Content-Type": "text/plain"})
    asset = nexus.rest("GET", "/search/assets?name=/by-id.txt")["items"][0]
    component = nexus.rest("GET", "/search?name=/by-id.txt")["items"][0]
    assert asset["checksum"]["sha1"] == "11f6ad8ec52a2984abaafd7c3b516503785c2072"
    assert nexus.rest("GET", f"/assets/{asset['id']}") == asset
    assert nexus.rest("GET", f"/components/{component['id']}") == component
    assert component["assets"] == [asset]
    assert nexus.ask("DELETE", f"/service/rest/v1/assets/{asset['id']}", uploader).status_code == 403
    assert nexus.ask("DELETE", f"/service/rest/v1/components/{component['id']}").status_code == 204
    assert nexus.ask("GET", f"/service/rest/v1/assets/{asset['id']}").status_code == 404


def test_search_sends_to_the_one_asset_that_is_meant(nexus: NexusProcess) -> None:
    path = "/service/rest/v1/search/assets/download?repository=raw-dev&name=/pages"
    assert nexus.ask("GET", f"{path}/07.txt").content == b"7"
    assert nexus.ask("GET", f"{path}/*").status_code == 400
    assert nexus.ask("GET", f"{path}/none").status_code == 404


def test_lists_are_closed_to_who_may_not_browse(nexus: NexusProcess, editor: Account) -> None:
    for kind in ("assets", "components"):
        assert nexus.ask("GET", f"/service/rest/v1/{kind}?repository=raw-dev", editor).status_code == 403
        assert nexus.ask("GET", f"/service/rest/v1/{kind}?repository=nosuch").status_code == 404
        assert nexus.ask("GET", f"/service/rest/v1/{kind}").status_code == 422
    assert nexus.rest("GET", "/search", auth=editor)["items"] == []

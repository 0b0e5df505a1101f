"""Addresses of access.yaml by a strict grammar: what a shell, Vault or docker could read in another way is refused."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks_addresses import image, registry, url


@pytest.mark.parametrize(
    "value",
    [
        "https://vault.example.org",
        "https://vault.example.org:8200/path/to_it-2.x",
        "http://127.0.0.1:18200",
        "http://localhost/nexus",
        "http://[::1]:8081",
        "https://192.0.2.7",
        "https://nexus",
    ],
)
def test_an_address_is_a_dns_name_or_an_ip_address_with_a_port_and_a_path(value: str) -> None:
    assert url(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "https://nexus.example$(touch${IFS}X)",
        "https://nexus.example.org/$(id)",
        "https://nexus.example.org/`id`",
        "https://nexus.example.org;id",
        "https://nexus.example.org\\@evil.example",
        "https://evil.example\t.org",
        "https://nexus..example.org",
        "https://-nexus.example.org",
        "https://nexus_1.example.org",
        "https://nexus.example.org.",
        "https://" + "a" * 64 + ".example.org",
        "https://" + "a." * 127 + "org",
        "https://2130706433",
        "https://0x7f000001",
        "https://127.1",
        "https://010.0.0.1",
        "https://256.0.0.1",
        "https://[::1",
        "https://[192.0.2.1]",
        "https://[fe80::1%25eth0]",
        "https://nexus.example.org:0",
        "https://nexus.example.org:65536",
        "https://nexus.example.org:",
        "https://nexus.example.org/a/../b",
        "https://nexus.example.org//a",
        "https://nexus.example.org/%2e%2e/a",
        "https://nexüs.example.org",
        "ftp://nexus.example.org",
        "https:/nexus.example.org",
        "https://",
    ],
)
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(PydanticCustomError):
        url(value)


@pytest.mark.parametrize(
    "value",
    [
        "nexus",
        "nexus/docker-dev",
        "nexus.example.org/Docker",
        "nexus.example.org/a//b",
        "nexus.example.org/a/",
        "nexus.example.org/../a",
        "nexus.example.org:8443$(id)",
        "nexus.example.org:99999",
        "user@nexus.example.org",
        "https://nexus.example.org",
        "-nexus.example.org:1",
        "2130706433:5000",
        "",
    ],
)
def test_what_docker_would_not_take_for_this_registry_is_refused(value: str) -> None:
    with pytest.raises(PydanticCustomError):
        registry(value)


@pytest.mark.parametrize(
    "value",
    [
        "nexus.example.org//docker-dev/python:3",
        "a.b/c:tag@sha256:abc",
        "a.b/c:$(id)",
        "a.b/C:1",
        "-a:1",
        "a.b/c:1 ",
        "a.b/c",
    ],
)
def test_what_docker_would_not_take_for_an_image_is_refused(value: str) -> None:
    with pytest.raises(PydanticCustomError):
        image(value)

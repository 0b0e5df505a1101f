"""What is built from which Go module, with which flags (why from modules: docs/adr/0003).

This file is part of the cache key: a change here builds the tools anew.
"""

from __future__ import annotations

from dataclasses import dataclass

PULUMI_VERSION = "3.250.0"
VAULT_MINIMUM = "1.17.0"


@dataclass(frozen=True)
class Recipe:
    """A program to build: the folder of its Go module, the package, the flags of `go build`."""

    program: str
    folder: str
    package: str
    flags: tuple[str, ...] = ("-ldflags=-s -w",)
    expected_minutes: int = 1


PULUMI = Recipe(
    "pulumi",
    "pulumi",
    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    (f"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",),
    expected_minutes=4,
)
LANGUAGE_HOST = Recipe(
    "pulumi-language-python",
    "language-python",
    "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
)
VAULT = Recipe(
    "vault",
    "vault",
    "github.com/hashicorp/vault",
    ("-tags=minimal", "-ldflags=-s -w"),
    expected_minutes=3,
)
VAULT_PLUGIN = Recipe("pulumi-resource-vault", "vault-plugin", ".", expected_minutes=3)

# The language host's two scripts are in the SDK module of the CLI's own version, not in the host's.
SDK_MODULE = f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI_VERSION}"
LANGUAGE_HOST_SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
)

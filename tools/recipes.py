"""The tools and their sources: PATH, the tool cache, a vendor's release, Go modules.

`TOOLS` is the whole order, shown in README.md; the reasons are in docs/adr/0003 and 0019. Download addresses are named here
only. This file is part of the cache key: a change here installs the tools again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PULUMI_VERSION = "3.276.0"
PULUMI_MINIMUM = "3.250.0"
VAULT_VERSION = "1.21.2"
VAULT_MINIMUM = "1.17.0"
VAULT_PLUGIN_VERSION = "7.14.0"


@dataclass(frozen=True)
class Recipe:
    """A program to build.

    `folder` has its Go module or workspace, `flags` are those of `go build`: what shares both is built at once. The package's
    last element is the name that the compiler gives the program. `scripts` are files beside it, copied from a module:
    `path@version`, then paths in it.
    """

    program: str
    folder: str
    package: str
    flags: tuple[str, ...] = ("-ldflags=-s -w",)
    scripts: tuple[str, ...] = ()
    scripts_module: str = ""

    @property
    def programs(self) -> tuple[str, ...]:
        """Return the names of its files."""
        return (self.program, *(path.rpartition("/")[2] for path in self.scripts))


@dataclass(frozen=True)
class Release:
    """A vendor's release: the address of its folder, and the names of archive and checksums in it.

    `{system}` is linux or darwin, `{amd64}` and `{x64}` are the two ways to name a processor.
    """

    name: str
    version: str
    address: str
    archive: str
    checksums: str


@dataclass(frozen=True)
class Tool:
    """A tool: the oldest version taken from PATH ("" for none), its release, its builds."""

    title: str
    on_path: str
    release: Release
    recipes: tuple[Recipe, ...]


_HERE = str(Path(__file__).parent)
# Of the workspace in tools/go.work; the version means nothing to the plugin.
_TOGETHER = (
    f"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PULUMI_VERSION}",
)
PULUMI = Recipe("pulumi", _HERE, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", _TOGETHER)
LANGUAGE_HOST = Recipe(
    "pulumi-language-python",
    f"{_HERE}/language-python",
    "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    # The two scripts are in the SDK's module of the CLI's own version, not in the host's.
    scripts=("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"),
    scripts_module=f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI_VERSION}",
)
VAULT = Recipe("vault", f"{_HERE}/vault", "github.com/hashicorp/vault", ("-tags=minimal", "-ldflags=-s -w"))
VAULT_PLUGIN = Recipe("pulumi-resource-vault", _HERE, "ciaccess/tools/vault-plugin", _TOGETHER)

PULUMI_TOOL = Tool(
    "Pulumi's CLI and its Python language host",
    PULUMI_MINIMUM,
    Release(
        "pulumi",
        PULUMI_VERSION,
        f"https://github.com/pulumi/pulumi/releases/download/v{PULUMI_VERSION}",
        f"pulumi-v{PULUMI_VERSION}-{{system}}-{{x64}}.tar.gz",
        f"pulumi-{PULUMI_VERSION}-checksums.txt",
    ),
    (PULUMI, LANGUAGE_HOST),
)
VAULT_TOOL = Tool(
    "Vault",
    VAULT_MINIMUM,
    Release(
        "vault",
        VAULT_VERSION,
        f"https://releases.hashicorp.com/vault/{VAULT_VERSION}",
        f"vault_{VAULT_VERSION}_{{system}}_{{amd64}}.zip",
        f"vault_{VAULT_VERSION}_SHA256SUMS",
    ),
    (VAULT,),
)
VAULT_PLUGIN_TOOL = Tool(
    "Pulumi's Vault plugin",
    "",
    Release(
        "pulumi-vault",
        VAULT_PLUGIN_VERSION,
        f"https://github.com/pulumi/pulumi-vault/releases/download/v{VAULT_PLUGIN_VERSION}",
        f"pulumi-resource-vault-v{VAULT_PLUGIN_VERSION}-{{system}}-{{amd64}}.tar.gz",
        f"pulumi-vault_{VAULT_PLUGIN_VERSION}_checksums.txt",
    ),
    (VAULT_PLUGIN,),
)
TOOLS = (PULUMI_TOOL, VAULT_TOOL, VAULT_PLUGIN_TOOL)

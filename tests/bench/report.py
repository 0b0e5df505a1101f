"""docs/performance.md from the measured figures."""

from __future__ import annotations

from typing import Any

_HEAD = """# Performance

Written by `make bench`; the figures are also in [performance.json](performance.json), so that a regression shows in a diff.

Measured {date} on {machine}: the local stack (real Vault, simulators of Nexus and GitLab) on the same machine, no latency added,
{runs} runs, the one with the median wall time. Time and memory are those of the command with all its children, the engine and the plugins,
without the servers. 8 accounts are the organisation's; each of the others has two formats, a path scope, a user, a role
and a secret.
"""


def page(results: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    text = _HEAD.format(**results)
    for count, operations in results["accounts"].items():
        text += f"\n## {count} accounts\n\nState: {operations['state, MB']} MB.\n\n"
        text += "| command | wall, s | processor, s | peak memory, MB | requests: Vault | Nexus | GitLab |\n"
        text += "| --- | --- | --- | --- | --- | --- | --- |\n"
        for name, cost in operations.items():
            if isinstance(cost, dict):
                asked = " | ".join(
                    str(cost["requests"].get(system, 0)) for system in ("vault", "nexus", "gitlab")
                )
                text += f"| {name} | {cost['wall_seconds']} | {cost['processor_seconds']} | {cost['peak_megabytes']:.0f} | {asked} |\n"
    return text

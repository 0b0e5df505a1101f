"""docs/performance.svg: how long commands take with more accounts, beside Terraform; readable on light and on dark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import operations as named
from tests.bench.targets import TERRAFORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.results import Results

_WIDTH, _HEIGHT = 790, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 520, 30, 370
_ACCOUNTS, _SECONDS = (5, 1500), (0.1, 600)
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #8c959f; stroke-opacity: .3 }
  .line { fill: none; stroke-width: 2.5 }
  @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }
"""


@dataclass(frozen=True)
class _Line:
    title: str
    colour: str
    points: Sequence[tuple[int, float]]
    is_dashed: bool = False


def drawing(results: Results) -> str:
    """Return the drawing: both axes are logarithmic."""
    lines = [*_ours(results), *_terraform()]
    body = "".join(
        [*_grid(), *(text for line in lines if line.points for text in _drawn(line)), *_legend(lines)]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">\n'
        f"<title>Seconds by number of accounts</title>\n<style>{_STYLE}</style>\n{body}</svg>\n"
    )


def _ours(results: Results) -> Iterator[_Line]:
    for title, operation, colour in (
        ("up, from nothing", named.FIRST_UP, "#1f77d0"),
        ("preview with refresh", named.PREVIEW, "#2da44e"),
        ("up, one account added", named.ADDED, "#8250df"),
        ("drift", named.DRIFT, "#d4860b"),
    ):
        walls = [(count, results.wall(count, operation)) for count in results.counts()]
        yield _Line(title, colour, [(count, wall) for count, wall in walls if wall])


def _terraform() -> Iterator[_Line]:
    for title, operation, colour in (
        ("Terraform: apply", named.FIRST_UP, "#1f77d0"),
        ("Terraform: plan", named.PREVIEW, "#2da44e"),
    ):
        points = [(count, each[operation][1]) for count, each in TERRAFORM.items()]
        yield _Line(title, colour, [(count, seconds) for count, seconds in points if seconds], is_dashed=True)


def _x(count: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * _share(count, *_ACCOUNTS)


def _y(seconds: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * _share(seconds, *_SECONDS)


def _share(value: float, least: float, most: float) -> float:
    return math.log(value / least) / math.log(most / least)


def _grid() -> Iterator[str]:
    for seconds in (0.1, 0.3, 1, 3, 10, 30, 100, 300):
        y = _y(seconds)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>\n'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{seconds:g} s</text>\n'
    for count in (8, 100, 1000):
        x = _x(count)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}"/>\n'
        yield f'<text x="{x:.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{count:,}</text>\n'
    yield f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 42}" text-anchor="middle">accounts</text>\n'


def _drawn(line: _Line) -> Iterator[str]:
    points = [(_x(count), _y(seconds)) for count, seconds in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="line" stroke="{line.colour}"{_dashes(line)} points="{path}"/>\n'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>\n'


def _legend(lines: Sequence[_Line]) -> Iterator[str]:
    for index, line in enumerate(lines):
        x, y = _RIGHT + 30, _TOP + 20 + 26 * index
        yield f'<line class="line" stroke="{line.colour}"{_dashes(line)} x1="{x}" x2="{x + 30}" y1="{y}" y2="{y}"/>\n'
        yield f'<text x="{x + 40}" y="{y + 4}">{line.title}</text>\n'


def _dashes(line: _Line) -> str:
    return ' stroke-dasharray="6 5"' if line.is_dashed else ""

"""A page for people, of sections with findings and tables, as HTML, Markdown, or for a terminal.

Owns how such a page looks; its callers own its content. The HTML is one file without anything from elsewhere; its one
script filters the rows of a long page. Every text is taken as hostile: names and purposes come from merge requests.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markupsafe import Markup
    from rich.console import Console

Tone = Literal["plain", "good", "gain", "loss", "risky", "bad"]
Cell = str | tuple[str, ...]
_TEMPLATES = Path(__file__).parent
_SIGNS = {"plain": "·", "good": "✓", "gain": "+", "loss": "-", "risky": "!", "bad": "✗"}
_COLOURS = {"plain": "", "good": "green", "gain": "green", "loss": "yellow", "risky": "red", "bad": "red"}
_LINE_COLOURS = {"+": "green", "-": "red"}
_LONGEST_WHOLE_CHARACTERS = 40
_ROWS_TO_FILTER = 15
_GAP = 2  # blanks between the columns of a table
_FILE_COLUMNS = 160  # of a table that goes into a file or pipe
# What Markdown would take for markup, links, references or entities, and for a list where it comes first.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~#$&!@%^]|^[-+])")
_NUMBERED = re.compile(r"^(\d+)([.)])")
# GitLab notifies mentioned users, older versions even behind a backslash, and makes links of bare URLs and addresses.
_MENTION_OR_ADDRESS = re.compile(r"\\@(?=\w)")
_URL = re.compile(r"(?i)(?<=[a-z0-9+.-]:)(?=//)|(?<=\bwww)(?=\.)|(?<=mailto:)|(?<=xmpp:)")
_NO_BREAK = "\u2060"


@dataclass(frozen=True)
class Finding:
    """One sentence, with marks where to look twice, and lines of detail.

    `difference` are the lines of a text that changes, each with +, - or a blank before it.
    """

    text: str
    tone: Tone = "plain"
    marks: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows of cells; a cell of several lines is a tuple. The first column is what a row is about."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of a page. `nothing` is shown if it has neither findings nor rows."""

    title: str
    intro: str = ""
    findings: tuple[Finding, ...] = ()
    table: Table = Table()
    nothing: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether it has neither findings nor rows."""
        return not self.findings and not self.table.rows


@dataclass(frozen=True)
class Chart:
    """A Mermaid chart with its title. Markdown alone has it: GitLab draws it there."""

    title: str
    mermaid: str


@dataclass(frozen=True)
class Page:
    """The whole. `verdict` is the result in one line, `facts` are (name, value)."""

    title: str
    verdict: str
    tone: Tone
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()


def html(page: Page) -> str:
    """Return the page as one self-contained HTML document."""
    import jinja2  # noqa: PLC0415 slow to import, and the other formats do without

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    script, digest = _filter_script() if _rows(page) >= _ROWS_TO_FILTER else ("", "")
    environment.globals |= {"signs": _SIGNS, "lines": lines, "script": script, "script_digest": digest}
    environment.filters["whole"] = _with_whole_names
    return environment.get_template("page.html.j2").render(page=page) + "\n"


def _rows(page: Page) -> int:
    return sum(len(section.findings) + len(section.table.rows) for section in page.sections)


def _filter_script() -> tuple[Markup, str]:
    """Return the script, and its digest as the content security policy names it."""
    from markupsafe import Markup  # noqa: PLC0415 it comes with jinja2, and goes with it

    text = (_TEMPLATES / "filter.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return Markup(text), f"sha256-{digest}"  # noqa: S704 our own file


def markdown(page: Page) -> str:
    """Return the page as GitLab-flavoured Markdown, its title a heading of level 2."""
    return "\n".join(_markdown(page)).rstrip() + "\n"


def show(page: Page, console: Console) -> None:
    """Print the page on a terminal."""
    from rich.text import Text  # noqa: PLC0415 slow to import, and the other formats do without

    if not console.is_terminal:
        console.width = _FILE_COLUMNS
    console.print(Text(visible(page.verdict), style=f"bold {_COLOURS[page.tone]}".strip()))
    for section in page.sections:
        console.print()
        console.print(Text(visible(section.title), style="bold underline"))
        if section.intro:
            console.print(Text(f"  {visible(section.intro)}", style="dim"))
        if section.nothing and section.is_empty:
            console.print(Text(f"  {section.nothing}", style="dim"))
        for finding in section.findings:
            _show_finding(finding, console)
        if section.table.rows:
            _show_table(section.table, console)
    if page.facts:
        console.print()
        facts = " · ".join(f"{name}: {value}" for name, value in page.facts)
        console.print(Text(visible(facts), style="dim"))


def _show_table(table: Table, console: Console) -> None:
    """Print a table; names stay whole, on a narrow terminal by longer lines than it has columns."""
    from rich.table import Table as Grid  # noqa: PLC0415 slow to import, and the other formats do without
    from rich.text import Text  # noqa: PLC0415 likewise

    rows = [tuple(visible("\n".join(lines(cell))) for cell in row) for row in table.rows]
    header = tuple(visible(column).upper() for column in table.columns)
    widths = _widths(tuple(zip(header, *rows, strict=True)), console.width)
    grid = Grid(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column, width in zip(header, widths, strict=True):
        grid.add_column(Text(column), overflow="fold", width=width)
    for row in rows:
        grid.add_row(*map(Text, row))
    console.width = max(console.width, sum(widths) + _GAP * len(widths))
    console.print(grid)


def _widths(columns: tuple[tuple[str, ...], ...], room: int) -> list[int]:
    """Return the widths of columns: of the first all its text, of the others each word.

    What room is left goes first to those that need the least of it.
    """
    whole = [max(len(line) for cell in cells for line in cell.split("\n")) for cells in columns]
    words = [max((len(word) for cell in cells for word in cell.split()), default=0) for cells in columns]
    widths = [whole[0], *(min(width, _LONGEST_WHOLE_CHARACTERS) for width in words[1:])]
    spare = max(room - sum(widths) - _GAP * len(widths), 0)
    by_need = sorted(range(len(widths)), key=lambda index: whole[index] - widths[index])
    for done, index in enumerate(by_need):
        more = min(whole[index] - widths[index], spare // (len(widths) - done))
        widths[index] += more
        spare -= more
    return widths


def _show_finding(finding: Finding, console: Console) -> None:
    from rich.text import Text  # noqa: PLC0415 slow to import, and the other formats do without

    line = Text(f"  {_SIGNS[finding.tone]} ", style=_COLOURS[finding.tone]) + Text(visible(finding.text))
    for mark in finding.marks:
        line.append(f"  [{visible(mark)}]", style="bold red")
    console.print(line)
    for detail in finding.details:
        console.print(Text(f"      {visible(detail)}", style="dim"))
    for each in finding.difference:
        console.print(Text(f"      {visible(each)}", style=_LINE_COLOURS.get(each[:1], "dim")))


def count_text(number: int, word: str) -> str:
    """Return a number with its word: `1 loss`, `2 losses`."""
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def lines(cell: Cell) -> tuple[str, ...]:
    """Return a cell's lines."""
    return (cell,) if isinstance(cell, str) else cell


def visible(text: str) -> str:
    """Return a text with invisible and direction-changing characters as code points."""
    if text.replace("\n", "").isprintable():
        return text  # all but a few
    return "".join(
        letter
        if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else f"\\u{ord(letter):04x}"
        for letter in text
    )


def _with_whole_names(text: str) -> Markup:
    """Return a text as HTML in which no line ends inside a name such as rpm-dev."""
    from markupsafe import Markup, escape  # noqa: PLC0415 it comes with jinja2, and goes with it

    words = (
        Markup('<span class="name">{}</span>').format(word)
        if "-" in word and len(word) <= _LONGEST_WHOLE_CHARACTERS
        else escape(word)
        for word in visible(text).split(" ")
    )
    return Markup(" ").join(words)


def _markdown(page: Page) -> Iterator[str]:
    yield f"## {_plain(page.title)}"
    yield f"\n**{_plain(page.verdict)}**"
    for chart in page.charts:
        yield f"\n{_plain(chart.title)}:\n\n```mermaid\n{chart.mermaid.rstrip()}\n```"
    for section in page.sections:
        yield from section_head(section)
        for finding in section.findings:
            yield finding_markdown(finding)
        if section.table.rows:
            yield f"| {' | '.join(map(_plain, section.table.columns))} |"
            yield f"|{' --- |' * len(section.table.columns)}"
            for row in section.table.rows:
                yield f"| {' | '.join('<br>'.join(map(_plain, lines(cell))) for cell in row)} |"
    if page.facts:
        yield "\n" + " · ".join(f"{_plain(name)}: {_plain(value)}" for name, value in page.facts)


def section_head(section: Section) -> Iterator[str]:
    """Return the text before the findings and rows of a section, or the text that there are none."""
    yield f"\n### {_plain(section.title)}\n"
    if section.intro:
        yield f"{_plain(section.intro)}\n"
    if section.nothing and section.is_empty:
        yield _plain(section.nothing)


def finding_markdown(finding: Finding) -> str:
    """Return one item of a Markdown list, with what belongs to it."""
    marks = "".join(f" **⚠ {_plain(mark)}**" for mark in finding.marks)
    text = [f"- {_plain(finding.text)}{marks}"]
    text += [f"  - {_plain(detail)}" for detail in finding.details]
    if finding.difference:
        shown = [visible(line).replace("\n", " ") for line in finding.difference]
        longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        text += ["", f"  {fence}diff", *(f"  {line}" for line in shown), f"  {fence}"]
    return "\n".join(text)


def _plain(text: str) -> str:
    escaped = _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", visible(text).replace("\n", " ")))
    return _URL.sub(_NO_BREAK, _MENTION_OR_ADDRESS.sub(rf"\\@{_NO_BREAK}", escaped))

"""A page as one note on a merge request: marked, cut if too long, edited in place.

The existing note is compared with what is to be written but for the last line, which links to the job: a run in which
nothing changed does not edit.
"""

from __future__ import annotations

from dataclasses import replace

from ciaccess.clients.gitlab.marked import MOST_CHARACTERS, MergeRequestNotes
from ciaccess.report.page import Page, Section, finding_markdown, markdown, section_head
from ciaccess.review.page import OBJECTS

# The important sections are above it, and it is long.
_COLLAPSED = OBJECTS
# For the last line, and in each section for the line with the number of omitted entries.
_LAST_LINE_CHARACTERS = 2_000
_REST_CHARACTERS = 200


def marker(project: str, stack: str) -> str:
    """Return what a note of this project and stack begins with; it is invisible."""
    # Two hyphens would end the comment.
    names = f"{project} {stack}".replace("--", "-%2D")
    return f"<!-- ciaccess preview {names} -->"


def text_of(page: Page, mark: str, link: str, *, most_characters: int = MOST_CHARACTERS) -> str:
    """Return the note's text; its last line is the link. Later sections are cut first."""
    head = f"{mark}\n{markdown(replace(page, sections=()))}"
    left = most_characters - len(head) - _LAST_LINE_CHARACTERS
    heads = ["\n".join((*section_head(section), "")) for section in page.sections]
    parts = []
    for index, section in enumerate(page.sections):
        # Every later section is at least named.
        later = sum(len(each) + _REST_CHARACTERS for each in heads[index + 1 :])
        parts.append(_section(section, heads[index], left - later))
        left -= len(parts[-1])
    foot = f"[The whole page, and the job]({link})" if link else "Written by hand: ./ciaccess preview --note"
    return f"{head}{''.join(parts)}\n{foot}"


def update_note(notes: MergeRequestNotes, mark: str, text: str) -> str:
    """Make the note say this; return what was done: created, edited or unchanged.

    Raises:
        ApiError: GitLab did not do it.
    """
    found = notes.find(mark)
    if found is None:
        notes.create(text)
        return "created"
    if _without_link(found.body) == _without_link(text):
        return "unchanged"
    notes.replace(found, text)
    return "edited"


def _section(section: Section, head: str, most_characters: int) -> str:
    """Return as many of a section's findings as fit, and how many do not."""
    collapsed = section.title == _COLLAPSED and bool(section.findings)
    before, after = ("", "")
    if collapsed:
        before, after = f"<details><summary>Show {len(section.findings)}</summary>\n\n", "\n</details>\n"
    left = most_characters - len(head) - len(before) - len(after) - _REST_CHARACTERS
    items: list[str] = []
    for finding in section.findings:
        item = f"{finding_markdown(finding)}\n"
        if len(item) > left:
            break
        items.append(item)
        left -= len(item)
    rest = len(section.findings) - len(items)
    if rest:
        items.append(f"- … and {rest} more, which do not fit here: see the whole page\n")
    return f"{head}{before}{''.join(items)}{after}"


def _without_link(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip().rpartition("\n")[0].rstrip()

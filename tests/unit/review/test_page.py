"""The preview's page and note say what matters first, and no name from a merge request can break them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from ciaccess.analysis.changes import Change, Difference, Risk
from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.engine.resource_types import ACCOUNT, USER
from ciaccess.report.page import Finding, Page, Section, html, markdown
from ciaccess.review.fields import MASKED, FieldChange
from ciaccess.review.note import marker, text_of
from ciaccess.review.page import (
    DISAGREEMENT,
    DRIFT,
    NOT_CHECKED,
    OBJECTS,
    not_checked,
    page_of,
    page_of_failure,
)
from ciaccess.review.report import Agreement, Report
from ciaccess.review.resources import Counts, ResourceChange

NOTHING = Difference((), ())
MARK = marker("ciaccess", "prod")
HOSTILE = (
    "@all",
    "hi @root and @group/team",
    "a | b",
    "`code` ``` fence",
    f"{MARK} Nothing changes.",
    "<script>alert(1)</script>",
    "</details></details>",
    "![x](https://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "&#64;all &lt;b&gt;",
    "/merge",
    "line\n/approve\n\n# heading",
    "line\r/close",
    "- list",
    "1. list",
    "+ list",
    "> quote",
    "$x$ ~label !1 #2 %3 ^4",
    "\u202eevil\u200b\x1b[31m",
    "**bold** __x__ ~~s~~",
)


def report(**fields: object) -> Report:
    plain = Report("ciaccess", "prod", NOTHING, (), NOTHING, (), Counts(0, 0, 0))
    return replace(plain, **fields)  # type: ignore[arg-type]


def user(action: str, *fields: FieldChange, put_back: bool = True) -> ResourceChange:
    return ResourceChange(action, "Nexus user", "svc-a", USER, fields, put_back)


def filled(text: str) -> Report:
    """Return a report with a text everywhere that a text of the YAML or of the systems may come to."""
    difference = Difference((Change("s", text, (Risk.ADMIN,)),), (Change("s", text),))
    fields = (
        FieldChange("first_name", text, f"{text}2"),
        FieldChange("roles", (text,), ("x",)),
        FieldChange("policy", f"{text}\nkept\n", f"kept\n{text}\n"),
    )
    change = ResourceChange("update", "Vault policy", text, "vault:index/policy:Policy", fields)
    return report(
        access=difference,
        changes=(change, replace(change, action="create"), replace(change, parts=(change,))),
        drift_access=difference,
        drift=(change,),
        counts=Counts(1, 1, 0),
        agreement=Agreement(text, difference, difference),
        not_checked=(text,),
    )


def test_nothing_is_said_in_one_line() -> None:
    page = page_of(report())
    assert (page.verdict, page.tone) == ("Nothing changes.", "good")


def test_people_come_first_then_resources_then_drift() -> None:
    titles = [section.title for section in page_of(filled("x")).sections]
    assert titles == ["Who gains", "Who loses", DISAGREEMENT, OBJECTS, DRIFT, NOT_CHECKED]


def test_the_verdict_names_the_marks_the_drift_and_the_disagreement() -> None:
    page = page_of(filled("x"))
    assert page.tone == "risky"
    assert page.verdict == (
        "1 gain, 1 loss. Look twice: admin right. 3 objects change. Drift: 1 object was changed by hand. "
        "The YAML and the engine do not agree."
    )


def test_drift_alone_is_not_told_as_a_change() -> None:
    found = report(drift=(user("delete"),), counts=Counts(1, 0, 0))
    page = page_of(found)
    assert page.verdict == "This change alters nothing. Drift: 1 object was changed by hand."
    assert page.tone == "plain"
    assert [section.nothing for section in page.sections][1] == "This change alters nothing."


def test_an_account_that_is_made_is_one_item_with_a_line_for_each_sort_of_part() -> None:
    new, purpose = (
        FieldChange("password", None, MASKED, "new, not shown"),
        FieldChange("first_name", None, "A"),
    )
    privileges = tuple(
        ResourceChange("create", "Nexus privilege", name, "", (FieldChange("actions", None, ("read",)),))
        for name in ("a", "b")
    )
    last = FieldChange("last_name", None, "(managed by x)")
    parts = (replace(user("create", new, purpose, last), name="svc-a"), *privileges)
    account = ResourceChange("create", "account", "svc-a", ACCOUNT, (), parts=parts)
    (finding,) = page_of(report(changes=(account,))).sections[-1].findings
    assert finding.text == "account svc-a is made"
    assert finding.details == (
        "Nexus user svc-a (password: new, not shown; first_name: A)",
        "Nexus privileges a (actions: read), b (actions: read)",
    )


def test_an_account_that_was_deleted_by_hand_names_what_is_gone() -> None:
    account = ResourceChange("delete", "account", "svc-a", ACCOUNT, (), parts=(user("delete"),))
    (finding,) = page_of(report(drift=(account,))).sections[-1].findings
    assert (finding.text, finding.details) == ("account svc-a was deleted by hand", ("Nexus user svc-a",))


def test_a_login_that_nexus_refuses_is_said_in_words() -> None:
    found = report(drift=(user("update", FieldChange("login", "accepted", "refused"), put_back=False),))
    (finding,) = page_of(found).sections[-1].findings
    assert finding.details[0].startswith("password: Nexus no longer accepts")
    assert finding.details[1] == "pulumi up leaves it so: this change declares the same"


def test_what_could_not_be_looked_at_is_neither_clean_nor_a_change() -> None:
    page = not_checked("ciaccess", "prod", [CouldNotLook("Vault", "Vault", "it is sealed", "Unseal it.")])
    assert (page.verdict, page.tone) == ("Could not look", "bad")
    assert page.sections[0].findings[0].text == "could not look at Vault: it is sealed"


def test_a_failure_is_never_told_as_a_result() -> None:
    page = page_of_failure("ciaccess", "prod", ["2 faults:\n  a.yaml:1: one\n  a.yaml:2: two\n", ""])
    finding, nothing = page.sections[0].findings
    assert page.verdict == "The preview failed"
    assert (finding.text, finding.details) == ("2 faults:", ("a.yaml:1: one", "a.yaml:2: two"))
    assert (nothing.text, nothing.details) == ("", ())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_an_element_to_the_note(text: str) -> None:
    # A text of several lines is shown as lines, so that it is held against another one.
    harmless = re.sub(r"[^\n\r]+", "harmless", text)
    assert _elements_of_markdown(text) == _elements_of_markdown(harmless)


def _elements_of_markdown(text: str) -> list[str]:
    note = text_of(page_of(filled(text)), MARK, "https://gitlab/job/1")
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(note):
        found.append(token.content if token.type == "html_block" else token.type)
        found += [child.type for child in token.children or () if child.type != "text"]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_the_note_is_a_mention_a_quick_action_or_the_marker(text: str) -> None:
    note = text_of(page_of(filled(text)), MARK, "")
    assert note.startswith(MARK)
    assert not re.search(r"(?m)^/\w", note), "GitLab would run it with the token's rights"
    outside = re.sub(r"(?ms)^  (`{3,})diff$.*?^  \1$", "", note)
    assert not re.search(r"(?m)^\s*/\w", outside)
    assert not re.search(r"(?<!\w)@\w", outside), "GitLab would tell everybody who is mentioned"
    assert outside.count(MARK) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_an_element_to_the_page(text: str) -> None:
    harmless = re.sub(r"[^\n\r]+", "harmless", text)
    assert _elements_of_html(text) == _elements_of_html(harmless)


def _elements_of_html(text: str) -> list[str]:
    document = html(page_of(filled(text)))
    # Names with a hyphen are kept on one line by an element of their own.
    return re.findall(r"<[^>]*>", re.sub(r'<span class="name">(.*?)</span>', r"\1", document))


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    document = html(page_of(filled("x")))
    assert "<script" not in document
    assert "src=" not in document
    assert "default-src 'none'" in document
    assert document.count('<pre tabindex="0"') == 4, "a long difference can be scrolled by keyboard"


def test_a_text_that_changes_stands_in_a_fence_that_nothing_in_it_closes() -> None:
    finding = Finding("policy", difference=("+```", "+````x", " ok"))
    shown = markdown(Page("t", "v", "plain", (Section("s", findings=(finding,)),)))
    assert "  `````diff\n  +```\n  +````x\n   ok\n  `````" in shown


def test_a_marker_cannot_be_ended_by_a_name() -> None:
    assert marker("a--b", "c--") == "<!-- ciaccess preview a-%2Db c-%2D -->"


def long_page(items: int, characters: int) -> Page:
    findings = tuple(Finding(f"{number} {'x' * characters}") for number in range(items))
    titles = ("Who gains", "Who loses", OBJECTS, DRIFT)
    return Page("t", "v", "plain", tuple(Section(title, findings=findings) for title in titles))


@pytest.mark.parametrize("most", [6_000, 20_000, 60_000])
def test_a_note_that_is_too_long_names_every_section_and_how_much_is_left_out(most: int) -> None:
    note = text_of(long_page(200, 100), MARK, "https://gitlab/job/1", most_characters=most)
    assert len(note) <= most
    for title in ("Who gains", "Who loses", OBJECTS, DRIFT):
        assert f"### {title}" in note
    left_out = sum(int(number) for number in re.findall(r"… and (\d+) more", note))
    shown = len(re.findall(r"(?m)^- \d+ x+$", note))
    assert left_out + shown == 4 * 200
    assert note.count("<details>") == note.count("</details>")
    assert note.splitlines()[-1].endswith("(https://gitlab/job/1)")


def test_the_first_sections_keep_most_where_not_all_fits() -> None:
    note = text_of(long_page(200, 100), MARK, "", most_characters=30_000)
    gains, _, rest = note.partition("### Who loses")
    assert gains.count("\n- ") == 200, "what people gain is whole"
    assert "more, which do not fit here" in rest


def test_one_item_that_fits_nowhere_is_counted() -> None:
    page = Page("t", "v", "plain", (Section("s", findings=(Finding("x" * 20_000),)),))
    assert "- … and 1 more" in text_of(page, MARK, "", most_characters=10_000)

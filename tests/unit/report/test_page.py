"""A page for people takes every text for hostile, and needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from ciaccess.report.page import Chart, Finding, Page, Section, Table, html, markdown, show, visible

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;{{ 7*7 }}[red]|`*\u202e\u200b\x1b[31m"


def page(text: str = "svc-a may now push yum in rpm-dev") -> Page:
    findings = (Finding(text, "gain", marks=(text,), details=(text,)),)
    return Page(
        title=text,
        verdict=text,
        tone="risky",
        sections=(
            Section("Who gains", text, findings),
            Section(text, table=Table((text, "may"), ((text, (text, "pull")),))),
            Section("Who loses", nothing="No losses."),
        ),
        facts=((text, text),),
    )


class _Elements(HTMLParser):
    """Collects the elements of a document, checks that each is closed, and keeps its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_html_has_no_element_that_a_text_brought_along() -> None:
    plain, hostile = _Elements(html(page("x"))), _Elements(html(page(HOSTILE)))
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in plain.found]
    assert not hostile.open
    assert "<img src=x onerror=alert(1)>" in hostile.text
    assert "{{ 7*7 }}" in hostile.text
    assert "\\u202e\\u200b\\u001b[31m" in hostile.text


def test_html_is_one_file_without_scripts_and_addresses() -> None:
    document = html(page())
    elements = _Elements(document)
    names = {tag for tag, _ in elements.found}
    assert not names & {"script", "link", "img", "iframe", "object", "form"}
    assert not [
        attributes for _, attributes in elements.found if any(name.startswith("on") for name in attributes)
    ]
    assert "http" not in document.replace("http-equiv", "")
    assert "url(" not in document
    assert {
        "content": "default-src 'none'; style-src 'unsafe-inline'",
        "http-equiv": "Content-Security-Policy",
    } in (elements.of("meta"))


def test_html_is_reachable_by_keyboard_and_readable_aloud() -> None:
    elements = _Elements(html(page()))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [str(attributes["href"]).removeprefix("#") for attributes in elements.of("a")]
    assert set(targets) <= set(ids)
    assert targets[0] == "main"
    (scrolled,) = [attributes for _, attributes in elements.found if attributes.get("role") == "region"]
    assert scrolled["tabindex"] == "0"
    assert scrolled["aria-labelledby"] in ids
    assert {attributes.get("scope") for attributes in elements.of("th")} == {"col", "row"}
    assert elements.of("html") == [{"lang": "en"}]


def test_html_has_a_light_and_a_dark_look_with_the_same_colours_named() -> None:
    document = html(page())
    light, _, rest = document.partition("prefers-color-scheme: dark")
    dark = rest.partition("}\n}")[0]

    def names(text: str) -> set[str]:
        return {word.split(":")[0] for word in text.replace("{", " ").split() if word.startswith("--")}

    assert names(light) == names(dark)
    assert names(light)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
def test_every_text_has_enough_contrast_to_be_read(look: int) -> None:
    looks = re.findall(r":root \{(.*?)\}", html(page()), flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", looks[look]))
    pairs = [(text, ground) for text in ("ink", "soft", "accent") for ground in ("ground", "card", "band")]
    pairs += [(tone, f"{tone}-ground") for tone in ("gain", "loss", "bad")]
    poor = {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5}
    assert not poor


def test_html_keeps_a_name_on_one_line() -> None:
    assert '<span class="name">rpm-dev</span>' in html(page())


def test_markdown_has_no_markup_that_a_text_brought_along() -> None:
    text = markdown(page(HOSTILE))
    assert "<img" not in text.replace("\\<img", "")
    assert "\\|" in text
    assert "\u202e" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.replace("\\|", "").count("|") for line in rows] == [3, 3, 3]


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/x", "HTTP://evil.example", "www.evil.example", "ssh+git://evil", "a@evil.example"],
)
def test_markdown_has_no_link_that_a_text_brought_along(text: str) -> None:
    written = markdown(page(f"see {text} now"))
    for link in ("://", "www.", "@evil"):
        assert link not in written
    assert text in written.replace("\u2060", "").replace("\\", "")


def test_a_terminal_gets_no_control_characters_and_no_markup() -> None:
    out = io.StringIO()
    show(page(HOSTILE), Console(file=out, force_terminal=False))
    assert "\x1b" not in out.getvalue()
    assert "[red]" in out.getvalue()
    assert "No losses." in out.getvalue()


@pytest.mark.parametrize("columns", [30, 80, 120])
def test_a_table_on_a_terminal_breaks_no_name(columns: int) -> None:
    names = ("svc-orchestrator", "/orchestrator/executor/", "secret/data/nexus/svc-orchestrator")
    row = (names[0], f"push yum in rpm-dev under {names[1]}", "jobs of orchestrator/*", (names[2], "b c"))
    one = Page("x", "x", "plain", (Section("s", table=Table(("who", "may", "read by", "path"), (row,))),))
    out = io.StringIO()
    show(one, Console(file=out, force_terminal=True, width=columns))
    assert all(name in out.getvalue() for name in names)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("dev→uat ä 漢", "dev→uat ä 漢"), ("a\nb", "a\nb"), ("a\u2028b", "a\\u2028b"), ("\u202e", "\\u202e")],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def table(rows: int) -> Page:
    cells = tuple((f"svc-{number}", HOSTILE) for number in range(rows))
    return Page("x", "x", "plain", (Section("Accounts", table=Table(("account", "may"), cells)),))


def test_a_long_page_has_one_filter_script_which_alone_its_policy_allows() -> None:
    document = html(table(15))
    (script,) = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    elements = _Elements(document)
    (box,) = elements.of("input")
    assert (box["id"], box["type"]) == ("filter", "search")
    assert {"for": "filter"} in elements.of("label")
    assert "hidden" in elements.of("form")[0], "without scripts there is no box"


def test_a_short_page_has_no_script() -> None:
    document = html(table(14))
    assert "<script" not in document
    assert "script-src" not in document


def test_charts_are_in_markdown_alone() -> None:
    shown = Page("x", "x", "plain", (), charts=(Chart("Before", "flowchart LR\n  n0[a]\n"),))
    assert "\nBefore:\n\n```mermaid\nflowchart LR\n  n0[a]\n```" in markdown(shown)
    assert "flowchart" not in html(shown)

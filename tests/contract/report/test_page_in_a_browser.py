"""The page of `access` in a real browser: 1,000 accounts, light and dark, by keyboard alone, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.analysis import sections
from ciaccess.analysis.facts import AccessFacts
from ciaccess.report.page import Page, html
from tests.support.access.organisation import edited
from tests.support.report.browser import Browser, browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNTS = 1000
MOST_SECONDS_TO_FILTER = 5  # some 0.1 on a quiet machine; tests share theirs
SHOWN = "[...document.querySelectorAll('tbody tr, .findings > li')].filter(row => row.offsetParent).length"
COUNT = "document.getElementById('filter-count').textContent"
FOCUS = "document.activeElement.id || document.activeElement.className"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Path]]:
    """A browser, and the page's file."""
    folder = tmp_path_factory.mktemp("browser")
    names = [f"svc-team-{number:04}" for number in range(ACCOUNTS)]
    accounts = "".join(
        f"  {name}:\n    purpose: Builds of team {name[-4:]}\n    push: [raw, yum]\n    path: /team-{name[-4:]}/\n"
        for name in names
    )
    readers = "".join(f"        - {name}\n" for name in names)
    access = load(
        edited(
            folder,
            ("  svc-bench:\n", f"{accounts}  svc-bench:\n"),
            ("        - svc-bench\n", f"{readers}        - svc-bench\n"),
        )
    )
    facts = AccessFacts.of(access)
    page = Page("Who may do what", "1,007 accounts", "plain", sections.by_account(facts))
    path = folder / "access.html"
    path.write_text(html(page), encoding="utf-8")
    with browser(folder) as tab:
        yield tab, path


def test_the_filter_is_used_by_keyboard_alone_and_at_once(shown: tuple[Browser, Path]) -> None:
    tab, path = shown
    tab.open(path)
    rows = tab.value(SHOWN)
    assert rows >= ACCOUNTS
    tab.press("/", "team-0500")
    assert tab.value(FOCUS) == "filter"
    assert tab.value("document.getElementById('filter').value") == "team-0500", "the / is not typed"
    assert tab.value(SHOWN) == 1
    assert tab.value(COUNT).startswith("1 of ")
    tab.press("Enter")
    assert tab.value("location.search") == "", "the form is not sent"
    tab.press("Escape")
    assert (tab.value(SHOWN), tab.value(COUNT)) == (rows, "")
    for text in ("t", "ea", "m 0", "99", " yum"):
        timed = f"""(() => {{
            const box = document.getElementById('filter'), start = performance.now();
            box.value += '{text}';
            box.dispatchEvent(new Event('input'));
            document.body.offsetHeight;
            return performance.now() - start;
        }})()"""
        assert tab.value(timed) / 1000 < MOST_SECONDS_TO_FILTER, text
    assert 0 < tab.value(SHOWN) < 50
    tab.press("Escape", "nothing has this")
    assert tab.value(SHOWN) == 0
    assert tab.value(COUNT).startswith("0 of ")


def test_tab_reaches_the_rows_and_the_link_to_them_comes_first(shown: tuple[Browser, Path]) -> None:
    tab, path = shown
    tab.open(path)
    tab.press("Tab")
    assert tab.value(FOCUS) == "skip"
    assert tab.value("document.activeElement.getBoundingClientRect().left >= 0"), "the link is seen"
    tab.press("Enter")
    assert tab.value("location.hash") == "#main"
    tab.open(path)
    met = []
    for _ in range(12):
        tab.press("Tab")
        met.append(tab.value(FOCUS))
        assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid", (
            "the focus is seen"
        )
        if met[-1] == "scroll":
            break
    assert met[-1] == "scroll"
    assert "filter" in met


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_its_width_in_light_and_dark_and_asks_for_nothing(
    scheme: str, width: int, shown: tuple[Browser, Path]
) -> None:
    tab, path = shown
    tab.look(scheme)
    tab.open(path, width)
    assert tab.value("document.documentElement.scrollWidth <= innerWidth")
    colour = tab.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))) < 384) is (
        scheme == "dark"
    )
    tab.press("/", "svc-team-07")
    assert tab.value(SHOWN) == 100
    assert tab.value("performance.getEntriesByType('resource').length") == 0

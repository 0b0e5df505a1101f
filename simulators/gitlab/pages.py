"""Pagination as GitLab does it: pages by number with X- headers and Link, or by keyset where GitLab offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulators.gitlab.answers import Answer, RefusalError, bad_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row

_DEFAULT_ROWS = 20
_MOST_ROWS = 100
_MOST_COUNTED = 10_000  # beyond it GitLab leaves out X-Total, X-Total-Pages and rel="last"


def paginate(
    call: Call, rows: Sequence[Row], present: Callable[[Row], dict[str, Any]], *, by_keyset: bool = False
) -> Answer:
    """Answer one page of the rows; `by_keyset` says whether GitLab offers keyset pagination for this list.

    Raises:
        RefusalError: 400 for a page that is no number, 405 for keyset where there is none.
    """
    per_page = min(call.parameters.number("per_page", _DEFAULT_ROWS, least=1), _MOST_ROWS)
    if call.parameters.text("pagination") == "keyset":
        if not by_keyset:
            raise RefusalError(
                405, {"error": "Keyset pagination is not yet available for this type of request"}
            )
        return _keyset(call, rows, present, per_page)
    page = call.parameters.number("page", 1, least=1)
    start = (page - 1) * per_page
    pages = max(1, -(-len(rows) // per_page))
    following = page + 1 if page < pages else None
    previous = page - 1 if page > 1 else None
    counted = len(rows) <= _MOST_COUNTED
    targets = {"prev": previous, "next": following, "first": 1, "last": pages if counted else None}
    links = [
        f'<{_address(call, page=number, per_page=per_page)}>; rel="{relation}"'
        for relation, number in targets.items()
        if number is not None
    ]
    headers = {
        "X-Per-Page": str(per_page),
        "X-Page": str(page),
        "X-Next-Page": str(following or ""),
        "X-Prev-Page": str(previous or ""),
        "Link": ", ".join(links),
    }
    if counted:
        headers |= {"X-Total": str(len(rows)), "X-Total-Pages": str(pages)}
    return Answer(200, [present(row) for row in rows[start : start + per_page]], headers)


def _keyset(
    call: Call, rows: Sequence[Row], present: Callable[[Row], dict[str, Any]], per_page: int
) -> Answer:
    if call.parameters.text("order_by", "id") != "id":
        raise bad_parameter("order_by does not have a valid value")
    ascending = call.parameters.choice("sort", ("asc", "desc"), "desc") == "asc"
    after = call.parameters.number("id_after", 0)
    before = call.parameters.number("id_before", 0)
    left = [row for row in rows if row["id"] > after and (not before or row["id"] < before)]
    left.sort(key=lambda row: int(row["id"]), reverse=not ascending)
    page = left[:per_page]
    headers = {}
    if len(left) > per_page:
        cursor = {"id_after" if ascending else "id_before": page[-1]["id"]}
        headers["Link"] = f'<{_address(call, per_page=per_page, **cursor)}>; rel="next"'
    return Answer(200, [present(row) for row in page], headers)


def _address(call: Call, **changed: int) -> str:
    target = urlsplit(call.target)
    query = dict(parse_qsl(target.query, keep_blank_values=True)) | {
        name: str(value) for name, value in changed.items()
    }
    return call.url(f"{target.path}?{urlencode(query)}")

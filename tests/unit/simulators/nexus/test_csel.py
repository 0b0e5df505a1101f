from __future__ import annotations

import pytest

from simulators.nexus.security.csel import CselError, parse


@pytest.mark.parametrize(
    ("expression", "format_", "path", "finds"),
    [
        ('format == "raw"', "raw", "/a", True),
        ('format == "raw"', "yum", "/a", False),
        ("format == 'raw'", "raw", "/a", True),
        ('format != "raw"', "yum", "/a", True),
        ('format != "raw"', "raw", "/a", False),
        ('"raw" == format', "raw", "/a", True),
        ('path =^ "/orchestrator/"', "yum", "/orchestrator/a.rpm", True),
        ('path =^ "/orchestrator/"', "yum", "/orchestrator", False),
        ('path =^ "/orchestrator/"', "yum", "/other/orchestrator/a", False),
        ('path =~ "/pub/.*"', "raw", "/pub/a", True),
        ('path =~ "^/pub/.*"', "raw", "/pub/a", True),
        ('path =~ "/pub/"', "raw", "/pub/a", False),  # the whole path must match
        ('path =~ ".*[.](rpm|deb)"', "raw", "/a/b.deb", True),
        (r'path =~ "/a\.b"', "raw", "/axb", False),
        (r'path =~ "/a\\.b"', "raw", "/a.b", True),
        ('format == "raw" and path =^ "/pub/"', "raw", "/pub/a", True),
        ('format == "raw" && path =^ "/pub/"', "yum", "/pub/a", False),
        ('format == "raw" or format == "yum"', "yum", "/a", True),
        ('format == "raw" || format == "yum"', "npm", "/a", False),
        # and binds before or
        ('format == "a" or format == "raw" and path == "/x"', "a", "/y", True),
        ('(format == "a" or format == "raw") and path == "/x"', "a", "/y", False),
        ('((path == "/x"))', "raw", "/x", True),
        ('format == "raw" /* c */ and path =^ "/" // d', "raw", "/x", True),
        ('format=="raw"and path=^"/x"', "raw", "/xy", True),
        ('path == "it\'s"', "raw", "it's", True),
        ('path == "/ünïcode"', "raw", "/ünïcode", True),
    ],
)
def test_an_expression_is_evaluated_on_format_and_path(
    expression: str, format_: str, path: str, *, finds: bool
) -> None:
    assert parse(expression)(format_, path) is finds


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("format ==", "parsing error in '' at line 1 column 9"),
        ("nope (", "parsing error in '' at line 1 column 6"),
        (
            'foo == "raw"',
            "Invalid identifier foo, expected one of [format, path] in 'foo == 'raw'' at line 1 column 1",
        ),
        (
            "path.length() > 3",
            "Expression not supported in CSEL selector in 'path.length() > 3' at line 1 column 17",
        ),
        ('format == "raw" and', "parsing error in '' at line 1 column 19"),
        ('format == "raw" path', "parsing error in 'path' at line 1 column 17"),
        ('(format == "raw"', "parsing error in '' at line 1 column 16"),
        ('format == "raw")', "parsing error in ')' at line 1 column 16"),
        ('format = "raw"', "parsing error in '=' at line 1 column 8"),
        ('format == "raw', "parsing error in '\"' at line 1 column 11"),
    ],
)
def test_what_is_no_expression_is_refused_in_nexus_words(expression: str, said: str) -> None:
    with pytest.raises(CselError) as caught:
        parse(expression)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "expression",
    [
        'not (format == "raw")',
        '!(format == "raw") and path =^ "/"',
        'not not format == "raw"',
        "path",
        "3 == 3",
        "path > 'a'",
        "path =~ format",
        "path =~ '['",
        "coordinate.groupId == 'x'",
        "a.b(path)",
    ],
)
def test_what_the_language_lacks_is_refused(expression: str) -> None:
    with pytest.raises(CselError):
        parse(expression)

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ciaccess.access import ConfigError
from ciaccess.access.reading import document
from ciaccess.access.reading.loader import check
from tests.support.access.access import GOOD, checked


def read(folder: Path, content: str | bytes) -> document.Document:
    path = folder / "a.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return document.read(path)


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        document.read(path)
    (fault,) = raised.value.faults
    return fault.message


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("12", 12),
        ("0o17", 15),
        ("0xff", 255),
        ("010", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("FALSE", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("2026-11-24", "2026-11-24"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("'12'", "12"),
        ('"true"', "true"),
        ("=", "="),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_says(tmp_path: Path, plain: str, value: object) -> None:
    found = read(tmp_path, f"key: {plain}\n").data["key"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    assert read(tmp_path, "9: a\ntrue: b\n").data == {"9": "a", "true": "b"}


def test_positions_count_from_one_and_in_characters(tmp_path: Path) -> None:
    found = read(tmp_path, "ä: {ö: [x, y]}\n")
    assert found.position(("ä", "ö"), key=True) == (1, 5)
    assert found.position(("ä", "ö", 1)) == (1, 12)
    assert found.position(("ä", "missing")) == (1, 1), "a missing key is where its section's key is"


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfkey: 1\n").data == {"key": 1}


def test_windows_line_ends_keep_the_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "a: 1\r\nb: 2\r\n").position(("b",)) == (2, 4)


def test_what_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("# one\npurpose: für".encode("latin-1"))
    (fault,) = check(path).faults
    assert str(fault) == (
        f"{path}:2:11: (file): a character here is not UTF-8. Allowed: a YAML document in UTF-8. Save the file as UTF-8."
    )
    path.write_text("version: 1\n", encoding="utf-16")
    assert refusal(path) == "is UTF-16, not UTF-8"


def test_the_place_of_what_is_no_utf_8_counts_no_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n\xff: 2\n")
    (fault,) = check(path).faults
    assert (fault.line, fault.column) == (2, 1)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_document_is_said_to_be_empty(tmp_path: Path, text: str) -> None:
    (fault,) = checked(tmp_path, text).faults
    assert fault.message == "an empty file is not a mapping"
    assert fault.allowed == "version, owner, adopt, strict, vault, nexus, gitlab, accounts, pipeline, images"


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "12\n", "${vault.address}\n"])
def test_a_document_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (fault,) = checked(tmp_path, text).faults
    assert fault.message.endswith("is not a mapping")


def test_a_directory_a_missing_file_and_a_name_that_is_none_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is a directory"
    assert refusal(tmp_path / "none.yaml") == "there is no such file"
    assert refusal(tmp_path / "a\0b") in ("is not a file's name", "there is no such file")


def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "is a pipe into which nothing was written"
    ended = subprocess.Popen(["true"], stdout=subprocess.PIPE)
    ended.wait()
    assert ended.stdout
    with ended.stdout:
        assert refusal(Path(f"/dev/fd/{ended.stdout.fileno()}")) == "is a pipe into which nothing was written"
    assert refusal(Path(os.devnull)) == "is neither a file nor a pipe"


@pytest.mark.parametrize("size", [0, 200_000])
def test_a_pipe_is_read_to_its_end(size: int) -> None:
    """As in `validate <(git show main:config/access.yaml)`; a pipe holds 64 KB at once."""
    with subprocess.Popen(
        [sys.executable, "-c", f"print('version: 2 #' + 'x' * {size})"], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        read_end = Path(f"/dev/fd/{writer.stdout.fileno()}")
        assert [fault.message for fault in check(read_end).faults if fault.field == "version"] == [
            "2 is not allowed"
        ]


def test_a_symbolic_link_is_followed_and_named_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real.yaml").write_text("version: 2\n", encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    assert check(tmp_path / "link.yaml").faults[0].file == "link.yaml"
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    assert refusal(tmp_path / "dangling.yaml") == "there is no such file"


def test_a_file_outside_this_folder_is_named_in_full(tmp_path: Path) -> None:
    assert checked(tmp_path, "").file == str(tmp_path / "access.yaml")


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * 4_000_001)
    assert refusal(path) == "is larger than 4000000 bytes"


def test_a_bomb_of_aliases_does_not_go_off(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    found = read(tmp_path, "\n".join(lines))
    assert len(found.faults) == 12 + 11 * 10, "each anchor and each alias is told, and none followed"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_beyond_all_measure_is_a_fault(tmp_path: Path, opening: str) -> None:
    assert checked(tmp_path, opening * 900).faults
    assert checked(tmp_path, opening * 100_000).faults


def test_an_endless_alias_is_a_fault(tmp_path: Path) -> None:
    assert checked(tmp_path, "a: &a [*a]\n").access is None


def test_faults_are_sorted_by_line_and_column(tmp_path: Path) -> None:
    broken = (
        GOOD.replace("version: 1", "version: 9")
        .replace("[docker, pypi]", "[x, y, z]")
        .replace("8443", "8444")
    )
    places = [(fault.line, fault.column) for fault in checked(tmp_path, broken).faults]
    assert len(places) >= 5
    assert places == sorted(places)

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError, SettingsError
from newsletter.model.documents import (
    FoundFile,
    KnownFile,
    Parse,
    ParsedDocument,
    ParsedItems,
    RefusalReason,
)
from newsletter.sources import reading
from newsletter.sources.folder import scan_folder
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.sources.reading import read_documents

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOW.timestamp() - 3_600
ALIASES = SourceAliases.with_extra({})


parse = Opener(reader=TextReader(aliases=ALIASES, detect=lambda _: None)).open


def write(path: Path, content: bytes | str = "Headline\n\nNews.", *, age_seconds: float = 3_600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    touched = NOW.timestamp() - age_seconds
    os.utime(path, (touched, touched))
    return path


def no_wait(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s though nothing was fresh")


def scan(
    folder: Path,
    *,
    known: Mapping[str, KnownFile] | None = None,
    max_bytes: int = 10_000,
    wait: Callable[[float], None] = no_wait,
    parse: Parse = parse,
) -> list[FoundFile]:
    return list(
        scan_folder(
            folder,
            known=known or {},
            max_bytes=max_bytes,
            now=NOW,
            settle_seconds=2.0,
            wait=wait,
            parse=parse,
        )
    )


def outcomes(found: list[FoundFile]) -> dict[str, object]:
    return {
        file.path: "waiting"
        if file.waiting
        else file.refusal or (file.document.headline if file.document else None)
        for file in found
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


def test_documents_are_found_in_order_at_every_depth(folder: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.TXT", "c.txt", "ü/é.txt"):
        write(folder / name, f"{name}\n\nNews.")
    found = scan(folder)
    assert [file.path for file in found] == ["a/b/c.TXT", "a/z.txt", "b.txt", "c.txt", "ü/é.txt"]
    assert [file.document.headline for file in found if file.document] == [file.path for file in found]


def test_hidden_files_and_leftovers_are_passed_over(folder: Path) -> None:
    for name in (
        ".x.txt",
        ".git/x.txt",
        "x.txt~",
        ".x.txt.swp",
        "x.txt.part",
        "x.crdownload",
        "x.TMP",
        "Thumbs.db",
    ):
        write(folder / name)
    assert scan(folder) == []


def test_refusals_say_why(folder: Path) -> None:
    write(folder / "empty.txt", b"")
    write(folder / "blank.txt", b" \n\t\n")
    write(folder / "binary.txt", bytes(range(256)))
    write(folder / "large.txt", b"a" * 10_001)
    write(folder / "picture.png", b"\x89PNG")
    write(folder / "no-suffix")
    write(folder / "damaged.txt", "“Quoted” words".encode() + b"\xff")
    write(folder / "page.txt", b"<?xml version='1.0'?><invoice/>")
    write(folder / "program", b"\x7fELF\2")
    write(folder / "table.CSV")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket.txt"))
    found = scan(folder)
    assert outcomes(found) == {
        "empty.txt": RefusalReason.EMPTY,
        "blank.txt": RefusalReason.EMPTY,
        "binary.txt": RefusalReason.BINARY,
        "large.txt": RefusalReason.OVERSIZED,
        "picture.png": RefusalReason.UNSUPPORTED,
        "no-suffix": RefusalReason.UNSUPPORTED,
        "damaged.txt": RefusalReason.ENCODING,
        "page.txt": RefusalReason.UNSUPPORTED,
        "program": RefusalReason.UNSUPPORTED,
        "table.CSV": RefusalReason.UNSUPPORTED,
        "pipe.txt": RefusalReason.NOT_A_FILE,
        "socket.txt": RefusalReason.NOT_A_FILE,
    }
    details = {file.path: file.detail for file in found}
    assert details["large.txt"] == "10.0 kB, more than the 10.0 kB allowed"
    assert details["pipe.txt"] == "a pipe"
    assert (
        details["page.txt"]
        == "XML that is neither a feed nor a page: save what is to be read as text or HTML"
    )
    assert details["no-suffix"].startswith("plain text under a name that does not end in .txt: rename it")
    assert details["program"] == "a program: move it out of the folder"


def test_what_its_name_says_is_no_document_is_not_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "film.mp4", b"Headline\n\nNews.")
    write(folder / "b" / "old.zip", b"PK\3\4")
    monkeypatch.setattr(reading, "_open_beneath", None)
    found = scan(folder)
    assert [(file.path, file.detail) for file in found] == [
        ("b/old.zip", "an archive: unpack it"),
        ("film.mp4", "a video: put its transcript here, as text"),
    ]


def test_a_name_that_tells_nothing_is_judged_by_the_first_bytes(folder: Path) -> None:
    write(folder / "large", b"\0" * 10_001)
    write(folder / "1700000000.M1P2.host:2,S", b"---\ntitle: Ferry returns\n---\nIt sails on Monday.\n")
    (folder / "LINK").symlink_to("1700000000.M1P2.host:2,S")
    found = scan(folder)
    assert outcomes(found) == {
        "1700000000.M1P2.host:2,S": "Ferry returns",
        "LINK": "Ferry returns",
        "large": RefusalReason.BINARY,
    }


def test_a_directory_may_be_called_like_a_document(folder: Path) -> None:
    write(folder / "year.txt" / "a.txt")
    assert outcomes(scan(folder)) == {"year.txt/a.txt": "Headline"}


def test_names_that_are_not_utf_8_are_refused_in_print(folder: Path) -> None:
    raw = os.fsencode(folder)
    for name in (b"\xff.txt", b"caf\xe9.txt", b"odd\n\\.txt"):
        with open(raw + b"/" + name, "wb") as file:  # noqa: PTH123 - a name that no Path prints
            file.write(b"Headline\n\nNews.")
        os.utime(raw + b"/" + name, (LONG_AGO, LONG_AGO))
    os.mkdir(raw + b"/dir\xfe")  # noqa: PTH102
    found = scan(folder)
    assert outcomes(found) == {
        "caf\\xe9.txt": RefusalReason.NAME,
        "dir\\xfe": RefusalReason.NAME,
        "odd\\n\\\\.txt": "Headline",
        "\\xff.txt": RefusalReason.NAME,
    }
    assert all(file.path.isprintable() for file in found)


def test_links_within_the_folder_are_files_of_their_own(folder: Path) -> None:
    write(folder / "real" / "a.txt", "A\n\nNews.")
    (folder / "b.txt").symlink_to("real/a.txt")
    (folder / "c.txt").symlink_to("b.txt")
    (folder / "linked").symlink_to("real")
    (folder / "self").symlink_to(".")
    (folder / "real" / "up").symlink_to("..")
    assert outcomes(scan(folder)) == {"b.txt": "A", "c.txt": "A", "real/a.txt": "A"}


def test_links_out_of_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside" / "secret.txt")
    write(tmp_path / "in-between.txt")
    (folder / "a.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (folder / "b.txt").symlink_to("../in-between.txt")
    (folder / "dir").symlink_to(tmp_path / "outside")
    (folder / "device.txt").symlink_to("/dev/zero")
    found = scan(folder)
    assert outcomes(found) == dict.fromkeys(("a.txt", "b.txt", "device.txt", "dir"), RefusalReason.OUTSIDE)
    assert all(file.detail.startswith("to /") for file in found)


def test_links_that_lead_nowhere_end(folder: Path) -> None:
    (folder / "broken.txt").symlink_to("gone.txt")
    (folder / "loop.txt").symlink_to("pool.txt")
    (folder / "pool.txt").symlink_to("loop.txt")
    found = scan(folder)
    assert outcomes(found) == dict.fromkeys(("broken.txt", "loop.txt", "pool.txt"), RefusalReason.UNREADABLE)
    assert {file.detail for file in found} == {
        "a link that leads nowhere: no such file; it may have been moved away",
        "a link that leads to itself",
    }


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    write(folder / "a.txt")
    (folder / "b.txt").symlink_to("a.txt")
    (tmp_path / "alias").symlink_to(folder)
    assert outcomes(scan(tmp_path / "alias")) == {"a.txt": "Headline", "b.txt": "Headline"}


def test_a_tree_without_end_is_left(folder: Path) -> None:
    deep = folder
    for _ in range(105):
        deep /= "d"
    write(deep / "a.txt")
    (found,) = scan(folder)
    assert (found.refusal, found.detail) == (RefusalReason.UNREADABLE, "more than 100 folders deep")


def test_a_known_file_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "a.txt")
    write(folder / "empty.txt", b"")
    (folder / "link.txt").symlink_to("a.txt")
    first = scan(folder)
    known = {
        file.path: KnownFile(path=file.path, fingerprint=file.fingerprint, is_read=file.document is not None)
        for file in first
    }
    opened: list[str] = []
    real_open = os.open

    def watched(path: str, *rest: int, **more: int) -> int:
        opened.append(path)
        return real_open(path, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    second = scan(folder, known=known)
    assert outcomes(second) == {"a.txt": None, "empty.txt": RefusalReason.EMPTY, "link.txt": None}
    assert "a.txt" not in opened
    assert [file.fingerprint for file in second] == [file.fingerprint for file in first]


def test_what_is_refused_for_good_is_opened_again_only_when_it_is_touched(folder: Path) -> None:
    write(folder / "a.json", b"{")
    write(folder / "b.txt", b"x\0y")
    first = scan(folder)
    known = {
        file.path: KnownFile(
            path=file.path,
            fingerprint=file.fingerprint,
            is_read=False,
            refusal=file.refusal,
            detail=file.detail,
        )
        for file in first
    }
    asked: list[str] = []

    def watched(content: bytes, name: str) -> ParsedDocument | ParsedItems:
        asked.append(name)
        return parse(content, name)

    assert scan(folder, known=known, parse=watched) == first
    assert asked == ["b.txt"]
    write(folder / "a.json", b'{"title": "A", "text": "Words."}')
    assert outcomes(scan(folder, known=known, parse=watched))["a.json"] == "A"


def test_a_changed_file_is_read_again(folder: Path) -> None:
    write(folder / "a.txt", "One.\n\nNews.")
    (first,) = scan(folder)
    known = {"a.txt": KnownFile(path="a.txt", fingerprint=first.fingerprint, is_read=True)}
    write(folder / "a.txt", "Two.\n\nNews.")
    assert outcomes(scan(folder, known=known)) == {"a.txt": "Two."}


def test_fresh_files_are_read_after_one_wait(folder: Path) -> None:
    write(folder / "a.txt", "A", age_seconds=1)
    write(folder / "b.txt", "B")
    write(folder / "c.txt", "C", age_seconds=-3_600)
    waits: list[float] = []
    found = scan(folder, wait=waits.append)
    assert [file.path for file in found] == ["b.txt", "a.txt", "c.txt"]
    assert all(file.document for file in found)
    assert waits == [2.0]


def test_a_file_still_being_written_waits(folder: Path, tmp_path: Path) -> None:
    for name in ("grows.txt", "touched.txt", "gone.txt", "swapped.txt", "done.txt"):
        write(folder / name, age_seconds=1)
    secret = write(tmp_path / "secret.txt", "Headline\n\nNews.", age_seconds=1)

    def meanwhile(_: float) -> None:
        with (folder / "grows.txt").open("a") as file:
            file.write(" More.")
        write(folder / "touched.txt", age_seconds=0.5)
        (folder / "gone.txt").unlink()
        (folder / "swapped.txt").unlink()
        (folder / "swapped.txt").symlink_to(secret)

    assert outcomes(scan(folder, wait=meanwhile)) == {
        "done.txt": "Headline",
        "gone.txt": RefusalReason.UNREADABLE,
        "grows.txt": "waiting",
        "swapped.txt": "waiting",
        "touched.txt": "waiting",
    }


def test_a_link_put_in_place_of_a_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """The name is looked at, then swapped, then opened."""
    secret = write(tmp_path / "secret.txt", "Secret")
    write(folder / "a.txt")
    write(folder / "b" / "x.txt", "Fine")
    write(folder / "c.txt")
    write(tmp_path / "b" / "x.txt", "Secret")
    reads: list[bytes] = []

    def swapping(content: bytes, name: str) -> ParsedDocument:
        reads.append(content)
        (folder / "c.txt").unlink()
        (folder / "c.txt").symlink_to(secret)
        return parse(content, name)

    scanning = scan_folder(
        folder, known={}, max_bytes=10_000, now=NOW, settle_seconds=2, wait=no_wait, parse=swapping
    )
    next(scanning)
    (folder / "b").rename(tmp_path / "old-b")
    (folder / "b").symlink_to(tmp_path / "b")
    rest = list(scanning)
    assert b"Secret" not in reads
    assert {file.refusal for file in rest} == {RefusalReason.OUTSIDE}


def test_reading_follows_no_link_on_the_way(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "b" / "x.txt", "Secret")
    (folder / "b").symlink_to(tmp_path / "b")
    (folder / "x.txt").symlink_to(tmp_path / "b" / "x.txt")
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for parts in (("b", "x.txt"), ("x.txt",)):
            with pytest.raises(DocumentRefusedError) as caught:
                reading.read_beneath(root, parts, max_bytes=100)
            assert caught.value.reason is RefusalReason.UNREADABLE
    finally:
        os.close(root)


def test_a_file_that_grows_while_it_is_read_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(folder / "a.txt")
    real_read = os.read

    def read(descriptor: int, size: int) -> bytes:
        content = real_read(descriptor, size)
        if content:
            with path.open("a") as file:
                file.write(" More.")
        return content

    monkeypatch.setattr(reading, "os", SimpleNamespace(**{**vars(os), "read": read}))
    assert outcomes(scan(folder, max_bytes=40)) == {"a.txt": RefusalReason.OVERSIZED}
    write(path)
    monkeypatch.setattr(reading, "_read_at_most", lambda descriptor, limit: read(descriptor, 100)[:limit])
    assert outcomes(scan(folder)) == {"a.txt": "waiting"}
    with pytest.raises(DocumentRefusedError, match="it changed while it was read"):
        read_documents(path, max_bytes=10_000, parse=parse)


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")]
)
def test_what_may_not_be_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    write(folder / "a.txt")
    write(folder / "b.txt")
    write(folder / "dir" / "c.txt")
    real_open = os.open

    def guarded(path: str, *rest: int, **more: int) -> int:
        if path in {"a.txt", "dir"}:
            raise error
        return real_open(path, *rest, **more)

    monkeypatch.setattr(os, "open", guarded)
    found = scan(folder)
    assert outcomes(found) == {
        "a.txt": RefusalReason.UNREADABLE,
        "b.txt": "Headline",
        "dir": RefusalReason.UNREADABLE,
    }
    assert {file.detail for file in found if file.refusal} == {error.strerror}


def test_one_poisonous_file_does_not_stop_the_others(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder / "a.txt", "poison")
    write(folder / "b.txt")

    def fragile(content: bytes, name: str) -> ParsedDocument:
        if content == b"poison":
            raise RecursionError("too deep")
        return parse(content, name)

    with caplog.at_level(logging.DEBUG):
        found = scan(folder, parse=fragile)
    assert outcomes(found) == {"a.txt": RefusalReason.UNSUPPORTED, "b.txt": "Headline"}
    assert found[0].detail == "the parser failed: RecursionError: too deep"
    assert "too deep" in caplog.text


@given(
    parts=st.lists(
        st.binary(min_size=1, max_size=12).map(lambda name: name.translate(None, b"/\0")).filter(bool),
        min_size=1,
        max_size=3,
    )
)
@example(parts=[b"\\xa0", b"\xa0", "\xa0".encode()])
@example(parts=[b"\\u00a0", b"a\\", b"\\\\"])
def test_a_printable_path_leads_back_to_its_file(parts: list[bytes]) -> None:
    path = reading.printable_path([os.fsdecode(part) for part in parts])
    assert path.isprintable()
    assert reading.named(path) == b"/".join(parts)


def test_what_a_parser_failed_on_is_told_in_characters_that_can_be_kept(folder: Path) -> None:
    write(folder / "a.txt")

    def fragile(content: bytes, name: str) -> ParsedDocument:
        raise ValueError("at \x00\ud800\x1b[31m")

    (found,) = scan(folder, parse=fragile)
    assert found.detail == "the parser failed: ValueError: at \\x00\\ud800\\x1b[31m"


def test_a_missing_folder_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"FOLDERS: .*/none does not exist: create it or"):
        scan_folder(
            tmp_path / "none", known={}, max_bytes=1, now=NOW, settle_seconds=1, wait=no_wait, parse=parse
        )
    write(tmp_path / "file")
    with pytest.raises(SettingsError, match="is not a directory"):
        scan(tmp_path / "file")


def test_a_folder_that_may_not_even_be_looked_at_is_said_as_one_that_is_missing(tmp_path: Path) -> None:
    """It stopped the other folders as well: below /home, for a service, pathlib raises."""
    with pytest.raises(SettingsError, match=r"FOLDERS: .* cannot be read \(File name too long\): allow it"):
        scan(tmp_path / ("x" * 300))


def test_no_descriptor_is_left_open(folder: Path) -> None:
    for name in ("a.txt", "d/b.txt", "d/e/c.txt", "empty.txt"):
        write(folder / name, "" if name == "empty.txt" else "H")
    before = len(list(Path("/proc/self/fd").iterdir()))
    scan(folder)
    scanning = scan_folder(
        folder, known={}, max_bytes=9, now=NOW, settle_seconds=1, wait=no_wait, parse=parse
    )
    next(scanning)
    del scanning
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_that_the_user_names_is_read(folder: Path) -> None:
    path = write(folder / "a.md")
    (folder / "link").symlink_to(path)
    assert read_documents(path, max_bytes=100, parse=parse).headline == "Headline"
    assert read_documents(folder / "link", max_bytes=100, parse=parse).headline == "Headline"


def test_a_named_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    write(folder / "large", b"a" * 101)
    write(folder / "empty", b"")
    expected = {
        folder / "none": RefusalReason.UNREADABLE,
        folder: RefusalReason.NOT_A_FILE,
        folder / "pipe": RefusalReason.NOT_A_FILE,
        folder / "large": RefusalReason.OVERSIZED,
        folder / "empty": RefusalReason.EMPTY,
        Path("a\0b"): RefusalReason.UNREADABLE,
    }
    for path, reason in expected.items():
        with pytest.raises(DocumentRefusedError) as caught:
            read_documents(path, max_bytes=100, parse=parse)
        assert caught.value.reason is reason

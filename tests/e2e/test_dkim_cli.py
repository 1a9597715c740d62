"""`newsletter dkim` as an operator meets it, up to a message that verifies by the records it printed."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from e2e.commands import Commands

Result = subprocess.CompletedProcess[str]
Newsletter = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bridge.txt").write_text(
        "Old bridge opens again\n\nThe old bridge of Tromby was opened to walkers on Sunday. "
        "Repairs had taken three years. The town paid for them with a loan.\n"
    )
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\n"
        "SENDER_ADDRESS=digest@bücher.example\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    return tmp_path


@pytest.fixture
def newsletter(home: Path, commands: Commands) -> Newsletter:
    def call(*arguments: str, code: int = 0) -> Result:
        result = commands.run_for_text(*arguments, folder=home, environment=dict(os.environ))
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    return call


def add_to_env(home: Path, output: str) -> None:
    """Do what the output says: copy its settings into .env."""
    lines = re.findall(r"^DKIM_.*$", output, re.MULTILINE)
    assert lines
    with (home / ".env").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def printed_records(output: str) -> dict[bytes, bytes]:
    """Name and value of each record, read off the lines for zone files."""
    lines = re.findall(r"^(\S+) IN TXT (.+)$", output, re.MULTILINE)
    return {
        name.encode(): "".join(re.findall(r'"([^"]{1,255})"', strings)).encode() for name, strings in lines
    }


def test_from_new_keys_to_a_message_that_verifies(home: Path, newsletter: Newsletter) -> None:
    made = newsletter("dkim", "generate", "--selector", "s1").stdout
    files = sorted((home / "dkim").iterdir())
    assert [file.name for file in files] == ["s1-ed25519.pem", "s1-rsa.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    records = printed_records(made)
    assert set(records) == {
        b"s1-rsa._domainkey.xn--bcher-kva.example.",
        b"s1-ed25519._domainkey.xn--bcher-kva.example.",
    }
    for value in records.values():
        assert f"value: {value.decode()}\n" in made, "the same as one text"
    add_to_env(home, made)
    assert printed_records(newsletter("dkim", "show").stdout) == records

    newsletter("subscribers", "add", "ada@reader.example")
    newsletter("ingest")
    newsletter("send", "--yes")
    (file,) = (home / "outbox").rglob("*.eml")
    message = file.read_bytes()
    for index in range(2):
        assert dkim.DKIM(message).verify(index, dnsfunc=lambda name, timeout=5: records.get(name))


def test_a_key_for_another_domain_is_set_up_by_what_is_printed(home: Path, newsletter: Newsletter) -> None:
    made = newsletter(
        "dkim", "generate", "--type", "ed25519", "--domain", "org.example", "--folder", "my keys"
    )
    assert "DKIM_DOMAIN=org.example\n" in made.stdout
    add_to_env(home, made.stdout)
    shown = newsletter("dkim", "show")
    assert printed_records(shown.stdout) == printed_records(made.stdout)
    assert "DMARC will not count signatures" in shown.stderr


def test_keys_are_never_overwritten(home: Path, newsletter: Newsletter) -> None:
    newsletter("dkim", "generate", "--selector", "s1")
    before = {file: file.read_bytes() for file in (home / "dkim").iterdir()}
    again = newsletter("dkim", "generate", "--selector", "s1", code=1)
    assert again.stderr.startswith("newsletter: dkim/s1-rsa.pem is there already")
    assert {file: file.read_bytes() for file in (home / "dkim").iterdir()} == before


def test_what_is_missing_is_told(home: Path, newsletter: Newsletter) -> None:
    assert "not signed here" in newsletter("dkim", "show").stdout
    with (home / ".env").open("a") as file:
        file.write("DKIM_KEYS=s1:dkim/none.pem\n")
    missing = "newsletter: DKIM_KEYS: dkim/none.pem is not there: `newsletter dkim generate` makes keys\n"
    assert newsletter("dkim", "show", code=1).stderr == missing
    (home / ".env").write_text("")
    assert "set SENDER_ADDRESS" in newsletter("dkim", "generate", code=2).stderr
    assert not (home / "dkim").exists()

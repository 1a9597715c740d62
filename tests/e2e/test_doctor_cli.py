"""`newsletter doctor` as an operator meets it: lines, repairs, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.commands import Commands

Result = subprocess.CompletedProcess[str]
Doctor = Callable[..., Result]

WHOLE = (
    "SENDER_ADDRESS=digest@news.example.org\nSMTP_HOST=localhost\nSMTP_SECURITY=none\nFOLDERS=in\n"
    "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a long key of this test alone\n"
    "POSTAL_ADDRESS=Harbour Brief; 1 Quay Street\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.fixture
def doctor(home: Path, commands: Commands) -> Doctor:
    def call(*arguments: str, code: int, env: str = WHOLE) -> Result:
        (home / ".env").write_text(env)
        (home / ".env").chmod(0o600)
        result = commands.run_for_text("doctor", *arguments, folder=home, environment=dict(os.environ))
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    return call


def test_warnings_leave_the_exit_code_0_and_nothing_is_made(doctor: Doctor, home: Path) -> None:
    lines = doctor("--no-network", code=0).stdout.splitlines()
    assert lines[:2] == ["Settings", "ok    all is set that sending needs  [settings.sending]"]
    smtp = lines.index("Mail server")
    assert lines[smtp + 1 : smtp + 3] == [
        "warn  not looked at (--no-network)  [smtp.time]",
        "      → look again without --no-network",
    ]
    assert "      met: messages keep to RFC 5322 (Gmail, Yahoo)" in lines
    assert sorted(path.name for path in home.iterdir()) == [".env", "in"]


def test_a_failure_is_exit_code_1_and_says_what_to_do(doctor: Doctor) -> None:
    env = WHOLE.replace("PUBLIC_URL=https://news.example.org\n", "")
    lines = doctor("--only", "settings.sending", code=1, env=env).stdout.splitlines()
    assert lines[1] == "fail  PUBLIC_URL is not set  [settings.sending]"
    assert lines[2].startswith("      → set it: the https address")
    assert lines[-1] == "1 check: 1 failed, 0 to look into, 0 ok"


def test_settings_that_cannot_be_read_are_a_finding_too(doctor: Doctor) -> None:
    found = json.loads(doctor("--json", code=1, env=WHOLE + "SMTP_PORT=many\nTIMEZONE=\n").stdout)
    (finding,) = found["findings"]
    assert (finding["check"], finding["state"], found["failed"]) == ("settings.read", "fail", True)
    assert finding["what"].startswith("SMTP_PORT: 'many' is wrong")
    assert finding["repair"].startswith("correct SMTP_PORT")


def test_json_holds_all_that_is_printed(doctor: Doctor) -> None:
    found = json.loads(doctor("--json", "--no-network", code=0).stdout)
    assert set(found) == {"at", "findings", "checklists", "failed"}
    assert {finding["check"].partition(".")[0] for finding in found["findings"]} == {
        *("settings", "store", "folders", "mail", "smtp", "web", "dns")
    }
    assert [checklist["provider"] for checklist in found["checklists"]] == ["Gmail", "Yahoo", "Microsoft"]
    assert all(finding["repair"] for finding in found["findings"] if finding["state"] != "ok")


def test_a_check_or_a_list_that_is_not_known_is_refused(doctor: Doctor) -> None:
    refused = doctor("--only", "spf", code=2)
    assert "there is no group 'spf'; known: settings, store, folders, mail, smtp, web, dns" in refused.stderr
    assert "there is no list 'other'" in doctor("--list", "other", code=1).stderr

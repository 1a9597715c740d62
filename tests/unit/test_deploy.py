"""What lies in deploy/ fits the program that it runs, and docs/operating.md names it."""

from __future__ import annotations

import configparser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newsletter.cli import commands
from newsletter.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", "")
UNIT = (DEPLOY / "newsletter.service").read_text("utf-8")


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} +(.+)$", CONTAINERFILE, re.MULTILINE)


def test_everything_in_deploy_is_explained() -> None:
    words = (ROOT / "docs" / "operating.md").read_text("utf-8")
    for file in DEPLOY.iterdir():
        assert f"deploy/{file.name}" in words


def test_the_container_has_what_the_package_is_built_of_and_settings_that_there_are() -> None:
    copied = " ".join(instructions("COPY")).split()
    for source in ("pyproject.toml", "README.md", "LICENSE", "newsletter", "templates", "seeds"):
        assert source in copied
        assert (ROOT / source).exists()
    keys = set(re.findall(r"\b([A-Z_]+)=", instructions("ENV")[0]))
    own = {key for key in keys if not key.startswith("PYTHON") and key != "PATH"}
    assert own
    assert own <= {name.upper() for name in Settings.model_fields}


def test_what_is_copied_is_let_into_the_build_and_settings_are_not() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] != "#"]
    copied = [words for words in map(str.split, instructions("COPY")) if not words[0].startswith("--")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule[0] == "!"} == {one for words in copied for one in words[:-1]}


def test_a_copied_env_file_does_not_undo_what_the_container_needs() -> None:
    """`--env-file` wins over the image: its pages listened on 127.0.0.1, out of reach."""
    ours = dict(word.split("=", 1) for word in instructions("ENV")[0].split())
    copied = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8")))
    undone = {key for key in ours.keys() & copied.keys() if copied[key] and copied[key] != ours[key]}
    # The same file: relative to the container's working directory.
    folder, name = instructions("WORKDIR")[-1], copied["DATABASE_URL"].removeprefix("sqlite:///")
    assert ours["DATABASE_URL"] == f"sqlite:///{folder}/{name}"
    given = dict(re.findall(r"-e ([A-Z_]+)=(\S+)", CONTAINERFILE))
    assert given == {key: ours[key] for key in undone - {"DATABASE_URL"}}


def test_the_container_does_not_run_as_root_and_is_asked_to_stop_as_the_service_expects() -> None:
    (user,) = instructions("USER")
    assert user.isdecimal()
    assert int(user) > 0
    # The last word on who runs it comes after everything that only root may do.
    assert CONTAINERFILE.rindex("\nRUN") < CONTAINERFILE.index("\nUSER")
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(instructions("ENTRYPOINT")[0]) == ["newsletter"]
    assert json.loads(instructions("CMD")[-1])[0] in commands.commands


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(
    status: int | None, code: int
) -> None:
    asked = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status or 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    (check,) = re.findall(r"HEALTHCHECK.*?CMD +(\[.+\])", CONTAINERFILE)
    program, *arguments = json.loads(check)
    assert program == "python"
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        if status is None:
            server.shutdown()
            server.server_close()
        ended = subprocess.run(
            [sys.executable, "-S", *arguments],
            env=os.environ | {"PORT": str(server.server_port)},
            stderr=subprocess.DEVNULL,
            check=False,
        )
        server.shutdown()
    assert (ended.returncode, asked) == (code, ["/healthz"] if status else [])


def test_the_unit_runs_a_command_of_ours_and_waits_for_a_slow_server(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT)
    service = unit["Service"]
    _, command = service["ExecStart"].split()
    assert command in commands.commands
    assert int(service["TimeoutStopSec"]) > 600
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    if shutil.which("systemd-analyze"):
        file = tmp_path / "newsletter.service"
        file.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT))
        told = subprocess.run(
            ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
        )
        assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_web_servers_before_ours_pass_on_to_its_port_and_let_events_through(name: str) -> None:
    words = (DEPLOY / name).read_text("utf-8")
    port = Settings.model_fields["port"].default
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", words)) == {str(port)}
    assert "TRUSTED_PROXIES" in words
    live = re.compile(re.findall(r"(\^/operator/\S+)", words)[0])
    assert live.match("/operator/deliveries/daily.weekly/12/live")
    assert not live.match("/operator/deliveries/daily/12")
    assert re.search(r"proxy_buffering off|flush_interval -1", words)


def test_the_procfile_runs_commands_of_ours() -> None:
    for line in (ROOT / "Procfile").read_text("utf-8").splitlines():
        _, program, command, *options = line.split()
        assert program == "newsletter"
        commands.commands[command].make_context(command, options)

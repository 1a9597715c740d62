"""Whether the settings are complete, and keep secrets secret."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.model.findings import Finding, fail, ok, warn

_SENDING = "settings.sending"
#: A key that is shorter can be guessed, characters.
_SHORTEST_KEY = 16


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the settings come to."""

    #: What keeps mail from being sent, a line for each.
    problems: tuple[str, ...]
    #: What is odd without being wrong, a line for each.
    oddities: tuple[str, ...]
    #: The shortest key that signs links, characters; None without one.
    shortest_key: int | None
    #: Names of lists without a postal address.
    without_address: tuple[str, ...]
    #: When each list comes next, in words.
    slots: tuple[str, ...]
    #: The file that settings were read from.
    env_file: Path
    has_secrets: bool


def judge_settings(setup: Setup) -> list[Finding]:
    """Return what is to be said of the settings, before anything is asked for."""
    found = [_problem(problem) for problem in setup.problems]
    if not found:
        found.append(ok(_SENDING, "all is set that sending needs"))
    found += [_oddity(oddity) for oddity in setup.oddities]
    found += _secrets(setup)
    if setup.without_address:
        what = f"mails of {', '.join(setup.without_address)} carry no postal address, which many laws ask for"
        found.append(warn("settings.address", what, "set POSTAL_ADDRESS"))
    return found + [ok("settings.zone", slot) for slot in setup.slots]


def unreadable_settings(problems: Sequence[str]) -> list[Finding]:
    """Return what is to be said of settings that cannot be read: nothing else can be looked at."""
    return [_problem(problem, check="settings.read") for problem in problems]


def _problem(problem: str, check: str = _SENDING) -> Finding:
    """Part a line of ours into what is wrong and what to do."""
    what, _, advice = problem.partition(": ")
    if what.endswith(" is not set") or " is not set, and " in what:
        return fail(check, what, f"set it: {advice}" if advice else "set it, in .env")
    key = what.partition("[")[0]
    if advice and key.replace("_", "").isalnum() and key.isupper():
        return fail(check, problem, f"correct {key}: `newsletter config --all` tells what is expected")
    return fail(check, problem, "correct what it names")


def _oddity(oddity: str) -> Finding:
    what, _, repair = oddity.partition(": ")
    if what.endswith("is not a setting"):
        return warn("settings.unknown", what, f"correct its name: {repair}")
    return warn("settings.keys", what, repair)


def _secrets(setup: Setup) -> Iterator[Finding]:
    if setup.shortest_key is not None and setup.shortest_key < _SHORTEST_KEY:
        what = f"SECRET_KEYS holds a key of {setup.shortest_key} characters, which can be guessed"
        repair = (
            'put a long random one before it: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
        yield warn("settings.keys", what, repair)
    try:
        is_open = bool(setup.env_file.stat().st_mode & 0o004)
    except OSError:
        return
    if is_open and setup.has_secrets:
        what = f"everybody on this machine can read {setup.env_file}, and the passwords in it"
        yield warn("settings.privacy", what, f"chmod 600 {setup.env_file}")

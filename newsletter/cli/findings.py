"""What `newsletter doctor` does; imported only when it runs."""

import asyncio
import json
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

import click

from newsletter.app import App, unreadable
from newsletter.cli.columns import terminal_width
from newsletter.cli.common import printable, utc_now
from newsletter.errors import SettingsError
from newsletter.model.findings import Checklist, Examination, Finding, FindingState, RuleState
from newsletter.model.words import plural

_COLOURS = {FindingState.OK: "green", FindingState.WARN: "yellow", FindingState.FAIL: "red"}
_RULE_COLOURS = {RuleState.MET: "green", RuleState.BROKEN: "red", RuleState.OPEN: "yellow"}
_TITLES = {
    "settings": "Settings",
    "store": "Store",
    "folders": "Folders",
    "mail": "Mails",
    "smtp": "Mail server",
    "web": "Readers’ pages",
    "dns": "What the DNS says of the sender",
}
#: Characters before the text of a line.
_INDENT = " " * 6


def examine(*, as_json: bool, network: bool, list_name: str | None, only: tuple[str, ...]) -> None:
    """Examine the install, print what was found, and end with 1 if anything failed."""
    _check_names(only)
    examination = _examined(network=network, list_name=list_name, only=only)
    if as_json:
        click.echo(json.dumps(_as_json(examination), indent=2, ensure_ascii=False))
    else:
        _write(examination)
    if examination.has_failed:
        sys.exit(1)


def _check_names(only: tuple[str, ...]) -> None:
    unknown = [name for name in only if name.partition(".")[0] not in _TITLES]
    if unknown:
        raise click.UsageError(f"there is no group {unknown[0]!r}; known: {', '.join(_TITLES)}")


def _examined(*, network: bool, list_name: str | None, only: tuple[str, ...]) -> Examination:
    try:
        app = App.load()
    except SettingsError as error:
        # A doctor that cannot read the settings has found something all the same.
        return unreadable(error, now=utc_now())
    try:
        lists = [app.mailing_list(list_name)] if list_name else []
        return asyncio.run(
            app.doctor.examine(
                clock=utc_now, lists=lists, only=only, network=network, oddities=app.warnings()
            )
        )
    finally:
        app.close()


def _as_json(examination: Examination) -> dict[str, object]:
    found = asdict(examination)
    found["at"] = examination.at.isoformat()
    found["failed"] = examination.has_failed
    return found


def _write(examination: Examination) -> None:
    for group, findings in groupby(examination.findings, key=lambda finding: finding.group):
        click.echo(click.style(_TITLES[group], bold=True))
        for finding in findings:
            _write_finding(finding)
        click.echo()
    if examination.checklists:
        _write_rules(examination.checklists)
    if not examination.findings:
        click.echo("Nothing was found: there is no such check, or it has nothing to look at here.")
        return
    states = ((FindingState.FAIL, "failed"), (FindingState.WARN, "to look into"), (FindingState.OK, "ok"))
    counts = [f"{examination.count(state)} {words}" for state, words in states]
    click.echo(f"{plural(len(examination.findings), 'check')}: {', '.join(counts)}")


def _write_finding(finding: Finding) -> None:
    state = click.style(f"{finding.state.value:<4}", fg=_COLOURS[finding.state])
    click.echo(f"{state}  {_wrapped(f'{printable(finding.what)}  [{finding.check}]')}")
    if finding.repair:
        click.echo(f"{_INDENT}{_wrapped(f'→ {printable(finding.repair)}')}")


def _write_rules(checklists: Sequence[Checklist]) -> None:
    """Print each rule once, with those who ask for it."""
    asking: dict[tuple[str, RuleState], list[str]] = {}
    because: dict[tuple[str, RuleState], list[str]] = {}
    for checklist in checklists:
        for rule in checklist.rules:
            key = (rule.text, rule.state)
            asking.setdefault(key, []).append(checklist.provider)
            because.setdefault(key, []).append(rule.because if rule.state is not RuleState.MET else "")
    click.echo(click.style("What mailbox providers ask of those who send much", bold=True))
    for (text, state), providers in asking.items():
        shown = click.style(state.value, fg=_RULE_COLOURS.get(state))
        why = ", ".join(dict.fromkeys(filter(None, because[text, state])))
        click.echo(f"{_INDENT}{shown}: {text} ({', '.join(providers)})" + (f": {why}" if why else ""))
    click.echo()


def _wrapped(text: str) -> str:
    """Break a text at the width of the terminal, under itself."""
    width = max(40, terminal_width() - len(_INDENT))
    return f"\n{_INDENT}".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))

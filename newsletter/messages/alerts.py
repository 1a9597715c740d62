"""Alerts as a mail to an operator, and as the JSON of a webhook."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from newsletter.messages.addresses import wire_address
from newsletter.messages.headers import mailbox_field, text_field
from newsletter.messages.mime import build_note, message_id
from newsletter.messages.text import clean
from newsletter.model.alerts import Alert, AlertKind, AlertNotice
from newsletter.model.messages import Message
from newsletter.model.words import plural

#: Alerts that one mail tells in full.
_MOST_TOLD = 50


@dataclass(frozen=True, kw_only=True)
class AlertSender:
    """From whom mails about alerts come."""

    address: str
    name: str
    #: Where the operator's pages are; empty: there are none.
    pages_url: str = ""
    #: Returns the fields that go before a message and sign it; None: it is not signed here.
    sign: Callable[[bytes], bytes] | None = None


def write_alert(notice: AlertNotice, sender: AlertSender, *, now: datetime) -> Message:
    """Make the mail of a notice; its Message-ID is the same each time.

    It has no List-* field: it is no mailing of a list, and nobody leaves a list by it.

    Args:
        notice: What is told, to whom.
        sender: From whom.
        now: Its Date, UTC.

    Raises:
        MessageRefusedError: An address cannot be used.
    """
    name = message_id(notice.uid, notice.id, sender.address.rpartition("@")[2])
    fields = [
        mailbox_field("From", clean(sender.name), sender.address),
        mailbox_field("To", "", notice.target),
        text_field("Subject", _subject(notice.alerts)),
        f"Date: {format_datetime(now.astimezone(UTC))}",
        "Auto-Submitted: auto-generated",
    ]
    content = build_note(fields, text=_text(notice.alerts, sender.pages_url), message_id=name)
    return Message(
        sender=wire_address(sender.address),
        recipient=wire_address(notice.target),
        message_id=name,
        pieces=(sender.sign(content), content) if sender.sign else (content,),
    )


def alert_json(alert: Alert) -> bytes:
    """Return what is posted about an alert: the same bytes each time."""
    return json.dumps(
        {
            "type": _event(alert),
            "timestamp": _iso(alert.cleared_at or alert.raised_at),
            "data": {
                "id": alert.id,
                "kind": alert.condition.kind.value,
                "subject": alert.condition.subject,
                "what": alert.condition.what,
                "repair": alert.condition.repair,
                "raised_at": _iso(alert.raised_at),
                "cleared_at": _iso(alert.cleared_at) if alert.cleared_at else None,
            },
        },
        ensure_ascii=False,
    ).encode("utf-8", "replace")


def _event(alert: Alert) -> str:
    if alert.condition.kind is AlertKind.TEST:
        return "alert.test"
    return "alert.cleared" if alert.cleared_at else "alert.raised"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _subject(alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        return clean(f"{_word(alerts[0])}: {alerts[0].title}")
    raised = sum(alert.cleared_at is None for alert in alerts)
    over = len(alerts) - raised
    counts = [plural(raised, "alert")] * bool(raised) + [f"{over} over"] * bool(over)
    return clean(f"{', '.join(counts)}: {'; '.join(alert.title for alert in alerts[:3])}")


def _word(alert: Alert) -> str:
    return "All clear" if alert.cleared_at else "Alert"


def _text(alerts: Sequence[Alert], pages_url: str) -> str:
    told = [line for alert in alerts[:_MOST_TOLD] for line in _lines(alert)]
    if len(alerts) > _MOST_TOLD:
        told += [f"... and {len(alerts) - _MOST_TOLD} more.", ""]
    told.append("What is open now: newsletter alerts")
    if pages_url:
        told.append(f"Operator's pages: {pages_url}")
    return "\n".join(told) + "\n"


def _lines(alert: Alert) -> list[str]:
    condition = alert.condition
    lines = [f"{_word(alert).upper()}: {clean(alert.title)}", f"  {clean(condition.what)}"]
    if alert.cleared_at:
        lines[1] = f"  It was: {clean(condition.what)}"
        lines.append(f"  From {_shown(alert.raised_at)} to {_shown(alert.fine_since or alert.cleared_at)}.")
    else:
        lines += [f"  What to do: {clean(condition.repair)}", f"  Since {_shown(alert.raised_at)}."]
    return [*lines, ""]


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

"""What is wrong, read off the facts; pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.model.alerts import (
    AlertFacts,
    AlertKind,
    AlertLimits,
    Condition,
    DiskFacts,
    ReturnFacts,
    SlotFacts,
)
from newsletter.model.deliveries import Breaker
from newsletter.model.mailboxes import MailboxState
from newsletter.model.places import PlaceHealth, PlaceKind, PlaceState
from newsletter.model.proposals import PendingProposal
from newsletter.model.status import SendingTrouble
from newsletter.sources.pace import fails_for_long

#: How late a slot may be answered before that is worth a word.
_LATE = timedelta(minutes=30)

#: How long a mail server, or a mailbox, may be in trouble that waiting helps against.
_SERVER_TROUBLE = timedelta(minutes=5)
_MAILBOX_TROUBLE = timedelta(hours=1)

#: No subject is longer: an index holds it.
_LONGEST_SUBJECT = 300


def conditions_of(facts: AlertFacts, limits: AlertLimits, *, now: datetime) -> tuple[Condition, ...]:
    """Return what is wrong now, each once.

    Args:
        facts: How everything stands.
        limits: From where on something is wrong.
        now: UTC.
    """
    found = [
        *(one for slot in facts.slots for one in _missing(slot, facts.watching_since, now)),
        *(_held(pending, time_zone) for pending, time_zone in facts.held),
        *(one for trouble in facts.troubles for one in _not_sending(trouble, now)),
        *(one for returned in facts.returns for one in _returned(returned, limits)),
        *(one for place in _told_apart(facts.places) for one in _place(place, now)),
        *(one for box in facts.bounce_boxes for one in _unread(box, now)),
        *(one for disk in facts.disks for one in _full(disk, limits)),
    ]
    return tuple({condition.key: condition for condition in found}.values())


def _condition(kind: AlertKind, subject: str, what: str, repair: str) -> Condition:
    return Condition(kind=kind, subject=subject[:_LONGEST_SUBJECT], what=_line(what), repair=_line(repair))


def _line(text: str) -> str:
    return " ".join(text.split())


def _moment(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%a %d %b %H:%M} {time_zone}"


def _missing(slot: SlotFacts, since: datetime, now: datetime) -> Iterator[Condition]:
    """Yield that a list has no edition although its slot has come."""
    late = slot.unanswered
    if late is not None and now - max(late, since) >= _LATE:
        failure = f": {slot.failure}" if slot.failure else ""
        yield _condition(
            AlertKind.NO_EDITION,
            slot.list_name,
            f"the edition of {_moment(late, slot.time_zone)} has not gone out{failure}",
            "see `newsletter status` and the log; once the cause is mended it goes out by itself, until "
            f"{_moment(late + slot.grace, slot.time_zone)}",
        )
    elif slot.skipped is not None:
        yield _condition(
            AlertKind.NO_EDITION,
            slot.list_name,
            f"there was no edition for {_moment(slot.skipped, slot.time_zone)}: {slot.reason}",
            f"the next edition has its documents; to send them now: newsletter send --list {slot.list_name}",
        )


def _held(pending: PendingProposal, time_zone: str) -> Condition:
    proposal = pending.proposal
    why = "; ".join(check.words for check in proposal.holding)
    return _condition(
        AlertKind.HELD,
        proposal.name,
        f"“{proposal.subject}” waits for approval until {_moment(pending.closes_at, time_zone)}"
        + (f": {why}" if why else ""),
        f"newsletter editions show --list {proposal.list_name}, then: editions approve, or skip",
    )


def _not_sending(trouble: SendingTrouble, now: datetime) -> Iterator[Condition]:
    if not _is_worth_a_word(trouble.breaker, now):
        return
    edition = trouble.edition
    subject = f"No. {edition.number} of {edition.list_name}" if edition else trouble.account
    since = f"{trouble.breaker.opened_at:%Y-%m-%d %H:%M} UTC"
    yield _condition(
        AlertKind.NOT_SENDING,
        subject,
        f"nothing is sent since {since}: {trouble.breaker.reason}",
        "mend what the server complains of; sending goes on by itself, at once with: newsletter send",
    )


def _is_worth_a_word(breaker: Breaker, now: datetime) -> bool:
    return breaker.permanent or now - breaker.opened_at >= _SERVER_TROUBLE


def _returned(returned: ReturnFacts, limits: AlertLimits) -> Iterator[Condition]:
    if returned.deliveries < limits.least_deliveries:
        return
    for kind, count, limit, word, repair in (
        (
            AlertKind.BOUNCES,
            returned.bounces,
            limits.bounce_percent,
            "bounced",
            f"newsletter deliveries --list {returned.list_name} --state failed, and newsletter bounces",
        ),
        (
            AlertKind.COMPLAINTS,
            returned.complaints,
            limits.complaint_percent,
            "were reported as spam",
            "see whom you have put on the list and how: a sender that is often complained about is blocked",
        ),
    ):
        percent = 100 * count / returned.deliveries
        if percent > limit:
            what = f"No. {returned.number}: {count:,} of {returned.deliveries:,} mails {word}, "
            yield _condition(kind, returned.list_name, f"{what}{percent:.2g} % (limit {limit:g} %)", repair)


def _told_apart(places: Sequence[PlaceHealth]) -> Iterator[PlaceHealth]:
    """Yield places; those that share a title with another one carry where they are in it."""
    titles = Counter(place.title for place in places)
    for place in places:
        is_shared = titles[place.title] > 1
        yield replace(place, title=f"{place.title} ({place.name})") if is_shared else place


def _place(place: PlaceHealth, now: datetime) -> Iterator[Condition]:
    if place.state is PlaceState.SILENT:
        gap = f"usually every {place.usual_gap:g} days" if place.usual_gap != 1 else "usually every day"
        yield _condition(
            AlertKind.PLACE_SILENT,
            place.title,
            f"it has brought nothing since {place.last_news}; {gap}",
            f"see whether it still is where it was: {place.name}",
        )
    elif place.state is PlaceState.ENDED:
        yield _condition(
            AlertKind.PLACE_FAILING,
            place.title,
            "it says that it is gone for good, and is not asked any more",
            f"newsletter sources remove {place.name}",
        )
    elif place.state is PlaceState.FAILING and _fails_for_long(place, now):
        since = f" since {place.failing_since:%Y-%m-%d %H:%M} UTC" if place.failing_since else ""
        yield _condition(
            AlertKind.PLACE_FAILING,
            place.title,
            f"it cannot be read{since}: {place.problem}",
            "see whether it still is where it was, and whether this machine may read it",
        )


def _fails_for_long(place: PlaceHealth, now: datetime) -> bool:
    if place.kind is PlaceKind.FEED:
        return fails_for_long(failing_since=place.failing_since, now=now)
    return place.failing_since is None or now - place.failing_since >= _MAILBOX_TROUBLE


def _unread(box: MailboxState, now: datetime) -> Iterator[Condition]:
    if box.failing_since is not None and now - box.failing_since >= _MAILBOX_TROUBLE:
        yield _condition(
            AlertKind.RETURNS_UNREAD,
            box.name.removeprefix("bounces: "),
            f"nothing was read since {box.failing_since:%Y-%m-%d %H:%M} UTC: {box.problem}",
            "mend it, or correct BOUNCE_MAILBOX or BOUNCE_IMAP_HOST: until then who is gone is mailed again",
        )


def _full(disk: DiskFacts, limits: AlertLimits) -> Iterator[Condition]:
    if disk.free_bytes < limits.disk_bytes:
        yield _condition(
            AlertKind.DISK_LOW,
            disk.path,
            f"{disk.free_bytes // 1_000_000:,} MB are free (limit {limits.disk_bytes // 1_000_000:,} MB)",
            "make room: without any, nothing is taken in and nothing is sent",
        )

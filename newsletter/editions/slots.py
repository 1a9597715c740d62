"""When editions are due: a cron expression in a time zone, right across clock changes."""

from collections import deque
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from newsletter.errors import SettingsError
from newsletter.model.editions import DueSlot, SlotDecision

#: Minute, hour, day, month, weekday; cronsim would take seconds as well.
_FIELDS = 5

#: Missed slots that are recorded one by one; older ones only count.
RECORDED_SLOTS = 50

#: How far back missed slots are looked for: longer than any cron expression's gap but 29 February.
_LOOK_BACK = timedelta(days=366)


def check_schedule(schedule: str, time_zone: str, *, setting: str = "SCHEDULE") -> None:
    """Check that a schedule and its time zone can be read.

    Args:
        schedule: Cron expression of five fields.
        time_zone: IANA name.
        setting: Where the schedule is set, for the message.

    Raises:
        SettingsError: With what is expected instead.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"TIMEZONE: {time_zone!r} is not a time zone; expected an IANA name such as Europe/Berlin or UTC"
        ) from error
    try:
        if len(schedule.split()) != _FIELDS:
            raise CronSimError("another number of fields")  # noqa: TRY301 - told like cronsim's own
        next(CronSim(schedule, datetime(2026, 1, 1, tzinfo=zone)))
    except (CronSimError, StopIteration) as error:
        raise SettingsError(
            f"{setting}: {schedule!r} is not a schedule; expected five fields, minute hour day month "
            "weekday, such as '0 7 * * mon-fri'"
        ) from error


def slots_after(schedule: str, time_zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the slots that come after an instant, in UTC.

    A fixed time of day comes once for each local date: in the gap of a clock change at the first valid
    instant, in the overlap the first time only.

    Args:
        schedule: Cron expression of five fields; day and month names are allowed.
        time_zone: IANA name.
        after: Aware; not itself a slot of the result.
    """
    for slot in CronSim(schedule, after.astimezone(ZoneInfo(time_zone))):
        yield slot.astimezone(UTC)


def next_slot(schedule: str, time_zone: str, after: datetime) -> datetime:
    """Return the first slot after an instant, UTC."""
    return next(slots_after(schedule, time_zone, after))


def covered_from(
    schedule: str, time_zone: str, *, last_turn_at: datetime, until: datetime
) -> datetime | None:
    """Return since when an edition's news is, if it stands in for slots that nobody answered; else None.

    Args:
        schedule: Cron expression of five fields.
        time_zone: IANA name.
        last_turn_at: When the list last had an edition, or nothing new; UTC.
        until: The slot that the edition answers to, or when it was asked for; UTC.
    """
    return last_turn_at if next_slot(schedule, time_zone, last_turn_at) < until else None


def due_slots(
    schedule: str,
    time_zone: str,
    *,
    answered_until: datetime,
    now: datetime,
    grace: timedelta,
    proposed: Collection[datetime] = (),
) -> tuple[DueSlot, ...]:
    """Return the slots that have come and are not answered, the oldest first.

    Only the latest is published, and only within its grace period: one edition holds all that is new, so an
    earlier slot has nothing left to say.

    Args:
        schedule: Cron expression of five fields.
        time_zone: IANA name.
        answered_until: The latest slot that was answered, or when the list became known; UTC.
        now: UTC.
        grace: How late a slot may still be answered.
        proposed: Slots for which an edition is proposed, UTC: due as well, whatever the schedule says now.
    """
    start = max(answered_until, now - _LOOK_BACK)
    recent: deque[datetime] = deque(maxlen=RECORDED_SLOTS)
    for slot in slots_after(schedule, time_zone, start):
        if slot > now:
            break
        recent.append(slot)
    due = sorted({*recent, *(slot for slot in proposed if slot <= now)})
    return tuple(_decide(slot, latest=due[-1], now=now, grace=grace) for slot in due)


def _decide(slot: datetime, *, latest: datetime, now: datetime, grace: timedelta) -> DueSlot:
    if slot != latest:
        reason = "missed while nothing was running; a later slot stands in for it"
        return DueSlot(slot_at=slot, decision=SlotDecision.SKIP, reason=reason)
    if now - slot > grace:
        reason = f"missed by more than the grace period of {grace.total_seconds() / 3600:g} h"
        return DueSlot(slot_at=slot, decision=SlotDecision.SKIP, reason=reason)
    return DueSlot(slot_at=slot, decision=SlotDecision.PUBLISH)

"""Cells of CSV files: what their text means, and how it is kept from being taken for a formula."""

from datetime import UTC, datetime, timedelta

from newsletter.errors import SubscriberError
from newsletter.model.subscribers import Cadence

#: A cell that begins with one of these is taken for a formula by spreadsheets.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

#: What files call readers who must not be put on a list by anybody but themselves.
_NOT_CONFIRMED = frozenset(
    (
        *("unconfirmed", "pending", "unverified", "unsubscribed", "left", "opted out", "optout", "inactive"),
        *("bounced", "cleaned", "complained", "suppressed", "blocklisted", "blacklisted", "disabled"),
    )
)

#: Clocks of two machines differ.
_CLOCK_SLACK = timedelta(minutes=10)

#: No consent to a mailing was given before there was mail.
_FIRST_YEAR = 1971


def guarded(value: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def unguarded(cell: str) -> str:
    """Return the text of a cell that `guarded` made."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell


def read_state(state: str, suppressed: str) -> None:
    """See that a file does not say of a row that it must not be mailed.

    Raises:
        SubscriberError: It does.
    """
    if " ".join(state.casefold().split()) in _NOT_CONFIRMED:
        raise SubscriberError(f"the file says: {state}; only the reader may sign up again")
    if suppressed.casefold() not in ("", "no", "false", "0"):
        raise SubscriberError(f"the file says: suppressed ({suppressed})")


def read_consent_date(cell: str, *, now: datetime) -> datetime | None:
    """Return when a consent was given, UTC; None if the cell is empty.

    Args:
        cell: An ISO 8601 date or date-time; one without a time zone is taken for UTC.
        now: UTC.

    Raises:
        SubscriberError: It cannot be read, or lies ahead.
    """
    if not cell:
        return None
    at = _moment(cell)
    if at is None:
        raise SubscriberError(
            f"the date of consent {cell!r} is not one like 2026-05-31 or 2026-05-31T12:00:00Z"
        )
    if at > now + _CLOCK_SLACK:
        raise SubscriberError(f"the date of consent {cell} lies ahead")
    if at.year < _FIRST_YEAR:
        raise SubscriberError(f"the date of consent {cell} cannot be true")
    return at


def read_cadence(cell: str, *, offers_weekly: bool) -> Cadence:
    """Return how often a reader is mailed; every edition if the cell is empty.

    Raises:
        SubscriberError: It says something else, or the list offers no weekly mail.
    """
    try:
        cadence = Cadence(cell.casefold() or Cadence.EACH.value)
    except ValueError:
        raise SubscriberError(f"the cadence {cell!r} is neither each nor weekly") from None
    if cadence is Cadence.WEEKLY and not offers_weekly:
        raise SubscriberError(
            "the reader wants one mail a week, which the list does not offer (WEEKLY_SCHEDULE)"
        )
    return cadence


def read_pause(cell: str, *, now: datetime) -> datetime | None:
    """Return until when a reader gets nothing, UTC; None if that is over, or the cell is empty.

    Raises:
        SubscriberError: It cannot be read.
    """
    until = _moment(cell) if cell else None
    if cell and until is None:
        raise SubscriberError(
            f"the end of the pause {cell!r} is not a date like 2026-05-31 or 2026-05-31T12:00:00Z"
        )
    return until if until is not None and until > now else None


def _moment(text: str) -> datetime | None:
    """Read an ISO 8601 date or date-time; one without a time zone is taken for UTC."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

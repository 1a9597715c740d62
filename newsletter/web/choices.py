"""The preferences form: what it shows, and what was sent with it; nothing is fetched or written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from newsletter.model.dates import local_day
from newsletter.model.editions import MailingList
from newsletter.model.readers import Choice, Preferences
from newsletter.model.subscribers import Cadence, SubscriptionState
from newsletter.model.voices import OUR_LANGUAGE, voice_of
from newsletter.web.forms import text_of, texts_of
from newsletter.web.languages import language_name

#: Longest pause.
_LONGEST_PAUSE = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class LanguageOption:
    """One language that a newsletter comes in."""

    #: Name of the list.
    name: str
    #: ISO 639-1 code; "en" where the list has none.
    language: str
    language_name: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """A list and its translations: at most one of them can be chosen."""

    #: Name of the list that the others are translations of.
    root: str
    title: str
    language: str
    direction: str | None
    options: tuple[LanguageOption, ...]
    #: Name of the list that is chosen; empty: none.
    chosen: str
    offers_weekly: bool
    #: Value of the `Cadence` that is chosen.
    cadence: str


class ChoiceError(ValueError):
    """What was sent cannot be; `str()` of it tells the reader what to do.

    Attributes:
        field: Id of the field that it is about.
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def families_of(lists: Sequence[MailingList], preferences: Preferences) -> tuple[Family, ...]:
    """Return what a reader can choose: lists that are open, and those that the reader is on."""
    offered = [one for one in lists if one.is_open or _is_on(preferences, one.name)]
    roots = dict.fromkeys(one.family for one in offered)
    return tuple(_family(root, [one for one in offered if one.family == root], preferences) for root in roots)


def _family(root: str, members: Sequence[MailingList], preferences: Preferences) -> Family:
    chosen = next((one for one in members if _is_on(preferences, one.name)), None)
    first = chosen or next((one for one in members if one.name == root), members[0])
    choice = preferences.choices.get(first.name)
    voice = voice_of("", first.language)
    return Family(
        root=root,
        title=first.title,
        language=voice.language or "",
        direction=voice.direction,
        options=tuple(
            LanguageOption(
                name=one.name,
                language=one.language or OUR_LANGUAGE,
                language_name=language_name(one.language or OUR_LANGUAGE),
            )
            for one in members
        ),
        chosen=chosen.name if chosen else "",
        offers_weekly=any(one.weekly_schedule for one in members),
        cadence=(choice.cadence if choice and chosen else Cadence.EACH).value,
    )


def paused_until(preferences: Preferences, *, now: datetime) -> datetime | None:
    """Return until when nothing is sent, UTC; None if nothing is paused any more."""
    pauses = [
        choice.paused_until
        for choice in preferences.choices.values()
        if choice.paused_until and choice.state is SubscriptionState.CONFIRMED
    ]
    latest = max(pauses, default=None)
    return latest if latest and latest > now else None


def read_choices(
    sent: FormData,
    families: Sequence[Family],
    lists: Mapping[str, MailingList],
    *,
    time_zone: str,
    now: datetime,
) -> dict[str, Choice]:
    """Read what was sent with the form: a choice for every list that it showed.

    A list that the reader has come to since the page was loaded stays as it is.

    Args:
        sent: The fields.
        families: As they would be shown now.
        lists: By name.
        time_zone: In which the day of a pause begins, IANA name.
        now: UTC.

    Raises:
        ChoiceError: Something cannot be.
    """
    pause = _read_pause(text_of(sent, "pause"), time_zone, now)
    choices: dict[str, Choice] = {}
    shown = text_of(sent, "shown").split()
    for place, family in enumerate(families, start=1):
        if family.root not in shown:
            continue
        chosen = _chosen(sent, family)
        is_weekly = family.offers_weekly and text_of(sent, f"cadence.{family.root}") == Cadence.WEEKLY.value
        if is_weekly and chosen and not lists[chosen].weekly_schedule:
            raise ChoiceError(
                f"{family.title} does not come once a week in this language: choose every edition",
                field=f"family-{place}",
            )
        for option in family.options:
            is_on = option.name == chosen
            choices[option.name] = Choice(
                state=SubscriptionState.CONFIRMED if is_on else SubscriptionState.UNSUBSCRIBED,
                cadence=Cadence.WEEKLY if is_on and is_weekly else Cadence.EACH,
                paused_until=pause if is_on else None,
            )
    return choices


def _chosen(sent: FormData, family: Family) -> str:
    names = {option.name for option in family.options}
    if len(names) == 1:
        return next((name for name in texts_of(sent, "list") if name in names), "")
    value = text_of(sent, f"list.{family.root}")
    return value if value in names else ""


def _read_pause(text: str, time_zone: str, now: datetime) -> datetime | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise ChoiceError(
            "Enter the day as year, month and day, such as 2027-01-31", field="pause"
        ) from error
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    if day <= today:
        raise ChoiceError("Choose a day that is still to come, or none", field="pause")
    if day > today + _LONGEST_PAUSE:
        raise ChoiceError("A pause can last a year at most: choose an earlier day", field="pause")
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def field_day(moment: datetime | None, time_zone: str) -> str:
    """Return the day that a pause lasts until, as a date field holds it, ISO 8601; empty for None.

    Of a pause that ends in the middle of a day it is the next one: nothing is sent before that day.
    """
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(time_zone))
    is_midnight = datetime.combine(local.date(), time(), tzinfo=local.tzinfo).astimezone(UTC) >= moment
    return (local.date() if is_midnight else local.date() + timedelta(days=1)).isoformat()


def pause_bounds(time_zone: str, *, now: datetime) -> tuple[str, str]:
    """Return the first and the last day that a pause may end on, ISO 8601."""
    today = local_day(now, time_zone)
    return (today + timedelta(days=1)).isoformat(), (today + _LONGEST_PAUSE).isoformat()


def _is_on(preferences: Preferences, name: str) -> bool:
    choice = preferences.choices.get(name)
    return choice is not None and choice.state is SubscriptionState.CONFIRMED

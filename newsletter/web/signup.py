"""The sign-up form: what it shows, and what was sent with it; nothing is fetched or written here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from newsletter.errors import AddressError, SubscriberError
from newsletter.model.editions import MailingList
from newsletter.model.readers import SignUp
from newsletter.model.subscribers import Cadence
from newsletter.model.voices import voice_of
from newsletter.model.words import in_a_row
from newsletter.web.forms import text_of, texts_of
from newsletter.web.languages import language_name

#: What whoever presses the button agrees to; kept with the consent, so it may change at any time.
WORDING = (
    "By pressing the button I ask to be sent what I chose above by email, until I unsubscribe. "
    "One click in any mail is enough for that."
)

#: Longest address (RFC 5321 section 4.5.3.1.3, less its angle brackets).
_LONGEST_ADDRESS = 254


@dataclass(frozen=True, kw_only=True)
class Option:
    """A list that can be chosen."""

    name: str
    title: str
    tagline: str
    #: ISO 639-1 code where the list has a language other than the page's; empty otherwise.
    language: str
    direction: str | None
    #: The language's own name, where lists of several languages are offered; empty otherwise.
    language_name: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class SignUpForm:
    """The form as a visitor sees it."""

    options: tuple[Option, ...]
    offers_weekly: bool
    wording: str = WORDING
    address: str = ""
    cadence: str = Cadence.EACH.value
    address_error: str = ""
    list_error: str = ""

    @property
    def has_error(self) -> bool:
        """Whether something is to be put right."""
        return bool(self.address_error or self.list_error)


def blank_form(lists: Sequence[MailingList], *, chosen: str = "") -> SignUpForm:
    """Return the form as it is first shown.

    Args:
        lists: Those that are open.
        chosen: Name of the list whose page led here; empty: the first is ticked.
    """
    languages = {one.language for one in lists}
    ticked = chosen if any(one.name == chosen for one in lists) else lists[0].name if lists else ""
    return SignUpForm(
        options=tuple(
            _option(one, is_chosen=one.name == ticked, several_languages=len(languages) > 1) for one in lists
        ),
        offers_weekly=any(one.weekly_schedule for one in lists),
    )


def _option(mailing_list: MailingList, *, is_chosen: bool, several_languages: bool) -> Option:
    language = mailing_list.language or ""
    voice = voice_of("", language)
    return Option(
        name=mailing_list.name,
        title=mailing_list.title,
        tagline=mailing_list.tagline,
        language=voice.language or "",
        direction=voice.direction,
        language_name=language_name(language) if several_languages and language else "",
        is_chosen=is_chosen,
    )


def read_sign_up(
    sent: FormData, blank: SignUpForm, lists: Sequence[MailingList], *, origin: str
) -> tuple[SignUp | None, SignUpForm]:
    """Read what was sent with the form.

    Args:
        sent: The fields.
        blank: The form as it was first shown.
        lists: Those that are open.
        origin: IP address of the visitor.

    Returns:
        What is asked for, or None; and the form to show again in that case, with what is wrong.
    """
    wanted = [one for one in lists if one.name in set(texts_of(sent, "list"))]
    address = text_of(sent, "address").strip()
    is_weekly = text_of(sent, "cadence") == Cadence.WEEKLY.value and blank.offers_weekly
    cadence = Cadence.WEEKLY if is_weekly else Cadence.EACH
    shown = replace(
        blank,
        address=address[:_LONGEST_ADDRESS],
        cadence=cadence.value,
        options=tuple(replace(one, is_chosen=one.name in {w.name for w in wanted}) for one in blank.options),
        address_error=_address_error(address),
        list_error=_list_error(wanted, cadence),
    )
    if shown.has_error:
        return None, shown
    asked = SignUp(
        address=address,
        list_names=tuple(one.name for one in wanted),
        cadence=cadence,
        origin=origin,
        wording=WORDING,
    )
    return asked, shown


def refused(shown: SignUpForm, error: AddressError | SubscriberError) -> SignUpForm:
    """Return the form to show again where the sign-up was refused."""
    if isinstance(error, AddressError):
        return replace(shown, address_error="Enter an email address in the form name@example.org")
    return replace(shown, list_error=str(error))


def promise(lists: Sequence[MailingList]) -> str:
    """Return what a visitor may expect, under the heading."""
    if len(lists) > 1:
        return "Short news digests by email. Each story links to the reports that it was written from."
    return "A short news digest by email. Each story links to the reports that it was written from."


def is_trapped(sent: FormData) -> bool:
    """Tell whether the field is filled that people do not see."""
    return bool(text_of(sent, "website").strip())


def _address_error(address: str) -> str:
    if not address:
        return "Enter your email address"
    if len(address) > _LONGEST_ADDRESS:
        return f"Enter an email address of at most {_LONGEST_ADDRESS} characters"
    return ""


def _list_error(wanted: Sequence[MailingList], cadence: Cadence) -> str:
    if not wanted:
        return "Choose at least one newsletter"
    daily = [one.title for one in wanted if not one.weekly_schedule]
    if cadence is Cadence.WEEKLY and daily:
        return f"{in_a_row(daily)} does not come once a week: choose every edition"
    roots = [one.family for one in wanted]
    twice = [one.title for one, root in zip(wanted, roots, strict=True) if roots.count(root) > 1]
    if twice:
        return f"{in_a_row(twice)} are the same newsletter: choose one language"
    return ""

"""How values of settings are written: lists in one line, rates, keys, names."""

import json
import re
import unicodedata
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork

from newsletter.model.checks import CheckKind
from newsletter.model.deliveries import RateLimit
from newsletter.model.keys import KeyFile
from newsletter.model.nameservers import NameServer

#: RFC 8314, section 3.2.
_IMAPS_PORT = 993
_SENDER = re.compile(r"(?:[^\s@<>()\"*,;:]*@)?[^\s@<>()\"*,;:/]+")
#: Least number of days that texts are kept.
_LEAST_KEPT_DAYS = 45


def split_at(separator: str) -> BeforeValidator:
    """Let a list be written as one line of the environment, with a separator."""

    def split(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
        """Part a text; leave what is a list already as it is."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(separator) if part.strip()]
        return value

    return BeforeValidator(split)


def read_table(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
    """Read a table that is written as JSON in one line."""
    if isinstance(value, str):
        return json.loads(value) if value.strip() else {}
    return value


#: What a rate may be over, in seconds.
_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _rate(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
    """Read "500/hour"."""
    if not isinstance(value, str):
        return value
    count, _, period = (part.strip() for part in value.partition("/"))
    if not count.isdecimal() or int(count) < 1 or period not in _PERIODS:
        raise ValueError(f"{value!r} is no rate; expected such as 500/hour (second, minute, hour, day)")
    return RateLimit(count=int(count), period_seconds=_PERIODS[period])


def _one_per_period(rates: tuple[RateLimit, ...]) -> tuple[RateLimit, ...]:
    """Refuse two rates for one period: one of them is a mistake, and nobody but the operator knows which."""
    periods = [rate.period_seconds for rate in rates]
    for name, seconds in _PERIODS.items():
        if periods.count(seconds) > 1:
            article = "an" if name == "hour" else "a"
            raise ValueError(f"there are several rates for {article} {name}; keep one of them")
    return rates


def _key_file(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
    """Read "selector:path"."""
    if not isinstance(value, str):
        return value
    selector, _, path = (part.strip() for part in value.partition(":"))
    if not selector or not path or "-----" in value:
        raise ValueError("a selector, a colon and a PEM file are expected, such as s1:dkim/s1.pem")
    return KeyFile(selector=selector, path=Path(path))


def _name_server(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
    """Read "9.9.9.9", "127.0.0.1:5353" or "[::1]:53"."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(f"dns://{value if value.count(':') < 2 or '[' in value else f'[{value}]'}")
        return NameServer(address=str(ip_address(parts.hostname or "")), port=parts.port or 53)
    except ValueError as error:
        raise ValueError("an IP address is expected, with a port behind a colon if it is not 53") from error


NameServers = Annotated[tuple[Annotated[NameServer, BeforeValidator(_name_server)], ...], split_at(",")]
KeyFiles = Annotated[tuple[Annotated[KeyFile, BeforeValidator(_key_file)], ...], split_at(",")]


def mailbox_name(value: str) -> str:
    """Return what names a mailbox in the store: a folder's path, or an account's address without password.

    However an account is written, it has one name.
    """
    if "://" not in value:
        return str(Path(value).expanduser().resolve())
    parts = urlsplit(value)
    port = f":{parts.port}" if parts.port and parts.port != _IMAPS_PORT else ""
    user = quote(unquote(parts.username or ""), safe="")
    return f"{parts.scheme}://{user}@{parts.hostname or ''}{port}/{quote(mailbox_folder(value))}"


def mailbox_folder(value: str) -> str:
    """Return the folder that an account's address names; INBOX in any letters is one (RFC 3501, 5.1)."""
    folder = unquote(urlsplit(value).path.strip("/"))
    return "INBOX" if folder.upper() in {"", "INBOX"} else folder


def mailbox_passwords(mailboxes: Iterable[str]) -> list[str]:
    """Return the passwords of accounts, also as they are written in the setting."""
    written = [urlsplit(value).password or "" for value in mailboxes if "://" in value]
    return list(filter(None, [*written, *map(unquote, written)]))


def _mailboxes(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse accounts whose address is written wrongly; the message must not repeat a password."""
    for value in values:
        if "://" not in value:
            continue
        try:
            parts = urlsplit(value)
            is_whole = parts.scheme == "imaps" and parts.hostname and parts.username and parts.port != 0
        except ValueError:
            is_whole = False
        if not is_whole or parts.query or parts.fragment:
            raise ValueError(
                "an account is expected as imaps://name:password@host/folder, with %40 for @, %2F for /, "
                "%3A for :, %2C for a comma, %23 for #, %3F for ? and %25 for % in name and password"
            )
    return values


def _sender(value: str) -> str:
    """Refuse what no mail's sender could ever equal: all mails would be refused then."""
    if not _SENDER.fullmatch(value):
        raise ValueError(f"{value!r} is no mail address and no domain, such as gazette.example")
    return value.lower().removeprefix("@")


def _visible(value: str) -> str:
    """Refuse a text of which a reader would see nothing."""
    # Formats, controls, separators and the like have categories C and Z.
    if all(unicodedata.category(char)[0] in "CZ" for char in value):
        raise ValueError("nothing of it can be seen")
    return value


def _zero_or_long(days: int) -> int:
    if 0 < days < _LEAST_KEPT_DAYS:
        raise ValueError(f"expected 0, or at least {_LEAST_KEPT_DAYS}: a monthly list must not miss anything")
    return days


KeepDays = Annotated[int, Field(ge=0, le=36_500), AfterValidator(_zero_or_long)]
Title = Annotated[str, AfterValidator(_visible)]
Rates = Annotated[
    tuple[Annotated[RateLimit, BeforeValidator(_rate)], ...], split_at(","), AfterValidator(_one_per_period)
]
Minutes = Annotated[tuple[Annotated[float, Field(gt=0, le=1440)], ...], Field(min_length=1), split_at(",")]
Networks = Annotated[tuple[IPvAnyNetwork, ...], split_at(",")]
Mailboxes = Annotated[tuple[str, ...], split_at(","), AfterValidator(_mailboxes)]
Senders = Annotated[tuple[Annotated[str, AfterValidator(_sender)], ...], split_at(",")]
Paths = Annotated[tuple[Path, ...], split_at(",")]
Names = Annotated[tuple[str, ...], split_at(",")]
Checks = Annotated[tuple[CheckKind, ...], split_at(",")]
Lines = Annotated[tuple[str, ...], split_at(";")]
ListName = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$")]
Language = Annotated[str, Field(pattern=r"^(?:[a-z]{2})?$")]
Weights = Annotated[dict[str, Annotated[float, Field(ge=0, le=10)]], BeforeValidator(read_table)]
WordLists = Annotated[
    dict[Title, Annotated[tuple[str, ...], Field(min_length=1)]], BeforeValidator(read_table)
]

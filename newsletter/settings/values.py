"""How values of settings are written: lists in one line, rates, keys, names."""

import json
import unicodedata
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork

from newsletter.model.deliveries import RateLimit
from newsletter.model.keys import KeyFile


def split_at(separator: str) -> BeforeValidator:
    """Let a list be written as one line of the environment, with a separator."""

    def split(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
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


KeyFiles = Annotated[tuple[Annotated[KeyFile, BeforeValidator(_key_file)], ...], split_at(",")]


def _visible(value: str) -> str:
    """Refuse a text of which a reader would see nothing."""
    # Formats, controls, separators and the like have categories C and Z.
    if all(unicodedata.category(char)[0] in "CZ" for char in value):
        raise ValueError("nothing of it can be seen")
    return value


Title = Annotated[str, AfterValidator(_visible)]
Rates = Annotated[
    tuple[Annotated[RateLimit, BeforeValidator(_rate)], ...], split_at(","), AfterValidator(_one_per_period)
]
Minutes = Annotated[tuple[Annotated[float, Field(gt=0, le=1440)], ...], Field(min_length=1), split_at(",")]
Networks = Annotated[tuple[IPvAnyNetwork, ...], split_at(",")]
Paths = Annotated[tuple[Path, ...], split_at(",")]
Names = Annotated[tuple[str, ...], split_at(",")]
Lines = Annotated[tuple[str, ...], split_at(";")]
ListName = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$")]
Language = Annotated[str, Field(pattern=r"^(?:[a-z]{2})?$")]
Weights = Annotated[dict[str, Annotated[float, Field(ge=0, le=10)]], BeforeValidator(read_table)]
WordLists = Annotated[
    dict[Title, Annotated[tuple[str, ...], Field(min_length=1)]], BeforeValidator(read_table)
]

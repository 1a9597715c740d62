"""Reading the settings, and telling what is in force; the only reader of the environment."""

import json
import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from newsletter.errors import SettingsError
from newsletter.model.deliveries import RateLimit
from newsletter.settings.everything import PASSWORD_IN_URL, TOML, ListSettings, Settings


def load(*, folder: Path | None = None, **overrides: object) -> Settings:
    """Read the settings.

    Args:
        folder: Where `.env` and `newsletter.toml` are looked for; the working directory when None.
        overrides: Values that win over every source, by field name.

    Raises:
        SettingsError: A value is wrong; one line for each.
    """
    place = folder or Path()
    _check_toml(place / TOML)
    try:
        return Settings(_env_file=place / ".env", **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(*(_explain(problem) for problem in error.errors())) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{place / '.env'} is not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{place / '.env'} cannot be read: {error.strerror}") from error


def isolated(**overrides: object) -> Settings:
    """Return the defaults with some values replaced; neither environment nor file is read.

    Raises:
        SettingsError: A value is wrong.
    """
    try:
        return Settings(_env_file=None, **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(*(_explain(problem) for problem in error.errors())) from error


def _check_toml(path: Path) -> None:
    """Find a key that no setting has: a misspelt one would be ignored in silence."""
    if not path.exists():
        return
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    unknown = sorted(table.keys() - Settings.model_fields.keys())
    if unknown:
        raise SettingsError(*(f"{path.name}: {key} is not a setting: {_meant(key)}" for key in unknown))


def _meant(key: str) -> str:
    """Return what may have been meant by a key that no setting has."""
    names = {name.upper(): name for name in Settings.model_fields}
    near = get_close_matches(key.upper(), names, n=1, cutoff=0.75)
    if not near:
        return "see .env.example"
    return f"{names[near[0]] if key.islower() else near[0]} is; see .env.example"


def _explain(problem: Any) -> str:  # noqa: ANN401 - pydantic's error details
    """Return one line: the key, the value, and what is expected."""
    first, *rest = problem["loc"]
    key = str(first).upper() + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
    field = Settings.model_fields.get(str(first))
    secret = any(word in key.lower() for word in ("password", "key", "secret", "webhook", "mailbox"))
    value = "(hidden)" if secret else repr(problem.get("input"))
    plain = {
        "string_pattern_mismatch": "it has another form than expected",
        "int_parsing": "a whole number is expected",
        "float_parsing": "a number is expected",
        "extra_forbidden": "no setting of a list has that name",
        "tuple_type": 'a list is expected, such as ["one", "two"]',
        "dict_type": 'a table is expected, such as {"name": 1}',
    }
    expected = plain.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    if key == "LISTS":
        expected = f"several lists stand in {TOML}, each under [[lists]], and LIST_NAME names a single one"
        return f"{key}: {value} is wrong: {expected}"
    purpose = f" ({field.description})" if field and field.description and not rest else ""
    return f"{key}: {value} is wrong: {expected[:1].lower()}{expected[1:]}{purpose}"


def unknown_environment(folder: Path | None = None) -> list[str]:
    """Return a line for each key of `.env` that no setting has: a misspelt one is not to pass unseen."""
    from dotenv import dotenv_values

    path = (folder or Path()) / ".env"
    if not path.is_file():
        return []
    known = {name.upper() for name in Settings.model_fields}
    unknown = sorted(key for key in dotenv_values(path) if key.upper() not in known and key not in os.environ)
    return [f"{key} in .env is not a setting: {_meant(key)}" for key in unknown]


def in_force(settings: Settings) -> list[tuple[str, str, str]]:
    """Return key, value as text (secrets masked) and description of every setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name == "lists" and not value:
            continue
        shown = (
            PASSWORD_IN_URL.sub(r"\1********\2", _shown(value))
            if name in {"database_url", "mailboxes"}
            else _shown(value)
        )
        rows.append((name.upper(), shown, field.description or ""))
    return rows


def _shown(value: object) -> str:
    match value:
        case SecretStr():
            return "********" if value.get_secret_value() else ""
        case tuple() if any(isinstance(item, SecretStr) for item in value):
            return ", ".join("********" for _ in value)
        case tuple() if any(isinstance(item, ListSettings) for item in value):
            return ", ".join(item.name for item in value)
        case tuple():
            return ", ".join(_shown(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case None:
            return ""
        case float():
            return f"{value:g}"
        case RateLimit():
            return str(value)
        case _:
            return str(value)

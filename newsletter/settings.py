"""Every setting: typed, with its default and unit; the only reader of the environment.

Values come from the environment, then from `.env`, then from `newsletter.toml`, then from the defaults here;
an empty value counts as not set. One list needs nothing but the environment; several are tables `[[lists]]`
in newsletter.toml.
"""

import json
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from newsletter.errors import SettingsError
from newsletter.model.deliveries import RateLimit, UncertainPolicy
from newsletter.model.editions import MailingList
from newsletter.values import (
    KeyFiles,
    Language,
    Lines,
    ListName,
    Minutes,
    Paths,
    Rates,
    Title,
    read_table,
    split_at,
)

#: Where packaged files lie: inside an installed package, else beside it in a checkout.
_PACKAGE = Path(__file__).parent


def packaged(name: str) -> Path:
    """Return the folder `templates` or `seeds` that came with the package."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


#: The file for several lists.
_TOML = "newsletter.toml"

#: The password in a database's address, with what stands around it.
_PASSWORD_IN_URL = re.compile(r"(://[^/@:]*:)[^/]*(@)")


class ListSettings(BaseModel):
    """One list of newsletter.toml; what is left out is taken from the settings above the lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ListName
    title: Title | None = None
    tagline: str | None = None
    schedule: str | None = None
    timezone: str | None = None
    folders: Paths | None = None
    language: Language | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    postal_address: Lines | None = None
    word_budget: Annotated[int, Field(ge=100, le=5000)] | None = None
    summarizer: str | None = None


class Settings(BaseSettings):
    """Everything that an operator can set."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", extra="ignore", frozen=True, enable_decoding=False, env_ignore_empty=True
    )

    # The store
    database_url: str = Field(
        "sqlite:///newsletter.db", description="SQLite file or postgresql:// address of the store"
    )
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="SQLite's durability: FULL survives power loss, NORMAL only a killed process"
    )

    # Documents
    folders: Paths = Field((Path("seeds"),), description="folders that documents arrive in, parted by commas")
    max_document_megabytes: float = Field(10, gt=0, le=1000, description="larger documents are refused, MB")
    settle_seconds: float = Field(
        1.0, ge=0, le=60, description="a file touched less than this ago is looked at twice, s"
    )
    ingest_every_seconds: int = Field(
        60, ge=1, le=86400, description="how often `run` looks into the folders, s"
    )
    source_aliases: Annotated[dict[str, str], BeforeValidator(read_table)] = Field(
        default_factory=dict, description='more names of outlets, as JSON: {"KP": "Kyiv Post"}'
    )

    # Summaries and editions
    summarizer: str = Field(
        "lead", description="lead, luhn, lexrank, textrank, lsa, kl, sumbasic, reduction or edmundson"
    )
    language: Language = Field("", description="two-letter language of the documents; empty: told for each")
    word_budget: int = Field(
        650, ge=100, le=5000, description="words of headlines and summaries in an edition"
    )
    story_cutoff: float = Field(
        0.18, gt=0, lt=1, description="likeness from which documents are one story, 0 to 1"
    )
    template_folder: Path | None = Field(
        None, description="your own templates; each file there wins over ours"
    )

    # The list
    list_name: ListName = Field("news", description="short name: lower-case letters, digits, hyphens")
    list_title: Title = Field("The News Digest", max_length=80, description="what readers see as its name")
    list_tagline: str = Field(
        "The day’s news, with its sources", max_length=120, description="the line under the name"
    )
    schedule: str = Field(
        "0 7 * * *", description="minute hour day month weekday, in TIMEZONE; names of days work"
    )
    timezone: str = Field("UTC", description="IANA time zone of SCHEDULE and of dates in editions")
    grace_hours: float = Field(6, gt=0, le=168, description="how late a missed edition is still sent, h")
    postal_address: Lines = Field((), description="postal address in every mail, lines parted by ';'")

    # Sending
    sender_address: str = Field("", description="address in From; needed for sending")
    sender_name: str = Field("", description="name in From; empty: LIST_TITLE")
    reply_to: str = Field("", description="address for replies; empty: SENDER_ADDRESS")
    unsubscribe_address: str = Field("", description="address for unsubscribing by mail; empty: REPLY_TO")
    public_url: str = Field(
        "", description="base address of the readers' web pages (https); empty: unsubscribing goes by mail"
    )
    secret_keys: Annotated[tuple[SecretStr, ...], split_at(",")] = Field(
        (),
        description="keys that sign readers' links and bounce addresses, newest first, parted by commas; "
        "needed with PUBLIC_URL or BOUNCE_ADDRESS",
    )
    dkim_keys: KeyFiles = Field(
        (),
        description="keys that sign messages, as selector:path of a PEM file, parted by commas; "
        "empty: not signed here",
    )
    dkim_domain: str = Field("", description="domain that signs; empty: that of SENDER_ADDRESS")
    transport: Literal["smtp", "file"] = Field(
        "smtp", description="smtp, or file: write .eml files to OUTBOX_FOLDER"
    )
    outbox_folder: Path = Field(Path("outbox"), description="where TRANSPORT=file writes")
    smtp_host: str = Field("", description="SMTP server; needed for sending")
    smtp_port: int = Field(587, ge=1, le=65535, description="its port: 587 with starttls, 465 with tls")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls, or none (only for a server on this machine)"
    )
    smtp_username: str = Field("", description="sign-in name; empty: no sign-in")
    smtp_password: SecretStr = Field(SecretStr(""), description="sign-in password")
    smtp_connections: int = Field(4, ge=1, le=64, description="connections open at once")
    smtp_messages_per_connection: int = Field(
        100, ge=1, le=10000, description="messages before a connection is renewed"
    )
    smtp_connection_seconds: float = Field(
        300, ge=1, le=3600, description="age at which a connection is renewed, s"
    )
    smtp_timeout_seconds: float = Field(
        300, ge=0.1, le=3600, description="longest wait for a reply, s; twice that after a message's end"
    )
    smtp_deadline_seconds: float = Field(
        1200, ge=0.1, le=7200, description="longest time for one message in all, s"
    )
    smtp_rates: Rates = Field(
        (), description="most messages handed over: 10/second, 500/hour, 2000/day; empty: no limit"
    )
    smtp_domain_connections: int = Field(
        20, ge=1, le=64, description="messages on their way to one domain's readers at once"
    )
    uncertain_policy: UncertainPolicy = Field(
        UncertainPolicy.RESEND,
        description="when nobody knows whether a mail arrived: resend it once (same Message-ID), or hold it",
    )
    retry_minutes: Minutes = Field(
        (5, 15, 30, 60, 120, 150),
        description="waits before a deferred mail is tried again, min; the last one repeats",
    )
    give_up_hours: float = Field(96, gt=0, le=240, description="how long a deferred mail is tried again, h")

    # Bounces and complaints
    bounce_address: str = Field(
        "", description="address that bounces come back to, with a token for each mail; empty: SENDER_ADDRESS"
    )
    bounce_mailbox: Path | None = Field(
        None, description="Maildir folder or mbox file that `newsletter bounces` and `run` read"
    )
    bounce_imap_host: str = Field("", description="IMAP server whose mailbox they read; empty: none")
    bounce_imap_port: int = Field(993, ge=1, le=65535, description="its port, with TLS from the first byte")
    bounce_imap_username: str = Field("", description="its sign-in name")
    bounce_imap_password: SecretStr = Field(SecretStr(""), description="its sign-in password")
    bounce_imap_folder: str = Field("INBOX", description="its folder")
    bounce_every_seconds: int = Field(
        300, ge=10, le=86400, description="how often `run` looks for bounces, s"
    )
    bounce_score_limit: float = Field(
        5, gt=0, le=100, description="days with a soft bounce after which an address is suppressed"
    )
    bounce_stale_days: int = Field(
        40,
        ge=1,
        le=365,
        description="days without a bounce after which the count starts again; "
        "more than lie between two editions, or it never adds up",
    )
    webhook_key: SecretStr = Field(
        SecretStr(""), description="secret of whoever posts bounces to `newsletter web`; empty: not served"
    )
    suppression_key: SecretStr = Field(
        SecretStr(""),
        description="key that hashes suppressed addresses; never change it; empty: one is kept in the store",
    )

    # The service
    port: int = Field(8000, ge=0, le=65535, description="port that `newsletter web` listens on; 0: any free")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="text, json, or auto: text on a terminal, JSON lines elsewhere"
    )

    lists: tuple[ListSettings, ...] = Field((), description="several lists: [[lists]] in newsletter.toml")

    @field_validator("log_level", "sqlite_synchronous", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
        return value.upper() if isinstance(value, str) else value

    @property
    def database_password(self) -> str:
        """The password in DATABASE_URL, or an empty string."""
        found = _PASSWORD_IN_URL.search(self.database_url)
        return found[0][len(found[1]) : -1] if found else ""

    @field_validator("smtp_host", mode="after")
    @classmethod
    def _one_word(cls, value: str) -> str:
        if len(value.split()) > 1:
            raise ValueError("a host name is expected")
        return value.strip()

    @field_validator("database_url", "schedule", "timezone", mode="after")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value.strip()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put newsletter.toml last, beside `.env`; without a place for them, read nothing from outside."""
        assert isinstance(dotenv_settings, DotEnvSettingsSource)  # noqa: S101 - pydantic-settings makes it so
        if not isinstance(dotenv_settings.env_file, Path):
            return (init_settings,)
        toml = TomlConfigSettingsSource(settings_cls, dotenv_settings.env_file.with_name(_TOML))
        return init_settings, env_settings, dotenv_settings, file_secret_settings, toml

    def mailing_lists(self) -> tuple[MailingList, ...]:
        """Return the lists of this install, at least one."""
        tables = self.lists or (ListSettings(name=self.list_name),)
        return tuple(self._mailing_list(table) for table in tables)

    def _mailing_list(self, table: ListSettings) -> MailingList:
        def own(value: Any, common: Any) -> Any:  # noqa: ANN401 - of whatever type the setting is
            return common if value is None else value

        return MailingList(
            name=table.name,
            title=own(table.title, self.list_title),
            tagline=own(table.tagline, self.list_tagline),
            schedule=own(table.schedule, self.schedule),
            time_zone=own(table.timezone, self.timezone),
            folders=tuple(str(folder) for folder in self._list_folders(table)),
            language=own(table.language, self.language) or None,
            sender_address=own(table.sender_address, self.sender_address),
            sender_name=own(table.sender_name, self.sender_name),
            reply_to=own(table.reply_to, self.reply_to),
            postal_address=own(table.postal_address, self.postal_address),
            word_budget=own(table.word_budget, self.word_budget),
            summarizer=own(table.summarizer, self.summarizer),
            grace=timedelta(hours=self.grace_hours),
        )

    def all_folders(self) -> tuple[Path, ...]:
        """Return every folder that documents arrive in, those of the lists included, each once, resolved."""
        named = [folder for table in self.lists for folder in self._list_folders(table)]
        return tuple(dict.fromkeys(named)) or _resolved(self.folders)

    def _list_folders(self, table: ListSettings) -> tuple[Path, ...]:
        """Return the folders whose documents a list carries; none means all documents.

        A list of newsletter.toml that names no folders carries those set above the lists, if any are.
        """
        if table.folders is not None:
            return _resolved(table.folders)
        return _resolved(self.folders) if self.lists and "folders" in self.model_fields_set else ()


def _resolved(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    try:
        return tuple(folder.expanduser().resolve() for folder in folders)
    except (RuntimeError, OSError) as error:
        raise SettingsError(f"FOLDERS: {', '.join(map(str, folders))}: {error}") from error


def load(*, folder: Path | None = None, **overrides: object) -> Settings:
    """Read the settings.

    Args:
        folder: Where `.env` and `newsletter.toml` are looked for; the working directory when None.
        overrides: Values that win over every source, by field name.

    Raises:
        SettingsError: A value is wrong; one line for each.
    """
    place = folder or Path()
    _check_toml(place / _TOML)
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
        raise SettingsError(*(f"{path.name}: {key} is not a setting; see .env.example" for key in unknown))


def _explain(problem: Any) -> str:  # noqa: ANN401 - pydantic's error details
    """Return one line: the key, the value, and what is expected."""
    first, *rest = problem["loc"]
    key = str(first).upper() + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
    field = Settings.model_fields.get(str(first))
    secret = "password" in str(first) or "key" in str(first)
    value = "(hidden)" if secret else repr(problem.get("input"))
    plain = {
        "string_pattern_mismatch": "it has another form than expected",
        "int_parsing": "a whole number is expected",
        "float_parsing": "a number is expected",
        "extra_forbidden": "no setting of a list has that name",
    }
    expected = plain.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    purpose = f" ({field.description})" if field and field.description and not rest else ""
    return f"{key}: {value} is wrong: {expected[:1].lower()}{expected[1:]}{purpose}"


def unknown_environment(folder: Path | None = None) -> list[str]:
    """Return keys of `.env` that no setting has, so that a misspelt one does not pass unseen."""
    from dotenv import dotenv_values

    path = (folder or Path()) / ".env"
    if not path.is_file():
        return []
    known = {name.upper() for name in Settings.model_fields}
    return sorted(key for key in dotenv_values(path) if key.upper() not in known and key not in os.environ)


def in_force(settings: Settings) -> list[tuple[str, str, str]]:
    """Return key, value as text (secrets masked) and description of every setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name == "lists" and not value:
            continue
        shown = (
            _PASSWORD_IN_URL.sub(r"\1********\2", _shown(value)) if name == "database_url" else _shown(value)
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

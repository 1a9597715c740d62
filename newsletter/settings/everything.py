"""All settings together, and the lists that they make."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from newsletter.errors import SettingsError
from newsletter.model.editions import Approval, MailingList, Section
from newsletter.settings.alerts import AlertSettings
from newsletter.settings.documents import DocumentSettings, StorySettings
from newsletter.settings.sending import FeedbackSettings, ListDefaults, SendingSettings, ServiceSettings
from newsletter.settings.values import (
    Checks,
    Language,
    Lines,
    ListName,
    Mailboxes,
    Names,
    Paths,
    Title,
    Weights,
    WordLists,
    mailbox_name,
)

#: The file for several lists.
TOML = "newsletter.toml"

#: The password in a database's address, with what stands around it.
PASSWORD_IN_URL = re.compile(r"(://[^/@:]*:)[^/]*(@)")


class ListSettings(BaseModel):
    """One list of newsletter.toml; what is left out is taken from the settings above the lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ListName
    title: Title | None = None
    tagline: str | None = None
    schedule: str | None = None
    timezone: str | None = None
    folders: Paths | None = None
    #: As in MAILBOXES, without password.
    mailboxes: Mailboxes | None = None
    #: Addresses of the sources that it carries.
    sources: Names | None = None
    language: Language | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    postal_address: Lines | None = None
    word_budget: Annotated[int, Field(ge=100, le=5000)] | None = None
    summarizer: str | None = None
    source_weights: Weights | None = None
    word_weights: Weights | None = None
    sections: WordLists | None = None
    weekly_schedule: str | None = None
    sign_up: Literal["open", "closed"] | None = None
    archive: Literal["public", "private"] | None = None
    show_documents: Literal["yes", "no"] | None = None
    approval: Approval | None = None
    review_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    hold_on: Checks | None = None
    #: Name of the list that this one is in another language.
    translation_of: ListName | None = None

    @property
    def names_places(self) -> bool:
        """Whether it says where its documents come from: it then carries nothing else."""
        return any(places is not None for places in (self.folders, self.mailboxes, self.sources))


# Bases from last to first: pydantic lists the fields of the last base first.
class Settings(
    AlertSettings,
    ServiceSettings,
    FeedbackSettings,
    SendingSettings,
    ListDefaults,
    StorySettings,
    DocumentSettings,
):
    """Everything that an operator can set."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", extra="ignore", frozen=True, enable_decoding=False, env_ignore_empty=True
    )

    lists: tuple[ListSettings, ...] = Field((), description="several lists: [[lists]] in newsletter.toml")

    @field_validator("log_level", "sqlite_synchronous", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
        return value.upper() if isinstance(value, str) else value

    @property
    def database_password(self) -> str:
        """The password in DATABASE_URL, or an empty string."""
        found = PASSWORD_IN_URL.search(self.database_url)
        return found[0][len(found[1]) : -1] if found else ""

    @property
    def signing_keys(self) -> list[str]:
        """What signs links, forms and return paths, the newest first; empty before SECRET_KEYS is set."""
        return [key.get_secret_value() for key in self.secret_keys]

    def secret_values(self) -> list[str]:
        """Return everything in force that is nobody else's business, the empty left out."""
        values = [getattr(self, name) for name in type(self).model_fields]
        several = (value if isinstance(value, tuple) else (value,) for value in values)
        secrets = [one.get_secret_value() for few in several for one in few if isinstance(one, SecretStr)]
        return [secret for secret in (*secrets, self.database_password) if secret]

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
        toml = TomlConfigSettingsSource(settings_cls, dotenv_settings.env_file.with_name(TOML))
        return init_settings, env_settings, dotenv_settings, file_secret_settings, toml

    def mailing_lists(self) -> tuple[MailingList, ...]:
        """Return the lists of this install, at least one."""
        tables = self.lists or (ListSettings(name=self.list_name),)
        return tuple(self._mailing_list(table) for table in tables)

    def _mailing_list(self, table: ListSettings) -> MailingList:
        def own(value: Any, common: Any) -> Any:  # noqa: ANN401 - of whatever type the setting is
            """Return what the list's own table says, else what is set for all lists."""
            return common if value is None else value

        return MailingList(
            name=table.name,
            title=own(table.title, self.list_title),
            tagline=own(table.tagline, self.list_tagline),
            schedule=own(table.schedule, self.schedule),
            time_zone=own(table.timezone, self.timezone),
            folders=(
                *(str(folder) for folder in self._list_folders(table)),
                *map(mailbox_name, self._list_mailboxes(table)),
            ),
            sources=tuple(table.sources or ()) if table.names_places else None,
            language=own(table.language, self.language) or None,
            sender_address=own(table.sender_address, self.sender_address),
            sender_name=own(table.sender_name, self.sender_name),
            reply_to=own(table.reply_to, self.reply_to),
            postal_address=own(table.postal_address, self.postal_address),
            word_budget=own(table.word_budget, self.word_budget),
            summarizer=own(table.summarizer, self.summarizer),
            source_weights=tuple(own(table.source_weights, self.source_weights).items()),
            word_weights=tuple(own(table.word_weights, self.word_weights).items()),
            sections=tuple(
                Section(title=title, words=words)
                for title, words in own(table.sections, self.sections).items()
            ),
            grace=timedelta(hours=self.grace_hours),
            weekly_schedule=_unless_off(own(table.weekly_schedule, self.weekly_schedule)),
            is_open=own(table.sign_up, self.sign_up) == "open",
            archive_is_public=own(table.archive, self.archive) == "public",
            shows_documents=own(table.show_documents, self.show_documents) == "yes",
            translation_of=table.translation_of or "",
            approval=own(table.approval, self.approval),
            review=timedelta(minutes=own(table.review_minutes, self.review_minutes)),
            hold_on=own(table.hold_on, self.hold_on),
        )

    def all_folders(self) -> tuple[Path, ...]:
        """Return every folder that documents arrive in, those of the lists included, each once, resolved."""
        named = [folder for table in self.lists for folder in self._list_folders(table)]
        return tuple(dict.fromkeys(named)) or _resolved(self.folders)

    def _list_mailboxes(self, table: ListSettings) -> tuple[str, ...]:
        """Return the mailboxes whose mails a list carries, besides its folders; none and no folders mean all.

        A list that takes its folders from above takes the mailboxes from there, too.
        """
        if table.names_places:
            return table.mailboxes or ()
        return self.mailboxes if self._list_folders(table) else ()

    def _list_folders(self, table: ListSettings) -> tuple[Path, ...]:
        """Return the folders whose documents a list carries; none means all documents.

        A list of newsletter.toml that names no places carries the folders set above the lists, if any are.
        """
        if table.names_places:
            return _resolved(table.folders or ())
        return _resolved(self.folders) if self.lists and "folders" in self.model_fields_set else ()


def _unless_off(value: str) -> str:
    """Return a value, or nothing where it says that there is to be nothing: empty means the default."""
    return "" if value.strip().lower() == "off" else value.strip()


def _resolved(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    try:
        return tuple(folder.expanduser().resolve() for folder in folders)
    except (RuntimeError, OSError) as error:
        raise SettingsError(f"FOLDERS: {', '.join(map(str, folders))}: {error}") from error

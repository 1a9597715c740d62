"""Settings of the store, of documents, and of the stories made of them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from newsletter.settings.values import (
    KeepDays,
    Language,
    Mailboxes,
    Names,
    Paths,
    Senders,
    Weights,
    WordLists,
    read_table,
)


class DocumentSettings(BaseSettings):
    """The store, and where documents come from."""

    database_url: str = Field(
        "sqlite:///newsletter.db", description="SQLite file or postgresql:// address of the store"
    )
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="SQLite's durability: FULL survives power loss, NORMAL only a killed process"
    )
    folders: Paths = Field((Path("seeds"),), description="folders that documents arrive in, parted by commas")
    max_document_megabytes: float = Field(10, gt=0, le=1000, description="larger documents are refused, MB")
    settle_seconds: float = Field(
        1.0, ge=0, le=60, description="a file touched less than this ago is looked at twice, s"
    )
    ingest_every_seconds: int = Field(
        60, ge=1, le=86400, description="how often `run` looks into the folders, s"
    )
    watch_folders: bool = Field(
        default=True, description="whether `run` also looks into a folder as soon as something in it changes"
    )
    keep_text_days: KeepDays = Field(
        0, description="how long texts are kept after they were seen and told, 45 or more; 0: for ever, days"
    )
    keep_seen_days: KeepDays = Field(
        0,
        description="how long places of files that are gone are kept, 45 or more; 0: for ever, days",
    )
    mailboxes: Mailboxes = Field(
        (),
        description="mailboxes that news arrives in, parted by commas: Maildir folders, and accounts such as "
        "imaps://alerts%40example.org:password@imap.example.org/INBOX; they are only read",
    )
    mail_senders: Senders = Field(
        (),
        description="addresses or domains whose mails are taken, parted by commas; empty: anybody's, "
        "and anybody can write",
    )
    mail_first_days: int = Field(
        3, ge=0, le=365, description="how old mails may be when a mailbox is seen for the first time, days"
    )
    mail_every_seconds: int = Field(
        300, ge=10, le=86400, description="how often `run` looks into the mailboxes, s"
    )
    fetch_every_minutes: float = Field(
        30, ge=1, le=10080, description="how often a feed is asked unless it asks for longer, min"
    )
    fetch_first_days: float = Field(
        3, ge=0, le=3650, description="of a feed that is new here, older items are not told, days"
    )
    fetch_timeout_seconds: float = Field(
        30, ge=1, le=600, description="longest time for one feed or page with its redirects, s"
    )
    fetch_allowed_hosts: Names = Field(
        (), description="hosts in your own network that may be fetched from, parted by commas"
    )
    source_aliases: Annotated[dict[str, str], BeforeValidator(read_table)] = Field(
        default_factory=dict, description='more names of outlets, as JSON: {"KP": "Kyiv Post"}'
    )


class StorySettings(BaseSettings):
    """How documents become stories, summaries and an edition."""

    summarizer: str = Field(
        "editor",
        description="editor, lead, luhn, lexrank, textrank, lsa, kl, sumbasic, reduction or edmundson",
    )
    language: Language = Field("", description="two-letter language of the documents; empty: told for each")
    word_budget: int = Field(
        900, ge=100, le=5000, description="most words of headlines and summaries in an edition"
    )
    document_seconds: float = Field(
        10, ge=0.1, le=600, description="longest time that one large document may take to summarise, s"
    )
    story_cutoff: float = Field(
        0.15, gt=0, lt=1, description="likeness from which documents are one story, 0 to 1"
    )
    copy_cutoff: float = Field(
        0.8, gt=0, le=1, description="share of common phrases from which two texts are copies, 0 to 1"
    )
    story_days: int = Field(
        14, ge=0, le=90, description="how long after it was last told a story is known and goes on, days"
    )
    repeat_cutoff: float = Field(
        0.5, gt=0, le=1, description="likeness from which a sentence says what was told already, 0 to 1"
    )
    source_weights: Weights = Field(
        default_factory=dict,
        description='outlets that weigh more or less, as JSON: {"BBC": 1.5}',
    )
    word_weights: Weights = Field(
        default_factory=dict,
        description='words that lift or sink a story, as JSON: {"vote": 2, "golf": 0}',
    )
    sections: WordLists = Field(
        default_factory=dict,
        description='sections by words of their stories, as JSON: {"Economy": ["bank", "inflation"]}; '
        "empty: one list",
    )
    llm_url: str = Field(
        "",
        description="OpenAI-compatible address of a language model that may reword summaries, "
        "http://localhost:8080/v1; empty: never",
    )
    llm_model: str = Field("", description="its name there; needed with LLM_URL")
    llm_key: SecretStr = Field(SecretStr(""), description="its key; empty: none is sent")
    llm_timeout_seconds: float = Field(30, ge=0.1, le=600, description="longest wait for one summary, s")
    template_folder: Path | None = Field(
        None, description="your own templates; each file there wins over ours"
    )

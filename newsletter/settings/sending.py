"""Settings of a list, of sending, and of what comes back."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from newsletter.model.deliveries import UncertainPolicy
from newsletter.model.editions import HOLDING_CHECKS, Approval
from newsletter.settings.values import (
    Checks,
    KeyFiles,
    Lines,
    ListName,
    Minutes,
    NameServers,
    Networks,
    Rates,
    Title,
    split_at,
)


class ListDefaults(BaseSettings):
    """The list, or what several lists have in common."""

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
    weekly_schedule: str = Field(
        "0 8 * * sat",
        description="when readers get their mail who want one a week, in TIMEZONE; off: not offered",
    )
    sign_up: Literal["open", "closed"] = Field(
        "open", description="open: anybody may sign up on the web pages; closed: you add readers"
    )
    archive: Literal["public", "private"] = Field(
        "public", description="who may read past editions: public, or private: only by the link in a mail"
    )
    approval: Approval = Field(
        Approval.AUTOMATIC,
        description="automatic: editions go out by themselves; required: each waits for your approval; "
        "checked: only one that HOLD_ON finds something in",
    )
    review_minutes: int = Field(
        60, ge=0, le=1440, description="how long before its slot an edition to be approved is proposed, min"
    )
    hold_on: Checks = Field(
        HOLDING_CHECKS,
        description="checks that APPROVAL=checked holds an edition for: "
        "numbers, source, lead, size, language, stories, silence",
    )
    show_documents: Literal["yes", "no"] = Field(
        "yes", description="yes: the pages show where in its document a sentence stands; no: never its text"
    )


class SendingSettings(BaseSettings):
    """From whom, how and how fast messages go out."""

    sender_address: str = Field("", description="address in From; needed for sending")
    sender_name: str = Field("", description="name in From; empty: LIST_TITLE")
    reply_to: str = Field("", description="address for replies; empty: SENDER_ADDRESS")
    unsubscribe_address: str = Field("", description="address for unsubscribing by mail; empty: REPLY_TO")
    public_url: str = Field(
        "",
        description="base address (https) of the readers' web pages, which every mail links to; "
        "needed for sending",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], split_at(",")] = Field(
        (),
        description="keys that sign readers' links and bounce addresses, newest first, parted by commas; "
        "needed for sending and for the web pages",
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
    send_workers: int = Field(
        1,
        ge=1,
        le=64,
        description="processes that send side by side to many thousand readers; they share SMTP_CONNECTIONS",
    )
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


class FeedbackSettings(BaseSettings):
    """Where bounces and complaints come in, and what they lead to."""

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


class ServiceSettings(BaseSettings):
    """The running service."""

    port: int = Field(8000, ge=0, le=65535, description="port of the web pages and the webhook; 0: any free")
    web_host: str = Field(
        "127.0.0.1", description="address that they listen on; 0.0.0.0: every one of this machine"
    )
    trusted_proxies: Networks = Field(
        (),
        description="web servers before ours whose X-Forwarded-For is believed, parted by commas: "
        "127.0.0.1, 10.0.0.0/8",
    )
    signups_per_hour: int = Field(
        10, ge=1, le=10000, description="most sign-ups from one IP address (of IPv6: /64) in an hour"
    )
    network_signups_per_hour: int = Field(
        60, ge=1, le=100000, description="most sign-ups from one network (IPv4 /24, IPv6 /48) in an hour"
    )
    operator_idle_hours: float = Field(
        12, gt=0, le=168, description="hours without a click after which an operator must sign in again"
    )
    operator_session_days: float = Field(
        14, gt=0, le=90, description="days after which an operator must sign in again in any case"
    )
    dns_servers: NameServers = Field(
        (),
        description="name servers that `newsletter doctor` asks, parted by commas: 9.9.9.9, 127.0.0.1:5353; "
        "empty: those of this machine",
    )
    metrics_key: SecretStr = Field(
        SecretStr(""), description="bearer token of whoever reads /metrics; empty: not served"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="text, json, or auto: text on a terminal, JSON lines elsewhere"
    )

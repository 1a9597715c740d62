"""An install in good health with all that is around it on this machine, for tests that make it ill.

The world is one of its own: a name server, a mail server with TLS and sign-in, and a web server with TLS
before the readers' pages.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from nameserver import NameServer, txt
from serving import Listener

from newsletter import keys
from newsletter.app import App
from newsletter.bound.doctor import Doctor
from newsletter.doctor.outside import Outside
from newsletter.model.findings import Examination
from newsletter.model.keys import KeyFile, KeyType
from newsletter.sources.web import Resolve
from newsletter.web.app import make_web

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
#: What receivers see this machine's mail come from.
ADDRESS = "203.0.113.9"
SECRET = "a key of the tests of the doctor alone"
#: Answers of a web server: status, header fields, body.
Reply = tuple[int, dict[str, str], bytes]


def make_keys(folder: Path) -> tuple[list[KeyFile], dict[tuple[str, str], list[str]]]:
    """Make an RSA and an Ed25519 key, and the DNS records of both."""
    made = keys.generate(
        folder, domains=["news.example.org"], selector="s1", key_types=[KeyType.RSA, KeyType.ED25519]
    )
    return [key.file for key in made], {(key.record.name, "TXT"): txt(key.record.value) for key in made}


async def _nothing(host: str, port: int) -> list[str]:
    return []


class _Postmaster:
    """What the mail server says to MAIL."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._clinic.senders.append(address)
        envelope.mail_from = address
        return self._clinic.mail_reply


@dataclass
class Clinic:
    """What a test may make ill before the examination; as it is, all is well."""

    folder: Path
    authority: trustme.CA
    settings: dict[str, object]
    zone: dict[tuple[str, str], list[str]]
    now: datetime = NOW
    mail_name: str = "localhost"
    mail_reply: str = "250 2.1.0 ok"
    mail_size: int = 30_000_000
    mail_ident: str = "ESMTP"
    mail_tls: bool = True
    password: str = "open sesame"
    web_name: str = "news.example.org"
    web_clock: datetime = NOW
    #: Answers by path instead of the pages.
    web_replies: dict[str, Reply] = field(default_factory=dict)
    #: The keys that the pages are served with.
    web_secret: str = SECRET
    #: When certificates end.
    certificates_end: datetime = datetime(2037, 1, 1, tzinfo=UTC)
    own: list[str] = field(default_factory=lambda: [ADDRESS])
    is_public: Callable[[Any], bool] = lambda address: True
    #: What this machine knows without the DNS.
    known_here: Resolve = _nothing
    oddities: list[str] = field(default_factory=list)
    #: Envelope senders that the mail server was asked about.
    senders: list[str] = field(default_factory=list)
    #: What was asked of the web server.
    requests: list[str] = field(default_factory=list)

    async def examine(
        self, only: tuple[str, ...] = (), *, network: bool = True, list_name: str | None = None
    ) -> Examination:
        """Start the servers, and have the install examined."""
        async with AsyncExitStack() as open_now:
            names = await open_now.enter_async_context(NameServer(self.zone))
            mail = Listener.of_protocols(self._mail_server)
            open_now.push_async_callback(mail.stop)
            web = Listener.of_streams(self._serve_page, tls=self._tls(self.web_name))
            open_now.push_async_callback(web.stop)
            values: dict[str, object] = {
                "dns_servers": f"127.0.0.1:{names.port}",
                "smtp_port": mail.port,
                "public_url": f"https://news.example.org:{web.port}",
            }
            self._pages = App.isolated(**(values | self.settings | {"secret_keys": self.web_secret}))
            open_now.callback(self._pages.close)
            app = App.isolated(**(values | self.settings))
            open_now.callback(app.close)
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self.authority.configure_trust(trusting)
            outside = Outside(
                tls=trusting,
                is_public=self.is_public,
                resolve=self.known_here,
                own_addresses=lambda: self.own,
            )
            doctor = Doctor(app.settings, app.lists, lambda: app.store, outside)
            return await doctor.examine(
                clock=lambda: self.now,
                lists=[app.mailing_list(list_name)] if list_name else [],
                only=only,
                network=network,
                oddities=self.oddities or app.warnings(folder=self.folder),
                folder=self.folder,
            )

    def _tls(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name, not_after=self.certificates_end).configure_cert(context)
        return context

    def _mail_server(self) -> SMTP:
        def authenticate(
            server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
        ) -> Any:
            return AuthResult(success=given.password == self.password.encode(), handled=False)

        return SMTP(
            _Postmaster(self),
            hostname="mx.example.org",
            ident=self.mail_ident,
            tls_context=self._tls(self.mail_name) if self.mail_tls else None,
            authenticator=authenticate,
            auth_require_tls=self.mail_tls,
            data_size_limit=self.mail_size,
        )

    async def _serve_page(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, as a web server does that stands before the pages."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        self.requests.append(f"{method} {path}")
        status, fields, body = self._told(path) or await self._page(method, path)
        fields |= {"Date": format_datetime(self.web_clock, usegmt=True), "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    def _told(self, path: str) -> Reply | None:
        return next((reply for start, reply in self.web_replies.items() if path.startswith(start)), None)

    async def _page(self, method: str, path: str) -> Reply:
        transport = httpx.ASGITransport(make_web(self._pages, clock=lambda: self.now))
        async with httpx.AsyncClient(transport=transport, base_url="https://news.example.org") as client:
            answer = await client.request(method, path)
        kept = {name: value for name, value in answer.headers.items() if name in {"content-type", "location"}}
        return answer.status_code, kept, answer.content


def healthy(folder: Path, authority: trustme.CA, store_url: str, files: list[KeyFile], zone: Any) -> Clinic:
    """Return an install of which nothing is to be said."""
    documents = folder / "documents"
    documents.mkdir()
    (folder / "bounces").mkdir()
    (folder / "store.db").chmod(0o600)
    return Clinic(
        folder=folder,
        authority=authority,
        settings={
            "database_url": store_url,
            "folders": str(documents),
            "sender_address": "digest@news.example.org",
            "bounce_mailbox": str(folder / "bounces"),
            "bounce_address": "bounces@news.example.org",
            "postal_address": "Harbour Brief; 1 Quay Street",
            "secret_keys": SECRET,
            "smtp_host": "localhost",
            "smtp_username": "digest",
            "smtp_password": "open sesame",
            "dkim_keys": ",".join(map(str, files)),
        },
        zone={
            ("news.example.org", "A"): ["127.0.0.1"],
            ("news.example.org", "MX"): ["10 mx.example.org."],
            ("news.example.org", "TXT"): txt(
                "another-service=1", f"v=spf1 ip4:{ADDRESS} include:spf.relay.example -all"
            ),
            ("spf.relay.example", "TXT"): txt("v=spf1 a:out.relay.example ~all"),
            ("out.relay.example", "A"): ["198.51.100.1"],
            ("mx.example.org", "A"): [ADDRESS],
            ("_dmarc.example.org", "TXT"): txt("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"),
            ("9.113.0.203.in-addr.arpa", "PTR"): ["mx.example.org."],
            **zone,
        },
    )

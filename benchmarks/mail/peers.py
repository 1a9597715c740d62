"""Others that send the same mail, as a process of its own: what people take in Python for it.

    python -m benchmarks.mail.peers NAME PORT MESSAGES SESSIONS FOLDER [CERTIFICATE]

FOLDER holds what they send: `message.eml` (ready octets), `page.html` and `page.txt` (to be personalised) and
`stories.json` (to be rendered). It prints one line of JSON: seconds of CPU and of the clock, from the first
connection on. None of them keeps an outbox: who got what, nobody would know after a kill.
"""

from __future__ import annotations

import asyncio
import json
import resource
import smtplib
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_SENDER = "digest@news.example.org"

#: What the obvious loop renders for each reader.
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ subject }}</title><style>
body{margin:0;background:#f4f4f7;font-family:Helvetica,Arial,sans-serif;color:#222}
.card{width:600px;margin:0 auto;background:#fff;border:1px solid #e6e6ea}
.story{padding:24px 32px;border-bottom:1px solid #e6e6ea}
h1{font-size:24px;line-height:32px;margin:0;color:#111} h2{font-size:19px;line-height:26px;margin:0 0 8px}
h2 a{color:#1a4fd6;text-decoration:none} p{font-size:15px;line-height:23px;margin:0 0 10px;color:#333}
.meta{font-size:13px;color:#8a8a99} .foot{padding:20px 32px;font-size:12px;color:#8a8a99}
</style></head><body><table role="presentation" class="card"><tr><td class="story"><h1>{{ subject }}</h1>
<p>Good morning, {{ name }}.</p></td></tr>
{% for story in stories %}<tr><td class="story"><h2><a href="{{ story.url }}">{{ story.headline }}</a></h2>
<p class="meta">{{ story.source }}</p>
{% for sentence in story.sentences %}<p>{{ sentence }}</p>
{% endfor %}</td></tr>{% endfor %}
<tr><td class="foot">Sent to {{ address }}. <a href="{{ leave }}">Unsubscribe</a></td></tr></table>
</body></html>
"""
_TEXT = """{{ subject }}

Good morning, {{ name }}.
{% for story in stories %}
{{ story.headline }}
{{ story.source }}
{{ story.url }}

{% for sentence in story.sentences %}{{ sentence|wordwrap(72) }}
{% endfor %}{% endfor %}

Sent to {{ address }}. Unsubscribe: {{ leave }}
"""


class Work:
    """What is to be sent, and where to."""

    def __init__(self, port: int, messages: int, sessions: int, folder: Path, certificate: str = "") -> None:
        self.port = port
        self.messages = messages
        self.sessions = sessions
        self.folder = folder
        self.context = ssl.create_default_context(cafile=certificate) if certificate else None

    @property
    def ready(self) -> bytes:
        """The message, made already."""
        return (self.folder / "message.eml").read_bytes()

    def page(self, kind: str) -> str:
        """Return the body of a message, html or txt; its reader's name stands in it as @@NAME@@."""
        return (self.folder / f"page.{kind}").read_text()

    def addresses(self) -> Iterator[str]:
        """Yield whom to send to; shared by all sessions."""
        return iter([f"reader{number}@mail{number % 50}.example.org" for number in range(self.messages)])


def aiosmtplib_pool(work: Work) -> None:
    """Hand over ready octets through connections of aiosmtplib that stay open."""
    import aiosmtplib

    async def session(left: Iterator[str], content: bytes) -> None:
        """Send over one connection until nobody is left."""
        client = aiosmtplib.SMTP(
            hostname="localhost" if work.context else "127.0.0.1",
            port=work.port,
            use_tls=work.context is not None,
            start_tls=False,
            tls_context=work.context,
        )
        async with client:
            for address in left:
                await client.sendmail(_SENDER, [address], content)

    async def send() -> None:
        """Run all sessions."""
        left, content = work.addresses(), work.ready
        await asyncio.gather(*(session(left, content) for _ in range(work.sessions)))

    asyncio.run(send())


def smtplib_threads(work: Work) -> None:
    """Hand over ready octets through connections of smtplib, one in each thread."""
    content = work.ready

    def session(share: list[str]) -> None:
        """Send a share over one connection."""
        with smtplib.SMTP("127.0.0.1", work.port) as client:
            for address in share:
                client.sendmail(_SENDER, [address], content)

    _in_threads(work, session)


def django(work: Work) -> None:
    """Send `EmailMultiAlternatives` by `send_messages`, a connection in each thread."""
    from django.conf import settings  # type: ignore[import-not-found]
    from django.core.mail import (  # type: ignore[import-not-found]
        EmailMultiAlternatives,
        get_connection,
    )

    settings.configure(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend")
    text, html = work.page("txt"), work.page("html")

    def session(share: list[str]) -> None:
        """Send a share, twenty messages a call."""
        connection = get_connection(host="127.0.0.1", port=work.port)
        connection.open()
        for start in range(0, len(share), 20):
            made = []
            for address in share[start : start + 20]:
                message = EmailMultiAlternatives(
                    "The news", text.replace("@@NAME@@", address), _SENDER, [address]
                )
                message.attach_alternative(html.replace("@@NAME@@", address), "text/html")
                made.append(message)
            connection.send_messages(made)
        connection.close()

    _in_threads(work, session)


def obvious(work: Work) -> None:
    """Render, inline, build and send for each reader: what one would write first."""
    import aiosmtplib
    import css_inline
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(_PAGE)
    text = Environment(autoescape=False).from_string(_TEXT)
    stories = json.loads((work.folder / "stories.json").read_text())

    async def send() -> None:
        """Send to one reader after another."""
        for address in work.addresses():
            values = {
                "subject": "The news",
                "name": address.partition("@")[0],
                "address": address,
                "leave": f"https://news.example.org/leave/{address}",
                "stories": stories,
            }
            message = EmailMessage(policy=policy.SMTP)
            message["From"], message["To"], message["Subject"] = _SENDER, address, "The news"
            message.set_content(text.render(values))
            message.add_alternative(css_inline.inline(page.render(values)), subtype="html")
            await aiosmtplib.send(message, hostname="127.0.0.1", port=work.port, start_tls=False)

    asyncio.run(send())


_PEERS: dict[str, Callable[[Work], None]] = {
    "aiosmtplib": aiosmtplib_pool,
    "smtplib": smtplib_threads,
    "django": django,
    "obvious": obvious,
}


def _in_threads(work: Work, session: Callable[[list[str]], None]) -> None:
    everybody = list(work.addresses())
    shares = [everybody[place :: work.sessions] for place in range(work.sessions)]
    threads = [threading.Thread(target=session, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(arguments: list[str]) -> None:
    """Send, and print what it cost."""
    if len(arguments) < 5:
        raise SystemExit(__doc__)
    name, port, messages, sessions, folder, *rest = arguments
    work = Work(int(port), int(messages), int(sessions), Path(folder), *rest)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    _PEERS[name](work)
    after = resource.getrusage(resource.RUSAGE_SELF)
    used: dict[str, Any] = {
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "seconds": time.monotonic() - began,
    }
    json.dump(used, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])

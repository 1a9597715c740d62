"""The slow way: each reader's message is built anew by the standard library; the oracle for the fast one."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from newsletter.messages.render import personalise
from newsletter.messages.text import clean
from newsletter.model.messages import Reader, Rendering


def build_slowly(rendering: Rendering, reader: Reader, *, message_id: str) -> EmailMessage:
    headers, bodies = rendering.headers, personalise(rendering, reader)
    local, _, domain = headers.sender_address.rpartition("@")
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["To"] = _mailbox(reader.name, reader.address)
    mail["Message-ID"] = message_id
    ways = [reader.unsubscribe_url, reader.unsubscribe_mail]
    is_page = reader.unsubscribe_url.startswith("http")
    mail["List-Unsubscribe"] = ", ".join(f"<{way}>" for way in ways[: 2 if is_page else 1])
    if reader.unsubscribe_url.startswith("https:"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["From"] = Address(clean(headers.sender_name), local, domain)
    if headers.reply_to and headers.reply_to != headers.sender_address:
        mail["Reply-To"] = headers.reply_to
    mail["Subject"] = clean(rendering.subject)
    mail["Date"] = format_datetime(headers.date)
    mail["List-Id"] = f"{headers.list_title} <{headers.list_name}.{headers.sender_domain}>"
    mail["List-Help"] = f"<mailto:{headers.reply_to or headers.sender_address}?subject=help>"
    mail["List-Post"] = "NO"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(bodies.text, cte="quoted-printable")
    mail.add_alternative(bodies.html, subtype="html", cte="quoted-printable")
    return mail


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(clean(name), local, domain.encode("idna").decode("ascii").lower())

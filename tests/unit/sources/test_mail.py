"""Mails become documents: the best part, without quotes, signatures and what surrounds a newsletter."""

from __future__ import annotations

import base64
import random
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.mail import key_of, parse_mail, sender_of
from newsletter.sources.formats.mbox import parse_mbox
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)

FIRST = (
    "The harbour of Port Aldis reopened on Monday morning after a gale had kept it closed for two days, "
    "the harbour master said. Ferries to the islands ran again from noon."
)
SECOND = "Two cranes were damaged. Repairs will take until Friday and cost about 300,000 crowns."
NEWS = [FIRST, SECOND]
HEAD = """\
From: "Port of Aldis" <news@port-aldis.example>
To: reader@example.org
Subject: Harbour reopens
Date: Mon, 23 Nov 2026 09:05:00 +0100
Message-ID: <23-nov@port-aldis.example>
"""
PAGE = f"""\
<html><head><title>x</title><style>p {{ color: red }}</style></head><body>
<p><a href="https://port-aldis.example/letters/12?utm_source=mail">View this email in your browser</a></p>
<p>Dear Ana,</p><p>{FIRST}</p><p>{SECOND}</p>
<p>You are receiving this email because you signed up on our website.</p>
<p><a href="https://port-aldis.example/u/ana">Unsubscribe</a> | <a href="x">Manage preferences</a></p>
<p>Port of Aldis, Quay 1, 12345 Port Aldis</p><p>Facebook | Twitter</p><img src="https://t.example/p.gif">
</body></html>
"""


def parse(content: str | bytes) -> ParsedDocument:
    return parse_mail(content.encode() if isinstance(content, str) else content, READER)


def news(content: str | bytes) -> list[str]:
    document = parse(content)
    return [span.of(document.text) for span in document.paragraphs]


def mail(body: str, *fields: str, subject: str = "Harbour reopens") -> str:
    head = HEAD.replace("Harbour reopens", subject)
    return head + "".join(f"{field}\n" for field in fields) + "\n" + body


def multipart(kind: str, *parts: str) -> str:
    inner = "".join(f"--b\n{part}\n" for part in parts)
    return mail(f"Preamble\n{inner}--b--\n", f'Content-Type: multipart/{kind}; boundary="b"')


PLAIN_PART = f"Content-Type: text/plain; charset=utf-8\n\n{FIRST}\n\n{SECOND}"
PAGE_PART = f"Content-Type: text/html; charset=utf-8\n\n{PAGE}"
STUB_PART = "Content-Type: text/plain\n\nTo read this message, open it in your browser: https://x.example/1"


def refusal(content: str | bytes) -> tuple[RefusalReason, str]:
    with pytest.raises(DocumentRefusedError) as caught:
        parse(content)
    return caught.value.reason, caught.value.detail


def test_a_newsletter_says_what_it_is() -> None:
    document = parse(
        mail(PAGE, "Content-Type: text/html", "Keywords: ports, gales", "Content-Language: en-GB")
    )
    assert document.headline == "Harbour reopens"
    assert document.source == "Port of Aldis"
    assert document.byline is None
    assert document.published_at == datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
    assert document.url == "https://port-aldis.example/letters/12"
    assert (document.language, document.tags) == ("en", ("ports", "gales"))
    assert document.body.split("\n\n") == NEWS


BODIES = {
    "plain": mail(f"{FIRST}\n\n{SECOND}"),
    "page alone": mail(PAGE, "Content-Type: text/html; charset=utf-8"),
    "alternatives alike: the plain one": multipart("alternative", PLAIN_PART, PAGE_PART),
    "a stub beside a page": multipart("alternative", STUB_PART, PAGE_PART),
    "an empty plain part": multipart("alternative", "Content-Type: text/plain\n\n", PAGE_PART),
    "a page with its pictures": multipart(
        "related", PAGE_PART, "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
    ),
    "an attachment is not read": multipart(
        "mixed", PLAIN_PART, "Content-Type: text/plain\nContent-Disposition: attachment\n\nSecret figures."
    ),
    "signed": multipart("signed", PLAIN_PART, "Content-Type: application/pgp-signature\n\n-----BEGIN PGP"),
    "no boundary named": mail(f"--frontier\n{PLAIN_PART}\n--frontier--\n", "Content-Type: multipart/mixed"),
    "a boundary that is not there": mail(
        f"{FIRST}\n\n{SECOND}", "Content-Type: multipart/mixed; boundary=zz"
    ),
    "no end": multipart("alternative", PLAIN_PART).removesuffix("--b--\n"),
    "folded": mail(f"{FIRST}\n\n{SECOND}", 'Content-Type: text/plain;\n charset="utf-8";\n\tformat=fixed'),
    "flowed": mail(
        FIRST.replace(" gale ", " gale \n") + "\n\n" + SECOND, "Content-Type: text/plain; format=flowed"
    ),
    "base64": mail(
        base64.encodebytes(f"{FIRST}\n\n{SECOND}".encode()).decode(), "Content-Transfer-Encoding: base64"
    ),
    "base64 with rubbish": mail(
        "!" + base64.b64encode(f"{FIRST}\n\n{SECOND} ".encode()).decode() + "=\n-- \n",
        "Content-Transfer-Encoding: BASE64",
    ),
    "an unknown charset": mail(f"{FIRST}\n\n{SECOND}", "Content-Type: text/plain; charset=x-klingon"),
    "an unknown kind": mail(f"{FIRST}\n\n{SECOND}", "Content-Type: nonsense"),
    "an answer": mail(
        f"{FIRST}\n\n{SECOND}\n\nOn Mon, 23 Nov 2026 at 08:05, Ben Example <ben@x.example>\nwrote:\n\n"
        "> When does it open?\n>> I wonder.\n"
    ),
    "an answer below the question": mail(
        f"On Mon, 23 Nov 2026 at 08:05, Ben <ben@x.example> wrote:\n> When does it open?\n> "
        f"Ben\n\n{FIRST}\n\n{SECOND}"
    ),
    "an answer from Outlook": mail(
        f"{FIRST}\n\n{SECOND}\n\n________________________________\nFrom: Ben <ben@x.example>\n"
        "Sent: Monday, November 23, 2026 8:05 AM\nTo: Ana\nSubject: Harbour\n\nWhen does it open?"
    ),
    "a German answer": mail(
        f"{FIRST}\n\n{SECOND}\n\nAm 23.11.2026 um 08:05 schrieb Ben Beispiel <ben@x.example>:\n\nWann "
        f"öffnet er?"
    ),
    "a signature": mail(f"{FIRST}\n\n{SECOND}\n\n-- \nAna Example\nPress office\n+49 123 456"),
    "a closing": mail(f"{FIRST}\n\n{SECOND}\n\nBest regards,\nAna Example\nPress office"),
    "links around": mail(
        f"View in browser: https://port-aldis.example/v?x=1\n\n{FIRST} <https://t.example/c/1>\n"
        f"Read more: https://t.example/c/2\n\n{SECOND}\n\nhttps://t.example/c/3\n\n"
        "To unsubscribe from this list: https://t.example/u\n© 2026 Port of Aldis"
    ),
    "numbered links": mail(
        f"{FIRST}[1]\n\n{SECOND}\n\nLinks:\n------\n[1] https://t.example/c/1\n[2] https://t.example/2"
    ),
    "a foot in French": mail(
        f"{FIRST}\n\n{SECOND}\n\nVous recevez cet e-mail car vous êtes inscrit.\nSe désabonner : "
        f"https://t.example/u"
    ),
    "small print below": mail(
        f"{FIRST}\n\n{SECOND}\n\nUnsubscribe: https://t.example/u\n\nThis email and any attachments are "
        f"confidential "
        "and intended solely for the use of the individual to whom they are addressed."
    ),
    "clear-signed": mail(
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{FIRST}\n\n{SECOND}\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n"
    ),
    "CRLF": mail(f"{FIRST}\n\n{SECOND}").replace("\n", "\r\n"),
    "lone carriage returns": mail(f"{FIRST}\n\n{SECOND}").replace("\n", "\r"),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_news_of_a_mail_is_found(name: str) -> None:
    found = [paragraph for paragraph in news(BODIES[name]) if paragraph != "Links:"]
    assert found == NEWS


def test_a_mail_about_unsubscribing_is_read() -> None:
    about = (
        "The council fined a shop because customers could not unsubscribe from its newsletter, although "
        "the law has "
        "asked for a link in every mail since 2009, the council said on Monday after a long debate "
        "about the size of "
        "the fine and about what the shop had said in its defence, which nobody believed in the end, "
        "not even the "
        "lawyers whom it had brought along."
    )
    assert news(mail(f"{FIRST}\n\n{about}\n\n{SECOND}")) == [FIRST, about, SECOND]


def test_a_plain_part_much_poorer_than_the_page_is_left() -> None:
    teaser = f"Content-Type: text/plain\n\n{SECOND}"
    long_page = PAGE.replace(f"<p>{SECOND}</p>", f"<p>{SECOND}</p>" + f"<p>{FIRST}</p>" * 5)
    assert len(news(multipart("alternative", teaser, f"Content-Type: text/html\n\n{long_page}"))) == 7


@pytest.mark.parametrize(
    ("subject", "headline"),
    [
        ("Re: AW: Fwd: Harbour opens", "Harbour opens"),
        ("[EXTERNAL] RE: Harbour opens", "Harbour opens"),
        ("[Aldis-press 12] Harbour opens", "Harbour opens"),
        ("[Breaking] Harbour opens", "[Breaking] Harbour opens"),
        ("=?utf-8?b?SGFmZW4g?= =?iso-8859-1?q?=F6ffnet?=", "Hafen öffnet"),
        ("=?utf-8?q?H=C3?= =?utf-8?q?=A4fen?=", "Häfen"),
        ("=?x-none?q?H=C3=A4fen?=", "Häfen"),
        ("Hafen öffnet", "Hafen öffnet"),
        ("Harbour\n opens", "Harbour opens"),
        ("Re:", "Re:"),
    ],
)
def test_the_headline_is_the_subject(subject: str, headline: str) -> None:
    assert (
        parse(mail(FIRST, "List-Id: Aldis press <aldis-press.port.example>", subject=subject)).headline
        == headline
    )


def test_without_a_subject_the_first_line_is_the_headline() -> None:
    assert parse(f"From: a@b.example\nSubject:\n\nHarbour opens\n\n{FIRST}").headline == "Harbour opens"


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ('From: "The Aldis Post" <a@b.example>', "The Aldis Post"),
        ("From: =?utf-8?q?K=C3=BCstenbote?= <a@b.example>", "Küstenbote"),
        ("From: a@b.example (The Aldis Post)", "The Aldis Post"),
        ("From: a@b.example\nList-Id: Coast News <coast.b.example>", "Coast News"),
        ("From: Coast News via Groups <a@b.example>", "Coast News"),
        ("From: a@b.example", None),
        ('From: "a@b.example" <a@b.example>', None),
        ("X-Nothing: x", None),
    ],
)
def test_the_source_is_the_sender(fields: str, source: str | None) -> None:
    assert parse(f"{fields}\nSubject: Harbour opens\n\n{SECOND}").source == source


@pytest.mark.parametrize(
    ("fields", "moment"),
    [
        ("Date: Mon, 23 Nov 2026 09:05:00 +0100 (CET)", datetime(2026, 11, 23, 8, 5, tzinfo=UTC)),
        ("Date: 23 Nov 26 08:05 GMT", datetime(2026, 11, 23, 8, 5, tzinfo=UTC)),
        (
            "Date: Thu, 1 Jan 1970 00:00:00 +0000\nReceived: by x; Mon, 23 Nov 2026 08:05:00 +0000",
            datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
        ),
        ("Date: rubbish", None),
        ("Date: Mon, 99 Nov 2026 99:05:00 +9999", None),
    ],
)
def test_the_date_is_in_utc(fields: str, moment: datetime | None) -> None:
    assert parse(f"{fields}\nFrom: a@b.example\nSubject: x\n\n{SECOND}").published_at == moment


@pytest.mark.parametrize(
    ("page_link", "field", "url"),
    [
        ("https://port-aldis.example/letters/12", "", "https://port-aldis.example/letters/12"),
        ("https://www.port-aldis.example/letters/12", "", "https://www.port-aldis.example/letters/12"),
        ("https://click.port-aldis.example/letters/12", "", None),
        ("https://port-aldis.example/view?reader=ana", "", None),
        ("https://mailer.example/letters/12", "", None),
        ("https://port-aldis.example.evil.example/12", "", None),
        ("https://port-aldis.example/" + "a1" * 30, "", None),
        ("https://mailer.example/1", "Archived-At: <https://lists.example/12>", "https://lists.example/12"),
        ("https://mailer.example/1", "Archived-At: <javascript:alert(1)>", None),
    ],
)
def test_an_address_is_the_publishers_own(page_link: str, field: str, url: str | None) -> None:
    page = PAGE.replace("https://port-aldis.example/letters/12?utm_source=mail", page_link)
    assert parse(mail(page, "Content-Type: text/html", *filter(None, [field]))).url == url


INNER = (
    "From: Tessen Police <press@tessen.example>\n{sent}: Mon, 23 Nov 2026 10:00:00 +0000\n"
    "Subject: Bridge closed\nTo: Ana <ana@x.example>\n\n" + SECOND
)
ATTACHED = "Content-Type: message/rfc822\n\n" + INNER.format(sent="Date")
FORWARDS = {
    "inline": mail("FYI\n\n---------- Forwarded message ---------\n" + INNER.format(sent="Date")),
    "quoted": mail(
        "Begin forwarded message:\n\n> " + INNER.format(sent="Date").replace("\n", "\n> "),
        subject="Fwd: Bridge",
    ),
    "from Outlook": mail("FYI\n\n" + INNER.format(sent="Sent"), subject="FW: Bridge closed"),
    "in German": mail(
        "Zur Info\n\nVon: Tessen Police <press@tessen.example>\nGesendet: Montag, 23. November 2026 10:00\n"
        f"An: Ana\nBetreff: Bridge closed\n\n{SECOND}",
        subject="WG: Bridge closed",
    ),
    "attached": multipart("mixed", "Content-Type: text/plain\n\nFYI", ATTACHED),
    "attached in base64": multipart(
        "mixed",
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(INNER.format(sent="Date").encode()).decode(),
    ),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forwarded_mail_gives_the_inner_one(name: str) -> None:
    document = parse(FORWARDS[name])
    assert (document.headline, document.source) == ("Bridge closed", "Tessen Police")
    assert document.published_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert document.body == SECOND


def test_a_digest_of_mails_gives_them_all() -> None:
    inside = [
        f"\nSubject: Re: [Port] {name}\nFrom: a@b.example\n\n{words}\n\n-- \nAna"
        for name, words in (("Harbour", FIRST), ("Cranes", SECOND))
    ]
    digest = "Content-Type: multipart/digest; boundary=d\n\n" + "".join(f"--d\n{mail}\n" for mail in inside)
    document = parse(multipart("mixed", "Content-Type: text/plain\n\nToday: 2 mails", f"{digest}--d--"))
    assert document.headline == "Harbour reopens"
    assert [span.of(document.text) for span in document.paragraphs] == [
        *("[Port] Harbour", FIRST, "[Port] Cranes", SECOND),
    ]


def test_a_mail_attached_to_news_is_left_aside() -> None:
    long_news = "\n\n".join([FIRST, SECOND] * 4)
    assert (
        parse(multipart("mixed", f"Content-Type: text/plain\n\n{long_news}", ATTACHED)).source
        == "Port of Aldis"
    )


def test_bytes_in_other_charsets_are_read() -> None:
    words = "Die Brücke in Tessen wurde gesperrt – „sofort“, sagte die Polizei."
    for charset in ("utf-8", "cp1252", "iso-8859-1", "utf-16"):
        # What is called Latin-1 is Windows' encoding, or even UTF-8.
        raw = words.encode("cp1252" if charset == "iso-8859-1" else charset)
        kind = f"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset={charset}"
        head = f"Subject: x\nFrom: a@b.example\n{kind}\n\n"
        assert parse(head.encode() + base64.b64encode(raw)).body == words
    undeclared = b"Subject: Br\xfccke\nFrom: a@b.example\n\n" + words.encode("cp1252")
    assert (parse(undeclared).headline, parse(undeclared).body) == ("Brücke", words)
    mislabelled = (
        f"Subject: x\nFrom: a@b.example\nContent-Type: text/plain; charset=us-ascii\n\n{words}".encode()
    )
    assert parse(mislabelled).body == words


NO_NEWS = {
    "auto-replied": mail(FIRST, "Auto-Submitted: auto-replied"),
    "out of office": mail(FIRST, subject="Out of office: Harbour"),
    "an answer of Outlook": mail(FIRST, subject="Automatische Antwort: Hafen"),
    "vacation": mail(FIRST, "Precedence: auto_reply"),
    "a bounce": mail(FIRST, "Content-Type: multipart/report; report-type=delivery-status; boundary=b"),
    "an old bounce": mail(FIRST).replace("news@port-aldis.example", "MAILER-DAEMON@mx.example"),
    "an invitation": multipart(
        "alternative", PLAIN_PART, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:V"
    ),
    "spam": mail(FIRST, "X-Spam-Flag: YES"),
    "spam in the subject": mail(FIRST, subject="*****SPAM***** Harbour"),
    "a request to confirm": mail(FIRST, subject="Please confirm your subscription"),
}


@pytest.mark.parametrize("name", NO_NEWS)
def test_what_is_no_news_is_refused(name: str) -> None:
    reason, detail = refusal(NO_NEWS[name])
    assert reason is RefusalReason.NO_NEWS
    assert detail


def test_alerts_that_programs_send_are_news() -> None:
    fields = ("Auto-Submitted: auto-generated", "Precedence: bulk", "X-Spam-Status: No, score=-1")
    assert news(mail(f"{FIRST}\n\n{SECOND}", *fields)) == NEWS


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (
            multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1"),
            RefusalReason.ENCRYPTED,
            "PGP",
        ),
        (
            mail("-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----"),
            RefusalReason.ENCRYPTED,
            "PGP",
        ),
        (
            mail("x", "Content-Type: application/ms-tnef; name=winmail.dat"),
            RefusalReason.UNSUPPORTED,
            "winmail.dat",
        ),
        (mail("x", 'Content-Type: image/png; name="scan.png"'), RefusalReason.EMPTY, "no text"),
        (mail("Unsubscribe: https://x.example/u\n\n> quoted"), RefusalReason.EMPTY, "footers"),
        (mail(""), RefusalReason.EMPTY, "no text"),
        ("", RefusalReason.EMPTY, "no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    content: str, reason: RefusalReason, words: str
) -> None:
    found, detail = refusal(content)
    assert found is reason
    assert words in detail


def test_a_secret_attached_to_news_hides_nothing_of_it() -> None:
    secret = "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----"
    attached = f"Content-Type: text/plain\nContent-Disposition: attachment\n\n{secret}"
    assert news(multipart("mixed", PLAIN_PART, attached)) == NEWS


def test_what_comes_with_winmail_dat_is_read() -> None:
    wrapped = multipart("mixed", PLAIN_PART, "Content-Type: application/ms-tnef; name=winmail.dat\n\nxxx")
    assert news(wrapped) == NEWS


def test_a_mail_is_named_by_its_message_id() -> None:
    assert key_of(mail(FIRST).encode()) == "23-nov@port-aldis.example"
    one, other = (key_of(f"Subject: {n}\n\nx".encode()) for n in (1, 2))
    assert one != other
    assert sender_of(b'From: "a@evil.example" <News@Port.example>\n\n') == "news@port.example"
    assert sender_of(b"\n\n") == ""


PIECES = [
    *(
        b"\n",
        b"\r\n",
        b"--b",
        b"--b--",
        b"\n\n",
        b"=",
        b"=?utf-8?q?",
        b"?=",
        b"<",
        b">",
        b"\xff",
        b"\x00",
        b" ",
    ),
    *(b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: text/html\n", b"Subject: Re: x\n"),
    *(
        b"Content-Type: message/rfc822\n",
        b"Content-Transfer-Encoding: base64\n",
        b"charset=utf-7",
        b"On 1:23 ",
    ),
    *(
        b"wrote:\n",
        b"From: a <a@b.example>\n",
        b"Sent: x\nTo: y\n",
        b"Date: 1 Jan 2026\n",
        b"> ",
        b"unsubscribe",
    ),
    *(
        b"---------- Forwarded message ---------\n",
        b"-- \n",
        b"[1]",
        b"https://x.example/",
        b"From x 1:23 2026\n",
    ),
    *(b"begin 644 x\n", b"-----BEGIN PGP SIGNED MESSAGE-----\n\n", b"<a href='https://b.example/1'>"),
    FIRST.encode(),
]
CONTENT = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=5)), max_size=60).map(b"".join),
)


def check_any(content: bytes) -> None:
    started = time.process_time()
    for parser in (parse_mail, parse_mbox):
        with suppress(DocumentRefusedError):
            parser(content, READER)
    assert time.process_time() - started < 5


@given(CONTENT)
@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    check_any(content)


@pytest.mark.sweep
def test_any_more_bytes_are_read_or_refused() -> None:
    # Without hypothesis, which takes twice as long to make a mail as we take to read it.
    chance = random.Random(7)
    for _ in range(3_000):
        pieces = (
            chance.choice(PIECES) if chance.random() < 0.7 else chance.randbytes(chance.randrange(6))
            for _ in range(chance.randrange(60))
        )
        check_any(b"".join(pieces))


HOSTILE = {
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "depth": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)
    ),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 20_000,
    "fields": b"X-Y: z\n" * 150_000,
    "one field": b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\nx",
    "parameters": b"Content-Type: multipart/mixed" + b"; a=b" * 200_000 + b"\n\nx",
    "quotes": b"From: " + b'"\\' * 500_000 + b"\n\nx",
    "folds": b"Subject: x\n" + b" y\n" * 300_000 + b"\n",
    "lines": b"Subject: x\n\n" + b"On 1:23 @ \n" * 100_000,
    "one line": b"Subject: x\n\n" + b"On 1:23 @ https://x <[( " * 40_000,
    "greetings": b"Subject: x\n\n" + b"Best\n" * 100_000,
    "signatures": b"Subject: x\n\n" + b"-- \nAna\n\n" * 60_000,
    "a digest": b"Content-Type: multipart/digest; boundary=b\n\n" + b"--b\n\nSubject: x\n\nBest\n" * 50_000,
    "brackets": b"Subject: x\n\n" + b"[image" * 150_000,
    "headers": b"Subject: Fwd: x\n\n" + b"From: a\nSent: b\nTo: c\n" * 40_000,
    "page": b"Content-Type: text/html\n\n" + b"<a href='https://x.example/1'><b>" * 30_000,
    "mbox": b"From x 1:23 2026\nA: b\n\n" * 50_000,
    "From": b"\nFrom " * 150_000,
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_malice_takes_no_longer_than_news(name: str) -> None:
    content = HOSTILE[name]
    assert len(content) < 2_000_000
    check_any(content)

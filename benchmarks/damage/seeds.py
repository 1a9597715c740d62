"""Sound files of every format, and what is put into them to damage them."""

from __future__ import annotations

import json

from benchmarks.damage import pdfs

TEXT = (
    "Gale closes Port Aldis harbour\nBy Ana Roe\n23 November 2026\n\nPORT ALDIS, 23 Nov (AP) — “Nobody sails"
    " tonight,” the harbour\nmaster said on Monday.\n\nAccording to the BBC, Waves of five metres were seen –"
    " off the café.\n\nSource: Northline Wire\nhttps://northline.example/gale\n"
).encode()
MARKDOWN = (
    b'---\ntitle: "Ferry: it returns"\nauthor: [Anna Kell, Bo]\ntags:\n - a\n - name: b\ndate: 2026-05-03\n'
    b"text: |\n  x\n---\n# Ferry\n\nBy Anna Kell  \n3 May 2026\n\nIt *sails* [again](<a b>)[^1] ![x](y) `z`\n"
    b"\n> quote\n\n- [ ] a\n  - b\n\n1. c\n\n| A | B |\n|---|--:|\n| 1 | 2 |\n\n```\ncode\n```\n\n<p>~~x~~"
    b"\n\n[^1]: Note\n\n[[a|b]] {{< c >}} <https://a.example> &amp; \\* ***a** b*\n\n    set in\n\nEnd\n===\n"
)
TOML = b'+++\ntitle = "A"\ntags = ["b"]\ndate = 2026-05-03\n[author]\nname = "C"\n+++\nText.\n'
_NEWS = (
    "<p>The council of Port Aldis voted on Monday to keep the baths open for the whole of the winter.</p>"
    "<p>The mayor, Ana Roe, said that 40,000 people had asked for it, most of them in writing.</p>"
    "<p>A café beside the pool, which closed in 2019, will open again in June.</p>"
)
_META = (
    "<title>Baths stay open - The Courier</title><meta name=author content='Bea Lund'>"
    "<meta property=article:published_time content=2031-05-04T08:30:00+02:00>"
    "<link rel=canonical href='/2031/05/04/baths?x=1'>"
)
_LINKED = (
    '<script type=application/ld+json>{"@type":"NewsArticle","headline":"Baths","author":[{"name":'
    '"Bea Lund"}],"datePublished":"2031-05-04"}</script>'
)
_BOXES = "<table><tr><td>1<td>2</table><div class=related><a href=/x>Other</a></div><form><p>x</form>"
_PAGE = (
    "<!doctype html><html lang=en><head><meta charset=utf-8>{head}</head><body><nav><a href=/>Home</a></nav>"
    f"<main><article><h1>Baths stay open</h1>{_NEWS}</article>{{more}}</main></body></html>"
)
PAGES = tuple(
    _PAGE.format(head=head, more=more).encode()
    for head, more in ((_META, ""), (_LINKED, "<ul><li><a>x</a></ul>"), ("", _BOXES))
)
MAIL = (
    'From: "The Courier" <news@courier.example>\nTo: <alerts@b.example>\n'
    "Date: Mon, 23 Nov 2026 10:00:00 +0100\nSubject: =?utf-8?q?Baths_stay_open_=E2=80=93?= today\n"
    "Message-ID: <1@courier.example>\nMIME-Version: 1.0\n"
    "List-Unsubscribe: <https://courier.example/u>\nContent-Type: multipart/alternative; boundary=b\n\n--b\n"
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nThe council"
    " voted to keep=\n the baths open=2E\n\n> On Monday, A wrote:\n-- \nUnsubscribe: https://courier.example/u\n--b\n"
    f"Content-Type: text/html; charset=utf-8\n\n{_NEWS}\n--b--\n"
).encode()
MBOX = b"".join(
    b"From news@courier.example Mon Nov 23 10:00:00 2026\n" + MAIL.replace(b"<1@", b"<%d@" % number) + b"\n"
    for number in range(3)
)
OBJECT = {
    "headline": "Ferry returns",
    "text": "It sails.\n\nWords &amp; more.",
    "author": [{"name": "Anna Kell"}],
    "source": {"name": "Gazette"},
    "url": "https://a.example/b",
    "date": 1777795200000,
    "tags": ["a", "b"],
    "language": "en-GB",
    "id": 7,
    "n": [1e5, -0.5, None, True],
    "title": {"rendered": "<b>x</b>"},
}
JSON = (json.dumps(OBJECT).encode(), json.dumps({"source": "x", "articles": [OBJECT, OBJECT]}).encode())
JSON_LINES = b"\n".join([JSON[0]] * 3)
_PRINTED = [
    *(("Ferry returns at last", 72, 740, 24), ("By Anna Kell", 72, 700, 10)),
    *pdfs.column("It sails on Monday, they said.\n\nIt was away.", width=20),
]
_ABOUT = "/Title(Ferry returns)/Author(Anna Kell)/CreationDate(D:20260503100000+02'00')"
PDF = tuple(pdfs.make([_PRINTED], about=_ABOUT, is_packed=packed, picture=True) for packed in (True, False))
_RSS = (
    '<?xml version="1.0"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    "<title>Harbour &amp; Coast</title><link>https://harbour.example/</link><language>en-GB</language>"
    "<ttl>90</ttl><item><title>Bridge &lt;b&gt;opens&lt;/b&gt;</title><link>/bridge?utm_source=feed</link>"
    '<guid isPermaLink="false">b-1</guid><pubDate>Mon, 23 Nov 2026 06:30:00 +0100</pubDate>'
    f"<content:encoded><![CDATA[{_NEWS}]]></content:encoded></item><item><description>Ferries run again."
    "</description></item></channel></rss>"
)
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="html">K&amp;uuml;ste</title><entry>'
    '<id>tag:1</id><title>Deich</title><link href="https://kueste.example/1"/><updated>2026-11-23T06:30:00Z'
    '</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Der Deich hält.</p></div>'
    "</content></entry></feed>"
)
FEEDS = (_RSS.encode(), _ATOM.encode())
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour",
        "items": [
            {
                "id": 7,
                "url": "https://j.example/7",
                "title": "Seven",
                "content_html": _NEWS,
                "tags": ["sea", 3],
            },
            {"id": "8", "content_text": "Ferries run again.", "date_published": "2026-11-23T07:00:00+01:00"},
        ],
    }
).encode()


def _several(*pieces: str) -> tuple[bytes, ...]:
    return tuple(piece.encode() for piece in pieces)


#: What any format may give a meaning to, and what none does.
COMMON = (
    *(
        b"\n",
        b"\n\n",
        b"\r\n",
        b" ",
        b"\0",
        b"\xff",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"'",
        b'"',
    ),
    *_several("é", "e\u0301", "\u200b", "\u00ad-", "長い文。", "&#x0;", "&#1;", "&", "<", ">"),
)
IN_TEXT = _several(
    *("By Ana Roe", "Source: BBC", "https://a.example/x", "24 November 2026", "KYIV, 24 Feb (AP) — "),
    *("According to RFE/RL, ", "The mayor spoke.", "the rest", "“Quoted,” he said.", "---", "    "),
    *("word " * 80, "- item", "Published: ", "(", " | ", "©", "x-"),
)
IN_MARKUP = _several(*"[](){}<>|*`#\\-_~:=", "---", "[[" * 20, "1. ", "> ", "```", "\t", "[^1]", "{{<", "+++")
IN_PAGES = _several(
    *("</p>", "<p>", "<table>", "</article>", "<!--", "-->", "<script>", "<h1>", "</h1>", "<a href=", "&#0;"),
    *("<div hidden>", "<time datetime='x'>", "<meta charset=utf-16>", "<form>", "<svg>", "<template>"),
    *(
        "<frameset>",
        "<body>",
        "</html>",
        "<base href='//[' >",
        "<pre>",
        "<link rel=canonical href='http://['>",
    ),
    "<meta property=article:published_time content=9999-12-31T23:59-23:59>",
)
IN_MAIL = (
    *_several("--b", "--b--", "=", "=?utf-8?q?", "?=", "charset=utf-7", "On 1:23 ", "wrote:\n", "> "),
    *_several("Content-Type: multipart/mixed; boundary=b\n", "Content-Type: text/html\n", "Subject: Re: x\n"),
    *_several("Content-Type: message/rfc822\n", "Content-Transfer-Encoding: base64\n", "Date: 1 Jan 2026\n"),
    *_several("From: a <a@b.example>\n", "Sent: x\nTo: y\n", "unsubscribe", "-- \n", "[1]", "begin 644 x\n"),
    *_several("---------- Forwarded message ---------\n", "https://x.example/", "From x 1:23 2026\n"),
    *_several("-----BEGIN PGP SIGNED MESSAGE-----\n\n", "<a href='https://b.example/1'>"),
)
IN_JSON = _several(
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        r"\ud800",
        r"\u0000",
        "1e999",
        "null",
        "true",
        '"text":',
        '"items":[',
        "{}",
    ),
    *("999999999999999999999", '"version": "https://jsonfeed.org/version/1"'),
)
IN_PDF = _several(
    *(
        "<<",
        ">>",
        "/Kids",
        "/Parent",
        "/Length",
        "endobj",
        "%%EOF",
        "xref",
        "trailer",
        "startxref",
        "Tf",
        "Tj",
    ),
    *(
        "cm",
        "0 R",
        "1 0 R",
        "6 0 R",
        "1",
        "999999999999999",
        "true",
        "obj",
        "stream\n",
        "null",
        "/Filter",
        "-",
    ),
)
IN_FEEDS = _several(
    *(
        "<rss version='2.0'>",
        "<channel>",
        "<item>",
        "</item>",
        "<title>",
        "<description>",
        "<![CDATA[",
        "]]>",
    ),
    *(
        "<!DOCTYPE rss [",
        "<!ENTITY b 'c'>",
        "&b;",
        "&#x110000;",
        "<pubDate>",
        "0001-01-01T00:00:00Z",
        "<guid>",
    ),
    *("<link>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<content type='", "xhtml'>", "http://["),
)

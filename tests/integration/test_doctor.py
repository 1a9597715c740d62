"""`newsletter doctor` against a name server, a mail server and a web server of its own: faults, and none."""

from __future__ import annotations

import json
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from clinic import ADDRESS, NOW, Clinic, healthy, make_keys
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from imapd import Certificates, Script, scripted_server
from nameserver import SERVFAIL, txt

from newsletter.doctor.dns import Names
from newsletter.doctor.outside import Outside
from newsletter.doctor.web import Pages, examine_web
from newsletter.model.findings import FindingState, RuleState

FAIL, WARN = FindingState.FAIL, FindingState.WARN
DOMAIN = "news.example.org"
RSA_KEY = (f"s1-rsa._domainkey.{DOMAIN}", "TXT")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_keys(tmp_path_factory.mktemp("dkim"))


@pytest.fixture
def clinic(tmp_path: Path, authority: trustme.CA, sqlite_url: str, made_keys: Any) -> Clinic:
    return healthy(tmp_path, authority, sqlite_url, *made_keys)


async def test_of_a_healthy_install_there_is_nothing_to_say_and_nothing_is_changed(clinic: Clinic) -> None:
    def rows() -> list[str]:
        with closing(sqlite3.connect(clinic.folder / "store.db")) as connection:
            return list(connection.iterdump())

    before = rows()
    found = await clinic.examine()
    assert [one for one in found.findings if one.state is not FindingState.OK] == []
    states = {rule.state for checklist in found.checklists for rule in checklist.rules}
    assert states == {RuleState.MET, RuleState.UNSEEN}
    assert rows() == before
    assert {request.split()[0] for request in clinic.requests} == {"GET"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong, and what the doctor must say of it."""

    name: str
    make_ill: Callable[[Clinic], object]
    check: str
    state: FindingState = FAIL
    #: Part of what is found.
    what: str
    #: Part of what is to be done.
    repair: str


def set_(**values: object) -> Callable[[Clinic], object]:
    """Change settings; None takes one away."""

    def make_ill(clinic: Clinic) -> None:
        clinic.settings |= values
        for name in [name for name, value in values.items() if value is None]:
            del clinic.settings[name]

    return make_ill


def world(**values: object) -> Callable[[Clinic], object]:
    """Change what is around the install."""

    def make_ill(clinic: Clinic) -> None:
        for name, value in values.items():
            setattr(clinic, name, value)

    return make_ill


def says(name: str, kind: str, *records: str) -> Callable[[Clinic], object]:
    """Change what the DNS says; without records, a name is not known."""

    def make_ill(clinic: Clinic) -> None:
        clinic.zone[name, kind] = list(records)
        if not records:
            del clinic.zone[name, kind]

    return make_ill


def spf(text: str) -> Callable[[Clinic], object]:
    return says(DOMAIN, "TXT", *txt(text))


def run_sql(statement: str) -> Callable[[Clinic], object]:
    def make_ill(clinic: Clinic) -> None:
        with closing(sqlite3.connect(clinic.folder / "store.db", isolation_level=None)) as connection:
            connection.execute(statement)

    return make_ill


def damage(clinic: Clinic) -> None:
    with closing(sqlite3.connect(clinic.folder / "store.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    file = clinic.folder / "store.db"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xff" * 4096 * 2
    file.write_bytes(content)


def break_template(clinic: Clinic) -> None:
    own = clinic.folder / "own" / "email" / "edition"
    own.mkdir(parents=True)
    (own / "body.html").write_text("{% for story in %}")
    clinic.settings["template_folder"] = str(clinic.folder / "own")


def break_page(clinic: Clinic) -> None:
    own = clinic.folder / "own" / "web"
    own.mkdir(parents=True)
    (own / "subscribe.html").write_text("{{ titel }}")
    clinic.settings["template_folder"] = str(clinic.folder / "own")


def break_letter(clinic: Clinic) -> None:
    own = clinic.folder / "own" / "email" / "confirm"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("{{ titel }}")
    clinic.settings["template_folder"] = str(clinic.folder / "own")


def many_includes(clinic: Clinic) -> None:
    names = [f"spf{n}.relay.example" for n in range(11)]
    includes = " ".join(f"include:{name}" for name in names)
    clinic.zone[DOMAIN, "TXT"] = txt(f"v=spf1 ip4:{ADDRESS} {includes} -all")
    clinic.zone |= {(name, "TXT"): txt("v=spf1 ip4:198.51.100.7 -all") for name in names}


def others_key(clinic: Clinic) -> None:
    record = clinic.zone[RSA_KEY][0]
    clinic.zone[RSA_KEY] = [record.replace("MIIBIjANBg", "MIIBIjANBh")]


def weak_key(clinic: Clinic) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (clinic.folder / "weak.pem").write_bytes(pem)
    clinic.settings["dkim_keys"] = f"s1:{clinic.folder / 'weak.pem'}"


def open_env(clinic: Clinic) -> None:
    (clinic.folder / ".env").write_text("SMTP_PASWORD=x\n")
    (clinic.folder / ".env").chmod(0o644)


def redirect(path: str, target: str) -> Callable[[Clinic], object]:
    return world(web_replies={path: (301, {"Location": target}, b"")})


SETTINGS = [
    Fault(
        name="no sender", make_ill=set_(sender_address=None), check="settings.sending",
        what="SENDER_ADDRESS is not set", repair="set it: the address that your mail comes from",
    ),
    Fault(
        name="no mail server", make_ill=set_(smtp_host=None), check="settings.sending",
        what="SMTP_HOST is not set", repair="set it: the server that takes your mail",
    ),
    Fault(
        name="a sender that is no address", make_ill=set_(sender_address="digest at example"),
        check="settings.sending", what="SENDER_ADDRESS: 'digest at example'", repair="correct SENDER_ADDRESS",
    ),
    Fault(
        name="a key that is not there", make_ill=set_(dkim_keys="s1:nowhere.pem"), check="settings.sending",
        what="nowhere.pem is not there", repair="correct DKIM_KEYS",
    ),
    Fault(
        name="pages in clear", make_ill=set_(public_url="http://news.example.org"), check="settings.sending",
        what="PUBLIC_URL: 'http://news.example.org' cannot be the base", repair="correct PUBLIC_URL",
    ),
    Fault(
        name="an address without room", make_ill=set_(bounce_address="b" * 60 + "@news.example.org"),
        check="settings.sending", what="at most", repair="correct BOUNCE_ADDRESS",
    ),
    Fault(
        name="a weak key", make_ill=weak_key, check="settings.sending",
        what="this RSA key has 1024 bits", repair="correct DKIM_KEYS",
    ),
    Fault(
        name="a short secret", make_ill=set_(secret_keys="short"), check="settings.keys", state=WARN,
        what="a key of 5 characters, which can be guessed", repair="put a long random one before it",
    ),
    Fault(
        name="no postal address", make_ill=set_(postal_address=None), check="settings.address", state=WARN,
        what="mails of news carry no postal address", repair="set POSTAL_ADDRESS",
    ),
    Fault(
        name="a misspelt setting", make_ill=open_env, check="settings.unknown", state=WARN,
        what="SMTP_PASWORD in .env is not a setting", repair="correct its name: SMTP_PASSWORD is",
    ),
    Fault(
        name="passwords for all to read", make_ill=open_env, check="settings.privacy", state=WARN,
        what="everybody on this machine can read", repair="chmod 600",
    ),
]  # fmt: skip

STORE = [
    Fault(
        name="a store of a newer release",
        make_ill=run_sql("UPDATE alembic_version SET version_num = '9999'"), check="store.tables",
        what="made by a newer release (revision 9999)", repair="install that release",
    ),
    Fault(
        name="a store of an earlier release",
        make_ill=run_sql("UPDATE alembic_version SET version_num = '0001'"), check="store.tables", state=WARN,
        what="of an earlier release (0001)", repair="make a backup first",
    ),
    Fault(
        name="a damaged store", make_ill=damage, check="store.opens",
        what="cannot be read", repair="a damaged file: restore a backup",
    ),
    Fault(
        name="a store in no folder", make_ill=set_(database_url="sqlite:////nowhere/at/all/store.db"),
        check="store.rights", what="/nowhere/at/all, where the store is to be, is not there",
        repair="mkdir /nowhere/at/all",
    ),
    Fault(
        name="a database that is none", make_ill=set_(database_url="mysql://localhost/news"),
        check="store.opens", what="'mysql' is not supported", repair="DATABASE_URL is right",
    ),
    Fault(
        name="a store for all to read", make_ill=lambda clinic: (clinic.folder / "store.db").chmod(0o644),
        check="store.privacy", state=WARN, what="readers' addresses in it", repair="chmod 600",
    ),
    Fault(
        name="another suppression key",
        make_ill=run_sql("DELETE FROM install WHERE name = 'suppression_key'"), check="store.opens",
        what="SUPPRESSION_KEY is not set", repair="DATABASE_URL",
    ),
    Fault(
        name="no folder", make_ill=set_(folders="/nowhere/documents"), check="folders.read",
        what="FOLDERS: /nowhere/documents is not there", repair="make the folder, or correct FOLDERS",
    ),
    Fault(
        name="bounces that nobody reads", make_ill=set_(bounce_mailbox=None), check="folders.bounces",
        state=WARN, what="bounces are read from nowhere", repair="set BOUNCE_MAILBOX or BOUNCE_IMAP_HOST",
    ),
    Fault(
        name="bounces without a password", make_ill=set_(bounce_imap_host="imap.example.org"),
        check="folders.bounces", what="BOUNCE_IMAP_PASSWORD is not set", repair="set it",
    ),
    Fault(
        name="templates of nothing", make_ill=set_(template_folder="/nowhere"), check="folders.templates",
        what="TEMPLATE_FOLDER: '/nowhere' is not a folder", repair="correct TEMPLATE_FOLDER",
    ),
    Fault(
        name="a broken template", make_ill=break_template, check="mail.edition",
        what="line 1: ", repair="own/email/edition/body.html, or delete it",
    ),
    Fault(
        name="a broken letter", make_ill=break_letter, check="mail.letters",
        what="the letter “confirm” cannot be made", repair="own/email/confirm/subject.txt, or delete it",
    ),
]  # fmt: skip

MAIL_SERVER = [
    Fault(
        name="nobody listens", make_ill=set_(smtp_port=1), check="smtp.reach",
        what="localhost:1 cannot be reached", repair="check SMTP_HOST and SMTP_PORT",
    ),
    Fault(
        name="a host that cannot be", make_ill=set_(smtp_host="mail..example.org"), check="smtp.reach",
        what="mail..example.org", repair="correct SMTP_HOST",
    ),
    Fault(
        name="TLS where there is none", make_ill=set_(smtp_security="tls"), check="smtp.tls",
        what="cannot agree with us on TLS", repair="set SMTP_SECURITY=starttls for port 587",
    ),
    Fault(
        name="no STARTTLS", make_ill=world(mail_tls=False), check="smtp.tls",
        what="offers no STARTTLS", repair="set SMTP_SECURITY=tls with SMTP_PORT=465",
    ),
    Fault(
        name="a certificate for another name", make_ill=world(mail_name="mx.example.org"),
        check="smtp.certificate", what="does not verify",
        repair="set SMTP_HOST to the name that the certificate is for",
    ),
    Fault(
        name="a certificate that ends soon",
        make_ill=world(certificates_end=NOW + timedelta(days=800), now=NOW + timedelta(days=795)),
        check="smtp.certificate", state=WARN, what="in 5 days", repair="have the owner of localhost renew it",
    ),
    Fault(
        name="a wrong password", make_ill=set_(smtp_password="guess"), check="smtp.sign-in",
        what="refused the sign-in (535", repair="correct SMTP_USERNAME and SMTP_PASSWORD",
    ),
    Fault(
        name="no room", make_ill=world(mail_size=50_000), check="smtp.size",
        what="takes at most 50,000 bytes, and an edition has 200,000", repair="ask for a higher limit",
    ),
    Fault(
        name="a sender who is not ours", make_ill=world(mail_reply="553 5.7.1 not owned by user"),
        check="smtp.sender", what="takes nothing from bounces@news.example.org: MAIL: 553",
        repair="allow that sender there",
    ),
    Fault(
        name="a clock that is wrong",
        make_ill=world(mail_ident="ESMTP; Mon, 23 Nov 2026 07:00:00 +0000"), check="smtp.clock",
        what="our clock is 3,600 s behind that of localhost", repair="timedatectl set-ntp true",
    ),
    Fault(
        name="in clear over the network", make_ill=set_(smtp_host="mail.example.org", smtp_security="none"),
        check="smtp.tls", what="would send mail to mail.example.org in clear",
        repair="set SMTP_SECURITY=starttls",
    ),
]  # fmt: skip

PAGES = [
    Fault(
        name="no such host", make_ill=says(DOMAIN, "A"), check="web.address",
        what="which the DNS does not know", repair=f"publish an A or AAAA record at {DOMAIN}",
    ),
    Fault(
        name="a private address", make_ill=world(is_public=lambda address: False), check="web.address",
        state=WARN, what="only this network can open", repair="an https address that your readers can reach",
    ),
    Fault(
        name="another certificate", make_ill=world(web_name="www.example.org"), check="web.certificate",
        what="does not verify", repair=f"get one for {DOMAIN}",
    ),
    Fault(
        name="nobody listens", make_ill=set_(public_url=f"https://{DOMAIN}:1"), check="web.reach",
        what="cannot be reached", repair="start `newsletter run`",
    ),
    Fault(
        name="nothing behind the web server",
        make_ill=world(web_replies={"/": (502, {}, b"bad gateway")}), check="web.reach",
        what="a web server is there, and nothing behind it", repair="start `newsletter run`",
    ),
    Fault(
        name="something else", make_ill=world(web_replies={"/healthz": (200, {}, b"welcome to the blog")}),
        check="web.ours", what="something else is there", repair="correct PUBLIC_URL",
    ),
    Fault(
        name="a redirect to another path", make_ill=redirect("/healthz", "/news/healthz"),
        check="web.redirect", what="is redirected to", repair="/news, or end the redirect",
    ),
    Fault(
        name="other keys", make_ill=world(web_secret="a key of another service"), check="web.one-click",
        what="do not know our links", repair="with the same SECRET_KEYS",
    ),
    Fault(
        name="a page that cannot be made",
        make_ill=break_page, check="web.pages", what="the first page cannot be made", repair="see the log",
    ),
    Fault(
        name="links that need a sign-in",
        make_ill=world(web_replies={"/u/": (401, {}, b"who are you?")}), check="web.one-click",
        what="readers would have to sign in", repair="let everybody reach /u/",
    ),
    Fault(
        name="links that are redirected", make_ill=redirect("/u/", "/leave"), check="web.one-click",
        what="unsubscribe links are redirected", repair="without a redirect",
    ),
    Fault(
        name="a clock that is wrong", make_ill=world(web_clock=NOW - timedelta(minutes=3)),
        check="web.clock", state=WARN, what="180 s ahead of", repair="timedatectl set-ntp true",
    ),
]  # fmt: skip

SPF = [
    Fault(
        name="none", make_ill=says(DOMAIN, "TXT", *txt("another-service=1")), check="dns.spf",
        what="has no SPF record", repair=f"publish a TXT record at {DOMAIN}: v=spf1 ip4:{ADDRESS} -all",
    ),
    Fault(
        name="two", make_ill=says(DOMAIN, "TXT", *txt(f"v=spf1 ip4:{ADDRESS} -all", "v=spf1 mx -all")),
        check="dns.spf", what="has 2 SPF records", repair="put their terms together in one record",
    ),
    Fault(
        name="a misspelt term", make_ill=spf(f"v=spf1 ipv4:{ADDRESS} -all"), check="dns.spf",
        what=f"'ipv4:{ADDRESS}' is no term", repair=f"correct 'ipv4:{ADDRESS}'",
    ),
    Fault(
        name="too many look-ups", make_ill=many_includes, check="dns.spf",
        what="takes 11 look-ups, and receivers give up after 10", repair="take out includes",
    ),
    Fault(
        name="an include of nothing", make_ill=says("spf.relay.example", "TXT"), check="dns.spf",
        what="names spf.relay.example, which has no SPF record", repair="take spf.relay.example out",
    ),
    Fault(
        name="terms of nothing",
        make_ill=spf(f"v=spf1 ip4:{ADDRESS} a:a.example a:b.example mx:c.example -all"), check="dns.spf",
        what="names what the DNS does not know: a:a.example, a:b.example, mx:c.example",
        repair="take these terms out",
    ),
    Fault(
        name="open to all", make_ill=spf(f"v=spf1 ip4:{ADDRESS} +all"), check="dns.spf",
        what="lets anybody send (+all)", repair="replace +all with -all",
    ),
    Fault(
        name="no end", make_ill=spf(f"v=spf1 ip4:{ADDRESS}"), check="dns.spf", state=WARN,
        what="does not end with -all", repair="end the record with -all",
    ),
    Fault(
        name="without us", make_ill=spf("v=spf1 include:spf.relay.example -all"), check="dns.spf", state=WARN,
        what=f"does not let {ADDRESS} send, which is this machine: fail",
        repair=f"put ip4:{ADDRESS} before its all",
    ),
    Fault(
        name="no answer", make_ill=says(DOMAIN, "TXT", SERVFAIL), check="dns.spf", state=WARN,
        what="the name servers refuse or fail to say TXT", repair="DNS_SERVERS",
    ),
]  # fmt: skip

SIGNATURES = [
    Fault(
        name="not published", make_ill=says(*RSA_KEY), check="dns.dkim",
        what=f"no DKIM key at {RSA_KEY[0]}",
        repair="publish the TXT record that `newsletter dkim show` prints",
    ),
    Fault(
        name="another key", make_ill=others_key, check="dns.dkim",
        what="is not the one that signs", repair="replace it with the TXT record that `newsletter dkim show`",
    ),
    Fault(
        name="revoked", make_ill=says(*RSA_KEY, *txt("v=DKIM1; k=rsa; p=")), check="dns.dkim",
        what="is revoked", repair="replace it",
    ),
    Fault(
        name="no key here", make_ill=set_(dkim_keys=None), check="dns.dkim", state=WARN,
        what="messages are not signed here", repair="newsletter dkim generate",
    ),
    Fault(
        name="no DMARC", make_ill=says("_dmarc.example.org", "TXT"), check="dns.dmarc",
        what="has no DMARC record",
        repair="at _dmarc.example.org: v=DMARC1; p=none; rua=mailto:digest@news.example.org",
    ),
    Fault(
        name="DMARC twice",
        make_ill=says("_dmarc.example.org", "TXT", *txt("v=DMARC1; p=none", "v=DMARC1; p=reject")),
        check="dns.dmarc", what="has 2 DMARC records", repair="delete all of them but one",
    ),
    Fault(
        name="DMARC without a policy", make_ill=says("_dmarc.example.org", "TXT", *txt("v=DMARC1; p=all")),
        check="dns.dmarc", what="no policy that receivers know (p=all)", repair="set p=none",
    ),
    Fault(
        name="DMARC that does nothing", make_ill=says("_dmarc.example.org", "TXT", *txt("v=DMARC1; p=none")),
        check="dns.dmarc", state=WARN, what="asks for nothing", repair="add rua=mailto:",
    ),
    Fault(
        name="of nobody we know",
        make_ill=set_(bounce_address="bounces@elsewhere.example", dkim_domain="elsewhere.example"),
        check="dns.alignment", what="neither SPF nor DKIM vouches for that",
        repair=f"set BOUNCE_ADDRESS and DKIM_DOMAIN to {DOMAIN}",
    ),
    Fault(
        name="a provider's domain", make_ill=set_(sender_address="harbour@gmail.com"), check="dns.alignment",
        what="gmail.com belongs to a mailbox provider", repair="an address at a domain of your own",
    ),
]  # fmt: skip

RECEIVING = [
    Fault(
        name="no mail wanted", make_ill=says(DOMAIN, "MX", "0 ."), check="dns.mx",
        what="takes no mail (null MX)", repair=f"publish an MX record at {DOMAIN}",
    ),
    Fault(
        name="a dead mail server", make_ill=says(DOMAIN, "MX", "10 gone.example.org."), check="dns.mx",
        what="names gone.example.org, which has no address", repair="give gone.example.org an address",
    ),
    Fault(
        name="no MX", make_ill=says(DOMAIN, "MX"), check="dns.mx", state=WARN,
        what="has no MX record", repair=f"publish an MX record at {DOMAIN}",
    ),
    Fault(
        name="no PTR", make_ill=says("9.113.0.203.in-addr.arpa", "PTR"), check="dns.reverse",
        what=f"{ADDRESS}, where your mail leaves from, has no PTR record", repair="set its PTR",
    ),
    Fault(
        name="a PTR that leads elsewhere", make_ill=says("mx.example.org", "A", "192.0.2.77"),
        check="dns.reverse", what="does not lead back to it",
        repair=f"give mx.example.org an A or AAAA record with {ADDRESS}",
    ),
    Fault(
        name="an address that nobody sees", make_ill=world(own=[]), check="dns.reverse", state=WARN,
        what="its public address cannot be seen from here", repair="see that its PTR record",
    ),
]  # fmt: skip


FAULTS = [*SETTINGS, *STORE, *MAIL_SERVER, *PAGES, *SPF, *SIGNATURES, *RECEIVING]


def _params() -> list[Any]:
    """One fault of each check in the plain run, the others in the sweep."""
    known: set[str] = set()
    params = []
    for fault in FAULTS:
        marks = [pytest.mark.sweep] if fault.check in known else []
        known.add(fault.check)
        params.append(pytest.param(fault, id=f"{fault.check}: {fault.name}", marks=marks))
    return params


@pytest.mark.parametrize("fault", _params())
async def test_each_fault_is_named_with_its_repair(clinic: Clinic, fault: Fault) -> None:
    fault.make_ill(clinic)
    found = await clinic.examine(only=(fault.check,))
    bad = [one for one in found.findings if one.state is not FindingState.OK]
    assert [(one.check, one.state) for one in bad] == [(fault.check, fault.state)]
    assert fault.what in bad[0].what
    assert fault.repair in bad[0].repair
    assert found.has_failed is (fault.state is FAIL)


def known_as(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a name be one of this machine."""
    looked_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **options: looked_up("127.0.0.1" if host == name else host, *args, **options),
    )


async def test_of_a_relay_the_reverse_names_are_its_own_matter(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_as("smtp.relay.example", monkeypatch)
    clinic.settings["smtp_host"] = clinic.mail_name = "smtp.relay.example"
    clinic.zone["smtp.relay.example", "A"] = ["198.51.100.1"]
    del clinic.zone["9.113.0.203.in-addr.arpa", "PTR"]
    found = await clinic.examine(("dns", "smtp"))
    assert [one for one in found.findings if one.state is not FindingState.OK] == []
    words = {one.check: one.what for one in found.findings}
    assert (
        words["dns.reverse"]
        == "smtp.relay.example sends your mail: the names of its addresses are its matter"
    )
    assert "it lets 198.51.100.1 send" in words["dns.spf"]
    assert words["smtp.reach"].startswith("smtp.relay.example:")


async def test_a_mail_server_that_nobody_knows(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *args: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    clinic.settings["smtp_host"] = "mail.example.org"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (finding,) = (await clinic.examine(("smtp",))).findings
    assert (finding.check, "mail.example.org:" in finding.what) == ("smtp.reach", True)
    assert finding.repair == "correct SMTP_HOST: no address is known for that name"


async def test_a_server_that_answers_no_farewell_has_its_certificate_all_the_same(
    authority: trustme.CA,
) -> None:
    """It was told as one that does not answer: we waited for the end of the connection."""
    serving, trusting = (ssl.SSLContext(one) for one in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    released = threading.Event()

    def serve(listening: socket.socket) -> None:
        with serving.wrap_socket(listening.accept()[0], server_side=True):
            # Nobody else gets in, and whoever is in gets no word.
            listening.close()
            released.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        pages = Pages(url=f"https://127.0.0.1:{listening.getsockname()[1]}", link_of_nobody="")
        outside = Outside(tls=trusting, is_public=lambda address: True)
        found = await examine_web(pages, Names(), outside, clock=lambda: NOW)
    released.set()
    thread.join(20)
    states = {one.check: one.state for one in found}
    assert states["web.certificate"] is FindingState.OK


async def test_a_page_for_this_machine_alone_is_known_without_the_dns(clinic: Clinic) -> None:
    async def known_here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    del clinic.zone[DOMAIN, "A"]
    clinic.known_here = known_here
    clinic.is_public = lambda address: False
    bad = [one for one in (await clinic.examine(("web",))).findings if one.state is not FindingState.OK]
    assert [(one.check, one.state) for one in bad] == [("web.address", WARN)]


async def test_accounts_of_bounces_and_news_are_signed_in_to(clinic: Clinic, authority: trustme.CA) -> None:
    script = Script(
        answers={
            b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nOK done",
            b"LOGIN WRONG": b"NO no such name",
            b"EXAMINE": b"* 1 EXISTS\r\nOK done",
        }
    )
    with scripted_server(Certificates(authority=authority), script) as port:
        clinic.settings |= {
            "bounce_imap_host": "localhost",
            "bounce_imap_port": port,
            "bounce_imap_username": "wrong",
            "bounce_imap_password": "opensesame",
            "mailboxes": (f"imaps://news:opensesame@localhost:{port}/INBOX",),
        }
        found = {one.check: one for one in (await clinic.examine(("imap",))).findings}
    assert {check: one.state for check, one in found.items()} == {
        "imap.bounces": FAIL,
        "imap.news": FindingState.OK,
    }
    assert "no such name" in found["imap.bounces"].what
    assert found["imap.bounces"].repair == "correct BOUNCE_IMAP_USERNAME and BOUNCE_IMAP_PASSWORD"
    assert not [command for command in script.commands if command.startswith((b"SELECT", b"UID", b"STORE"))]
    [unlooked] = (await clinic.examine(("imap",), network=False)).findings
    assert (unlooked.check, unlooked.state) == ("imap.time", WARN)
    clinic.settings["mailboxes"] = ("imaps://news@localhost/INBOX",)
    told = (await clinic.examine(("folders.mailboxes",))).findings
    assert [(one.state, "has no password" in one.what) for one in told] == [(FAIL, True)]


async def test_without_the_network_nobody_is_asked(clinic: Clinic) -> None:
    found = await clinic.examine(network=False)
    unlooked = [one for one in found.findings if one.state is not FindingState.OK]
    assert [(one.check, one.state) for one in unlooked] == [
        (f"{group}.time", WARN) for group in ("smtp", "web", "dns")
    ]
    assert all("--no-network" in one.what and one.repair for one in unlooked)
    assert (clinic.requests, clinic.senders, found.has_failed) == ([], [], False)
    assert {rule.state for checklist in found.checklists for rule in checklist.rules} == {
        *(RuleState.MET, RuleState.OPEN, RuleState.UNSEEN)
    }


async def test_where_no_name_server_answers_that_is_said_and_is_no_failure(clinic: Clinic) -> None:
    clinic.zone = {key: [SERVFAIL] for key in clinic.zone}
    clinic.zone |= {(f"_dmarc.{DOMAIN}", "TXT"): [SERVFAIL], (DOMAIN, "AAAA"): [SERVFAIL]}
    found = await clinic.examine(("dns", "web"))
    bad = {one.check for one in found.findings if one.state is WARN}
    assert bad == {"dns.spf", "dns.dkim", "dns.dmarc", "dns.mx", "dns.reverse", "web.address"}
    assert not found.has_failed
    assert all("DNS_SERVERS" in one.repair for one in found.findings if one.state is WARN)


@pytest.mark.sweep
@pytest.mark.parametrize("fault", FAULTS[::2], ids=lambda fault: f"{fault.check}: {fault.name}")
async def test_a_fault_is_found_among_everything_and_ends_as_json(clinic: Clinic, fault: Fault) -> None:
    fault.make_ill(clinic)
    found = await clinic.examine()
    bad = [one for one in found.findings if one.state is not FindingState.OK]
    assert (fault.check, fault.state) in [(one.check, one.state) for one in bad]
    assert all(one.repair and "\n" not in one.what + one.repair for one in bad)
    # What follows from a fault may be found as well; what has nothing to do with it may not.
    assert len(bad) <= 4, [one.what for one in bad]
    assert json.loads(json.dumps(asdict(found), default=str))["findings"]


async def test_one_list_is_looked_at_alone(clinic: Clinic) -> None:
    clinic.settings["lists"] = [
        {"name": "daily"},
        {"name": "other", "sender_address": "digest@elsewhere.example"},
    ]
    both = await clinic.examine(("dns",))
    one = await clinic.examine(("dns",), list_name="daily")
    assert both.has_failed
    assert not one.has_failed


async def test_a_database_on_a_server_is_looked_at_too(clinic: Clinic, postgres_url: str) -> None:
    clinic.settings["database_url"] = postgres_url
    found = await clinic.examine(("store",))
    assert [(one.check, one.state) for one in found.findings] == [
        ("store.opens", FindingState.OK),
        ("store.rights", FindingState.OK),
    ]
    assert found.findings[0].what.startswith("PostgreSQL ")


async def test_all_senders_are_asked_about_in_one_visit(clinic: Clinic) -> None:
    del clinic.settings["bounce_address"]
    clinic.settings["lists"] = [
        {"name": "daily"},
        {"name": "other", "sender_address": "other@news.example.org"},
        {"name": "third", "sender_address": "other@news.example.org"},
    ]
    found = await clinic.examine(("smtp.sender",))
    assert clinic.senders == ["digest@news.example.org", "other@news.example.org"]
    assert [one.what for one in found.findings] == [
        f"it takes mail from {sender}" for sender in clinic.senders
    ]

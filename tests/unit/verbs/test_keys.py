"""Keys on disk: made once, read with clear words, put to use for the right domain."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from newsletter import keys
from newsletter.app import App
from newsletter.errors import DkimKeyError, SettingsError
from newsletter.messages.dkim_keys import DkimKey
from newsletter.model.keys import KeyFile, KeyType
from newsletter.settings import load

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BOTH = tuple(KeyType)
MESSAGE = b"From: news@brief.example\r\nSubject: s\r\n\r\nbody\r\n"


def verified(message: bytes, domain: str, files: list[KeyFile]) -> list[bool]:
    made = keys.published(files, domains=[domain])
    records = {f"{key.record.name}.".encode(): key.record.value.encode() for key in made}
    checks = [dkim.DKIM(message) for _ in files]
    return [
        check.verify(index, dnsfunc=lambda name, timeout=5: records.get(name))
        for index, check in enumerate(checks)
    ]


def test_made_keys_are_their_owners_alone_and_sign() -> None:
    made = keys.generate(Path("a/dkim"), domains=["brief.example"], selector="s1", key_types=BOTH)
    assert [str(key.file) for key in made] == ["s1-rsa:a/dkim/s1-rsa.pem", "s1-ed25519:a/dkim/s1-ed25519.pem"]
    for key in made:
        assert stat.S_IMODE(key.file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path("a/dkim").stat().st_mode) == 0o700
    files = [key.file for key in made]
    assert keys.published(files, domains=["brief.example"]) == made
    signer = keys.signing(files, domain="", sender_domains=["brief.example"])
    signed = signer("brief.example").sign(MESSAGE, now=NOW) + MESSAGE
    assert verified(signed, "brief.example", files) == [True, True]


def test_a_key_in_the_home_folder_is_found_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (made,) = keys.generate(Path("~/k"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    assert made.file.path == tmp_path / "home" / "k" / "s1.pem"
    assert keys.read_keys([KeyFile(selector="s1", path=Path("~/k/s1.pem"))])[0].selector == "s1"


def test_one_type_keeps_the_selector_as_it_is() -> None:
    (key,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    assert (key.file.selector, key.record.name) == ("s1", "s1._domainkey.a.example")


def test_a_file_is_never_overwritten_and_nothing_half_done_is_left() -> None:
    Path("dkim").mkdir()
    Path("dkim/s1-ed25519.pem").write_text("precious")
    with pytest.raises(DkimKeyError, match="dkim/s1-ed25519.pem is there already"):
        keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=BOTH)
    assert [path.name for path in Path("dkim").iterdir()] == ["s1-ed25519.pem"]
    assert Path("dkim/s1-ed25519.pem").read_text() == "precious"


def test_a_link_in_the_place_of_a_new_file_is_not_followed() -> None:
    Path("dkim").mkdir()
    Path("dkim/s1.pem").symlink_to("elsewhere")
    with pytest.raises(DkimKeyError, match="is there already"):
        keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize(
    ("folder", "domain", "selector", "message"),
    [
        ("dkim", "localhost", "s1", "'localhost' is not a domain"),
        ("dkim", "a.example", "../s1", "'../s1-rsa' is not a selector"),
        ("dkim,old", "a.example", "s1", "holds a comma"),
    ],
)
def test_what_could_not_be_used_is_not_made(folder: str, domain: str, selector: str, message: str) -> None:
    with pytest.raises(DkimKeyError, match=message):
        keys.generate(Path(folder), domains=[domain], selector=selector, key_types=BOTH)
    assert not Path(folder).exists()


def test_a_file_that_is_no_key_is_named() -> None:
    Path("folder").mkdir()
    Path("wrong.pem").write_text("hello")
    for path, message in (
        ("~nobody-of-that-name/a.pem", "^DKIM_KEYS: ~nobody-of-that-name/a.pem is not there"),
        ("none.pem", "^DKIM_KEYS: none.pem is not there: `newsletter dkim generate` makes keys$"),
        ("folder", "^DKIM_KEYS: folder cannot be read: Is a directory$"),
        ("wrong.pem", "^DKIM_KEYS: s1:wrong.pem: there is no private key"),
    ):
        with pytest.raises(DkimKeyError, match=message):
            keys.read_keys([KeyFile(selector="s1", path=Path(path))])


def test_two_keys_of_one_selector_are_refused() -> None:
    (made,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    twice = [made.file, KeyFile(selector="S1", path=made.file.path)]
    with pytest.raises(DkimKeyError, match="selector s1 names more than one key"):
        keys.published(twice, domains=["a.example"])
    with pytest.raises(DkimKeyError, match="selector s1 names more than one key"):
        keys.signing(twice, domain="a.example", sender_domains=[])


def test_each_sender_is_signed_for_its_own_domain_unless_one_is_set() -> None:
    (made,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    own = keys.signing([made.file], domain="", sender_domains=["a.example"])
    assert b" d=a.example;" in own("a.example").sign(MESSAGE, now=NOW)
    assert b" d=b.example;" in own("b.example").sign(MESSAGE, now=NOW)
    one = keys.signing([made.file], domain="example.org", sender_domains=["a.example"])
    assert b" d=example.org;" in one("a.example").sign(MESSAGE, now=NOW)


def test_a_domain_that_cannot_sign_is_found_before_anything_is_sent() -> None:
    (made,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    for domain, senders in (("", ["a.example", "localhost"]), ("localhost", ["a.example"])):
        with pytest.raises(DkimKeyError, match="'localhost' is not a domain"):
            keys.signing([made.file], domain=domain, sender_domains=senders)


def test_what_is_odd_is_told() -> None:
    (made,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    missing = KeyFile(selector="s2", path=Path("none.pem"))

    def oddities(domain: str, sender: str) -> list[str]:
        return list(keys.oddities([made.file, missing], domain=domain, sender_domains=[sender]))

    assert oddities("", "mail.example.org") == []
    assert oddities("example.org", "mail.Example.org") == oddities("a.example.org", "b.example.org") == []
    assert oddities("Bücher.example", "xn--bcher-kva.example") == []
    assert "DMARC will not count" in oddities("example.org", "example.net")[0]
    assert len(oddities("no domain", "example.net")) == 1
    nowhere = KeyFile(selector="s3", path=Path("~nobody-of-that-name/a.pem"))
    assert list(keys.oddities([nowhere], domain="", sender_domains=[])) == []
    made.file.path.chmod(0o644)
    assert oddities("", "a.example") == [
        "dkim/s1.pem can be read by everybody on this machine: chmod 600 dkim/s1.pem"
    ]


def test_the_setting_is_read_from_all_its_places(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (KeyFile(selector="s1", path=Path("a.pem")), KeyFile(selector="s2", path=Path("/k/b:c.pem")))
    Path("newsletter.toml").write_text('dkim_keys = ["s1:a.pem", "s2:/k/b:c.pem"]\n')
    assert load().dkim_keys == expected
    monkeypatch.setenv("DKIM_KEYS", " s1 : a.pem, s2:/k/b:c.pem,")
    assert load().dkim_keys == expected
    assert ("DKIM_KEYS", "s1:a.pem, s2:/k/b:c.pem") in [row[:2] for row in App(load()).config()]


@pytest.mark.parametrize("value", ["a.pem", ":a.pem", "s1:", "s1:{pem}", "{pem}"])
def test_a_wrong_setting_is_told_and_no_key_is_shown(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    pem = DkimKey.generate(KeyType.ED25519, selector="s1").to_pem().decode()
    monkeypatch.setenv("DKIM_KEYS", value.format(pem=pem))
    with pytest.raises(
        SettingsError, match=r"DKIM_KEYS\[0\]: \(hidden\) is wrong: .* such as s1:dkim/s1"
    ) as caught:
        load()
    assert pem.splitlines()[1] not in str(caught.value)


def test_the_app_shows_what_the_dns_of_each_sender_must_say() -> None:
    (made,) = keys.generate(Path("dkim"), domains=["a.example"], selector="s1", key_types=[KeyType.ED25519])
    Path("newsletter.toml").write_text(
        'dkim_keys = ["s1:dkim/s1.pem"]\n[[lists]]\nname = "a"\nsender_address = "x@a.example"\n'
        '[[lists]]\nname = "b"\nsender_address = "x@bücher.example"\n[[lists]]\nname = "c"\n'
    )
    assert [key.record.name for key in App.load().keys.published()] == [
        "s1._domainkey.a.example",
        "s1._domainkey.xn--bcher-kva.example",
    ]
    assert App.load(dkim_domain="c.example").keys.domains() == ["c.example"]
    assert len(App.load(dkim_domain="c.example").warnings()) == 2
    assert made.file.path.exists()

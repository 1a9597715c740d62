from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.decode import decode

ENGLISH = "The mayor said the café would reopen – “at last” – on Friday."
GERMAN = "Der Bürgermeister sagte, die Brücke werde im Frühjahr geöffnet. Über die Kosten schwieg er."
FRENCH = "Le ministère a annoncé que la réforme entrerait en vigueur l’an prochain. Les élus s’y opposent."
POLISH = "Burmistrz powiedział, że most zostanie otwarty wiosną. Mieszkańcy są zadowoleni z tej decyzji."
CZECH = "Starosta řekl, že most bude otevřen na jaře. Obyvatelé jsou spokojeni, i když náklady vzrostly."
TURKISH = "Belediye başkanı köprünün ilkbaharda açılacağını söyledi. Maliyetler yarı yarıya arttı."
RUSSIAN = "Мэр сообщил, что мост откроется весной. Жители довольны, хотя расходы выросли наполовину."
UKRAINIAN = "Міський голова повідомив, що міст відкриють навесні. Мешканці задоволені."
GREEK = "Ο δήμαρχος είπε ότι η γέφυρα θα ανοίξει την άνοιξη. Οι κάτοικοι είναι ικανοποιημένοι."
HEBREW = "ראש העיר אמר שהגשר ייפתח באביב. התושבים מרוצים אף שההוצאות גדלו במחצית."
ARABIC = "قال رئيس البلدية إن الجسر سيفتح في الربيع. السكان راضون رغم ارتفاع التكاليف."
JAPANESE = "市長は、橋は春に開通すると述べた。住民は喜んでいるが、費用は半分増えた。"
CHINESE = "市长表示，大桥将于春季通车。居民们很高兴，尽管费用增加了一半。"
KOREAN = "시장은 다리가 봄에 개통될 것이라고 말했다. 주민들은 기뻐하고 있다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "utf-8"),
        (ENGLISH, "cp1252"),
        (ENGLISH, "mac-roman"),
        (ENGLISH, "utf-16"),
        (ENGLISH, "utf-16-le"),
        (ENGLISH, "utf-16-be"),
        (ENGLISH, "utf-32"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859-2"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
        (UKRAINIAN, "cp1251"),
        (UKRAINIAN, "koi8_u"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "cp949"),
    ],
)
def test_an_encoding_is_told_by_its_letters(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-8"])
def test_a_byte_order_mark_decides(encoding: str) -> None:
    text, name = decode(f"\ufeff{JAPANESE}".encode(encoding))
    assert text == JAPANESE
    assert name == {"utf-8": "utf-8-sig"}.get(encoding, encoding[:6])


@pytest.mark.parametrize("short", ["café", "“Hello”", "naïve résumé", "Ü", "It’s"])
def test_a_short_western_text_is_read_as_such(short: str) -> None:
    assert decode(short.encode("cp1252")) == (short, "cp1252")
    assert decode(short.encode()) == (short, "utf-8")


def test_the_one_odd_byte_may_stand_far_behind() -> None:
    text, encoding = decode(b"plain words " * 20_000 + b"it\x92s")
    assert (text[-4:], encoding) == ("it’s", "cp1252")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x\x00y", RefusalReason.BINARY),
        (bytes(range(256)) * 8, RefusalReason.BINARY),
        (b"\x1b[31mred\x1b[0m", RefusalReason.BINARY),
        (b"\xff\xfe\x00", RefusalReason.ENCODING),
        (b"\xff\xfe\x00\xd8a\x00", RefusalReason.ENCODING),
        (b"\xef\xbb\xbfcaf\xe9", RefusalReason.ENCODING),
        (b"\xff\xfex\x00\x00\x00", RefusalReason.BINARY),
        (FRENCH.encode() + b"\xff", RefusalReason.ENCODING),
        (FRENCH.encode()[:-1] + "’".encode()[:2], RefusalReason.ENCODING),
        (bytes(range(128, 256)), RefusalReason.ENCODING),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, reason: RefusalReason) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        decode(content)
    assert caught.value.reason is reason
    assert caught.value.detail


def test_a_few_stray_control_characters_are_forgiven() -> None:
    assert decode(b"Short text.\r\n\x1a")[1] == "utf-8"
    assert decode(b"word " * 100 + b"\x07\x1a" * 5)[1] == "utf-8"


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(content: bytes) -> None:
    try:
        text, encoding = decode(content)
    except DocumentRefusedError:
        return
    assert content.decode(encoding) == text
    assert "\0" not in text


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<{%\ufeff"), max_size=200))
def test_utf_8_is_never_taken_for_anything_else(text: str) -> None:
    if not text.startswith("PK\x03\x04"):
        assert decode(text.encode()) == (text, "utf-8")

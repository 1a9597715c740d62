"""From bytes to characters: which encoding a file is in, or why it is not text."""

import codecs
import re
from collections.abc import Mapping
from types import MappingProxyType

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason

#: Longer marks first: the mark of UTF-16 LE begins that of UTF-32 LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 32_768
#: One control character is forgiven (DOS ended its files with one), and one more in so many characters.
_CONTROL_DIVISOR = 50
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
#: A text with a smaller share of letters beyond ASCII, or with fewer of them, is in Latin letters.
_LATIN_SHARE = 0.4
_LATIN_BYTES = 6

_PUNCTUATION = frozenset("“”‘’„‚«»‹›–—…•·°€£§©®™¿¡ºª½¼¾²³×\xa0\xad")
_WEST = ("àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúü", "àèéìîòóù", "áâãàçéêíóôõúü", "åäöéü", "æøåéòô", "áðéíóúýþæö")
_CENTRE = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "äöüß")
#: Encodings of Latin letters in order of preference, each with the letters of its languages.
_LATIN: Mapping[str, tuple[frozenset[str], ...]] = MappingProxyType(
    {
        name: tuple(frozenset(letters + letters.upper().replace("SS", "")) for letters in alphabets)
        for name, alphabets in (
            ("cp1252", _WEST),
            ("cp1250", _CENTRE),
            ("iso8859-2", _CENTRE),
            ("cp1254", ("çğıöşüâîûİ",)),
            ("mac-roman", _WEST),
        )
    }
)
_LATIN_CERTAINTY = 0.9
_OTHER_SCRIPTS = (
    *("cp1251", "koi8_r", "koi8_u", "cp1253", "cp1255", "cp1256"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
_JAPANESE = frozenset({"cp932", "euc_jp"})
_KANA = re.compile(r"[\u3041-\u30ff]")


def decode(content: bytes) -> tuple[str, str]:
    """Turn a file's bytes into characters.

    A byte order mark decides; else UTF-8 (RFC 3629) if the bytes are valid in it, UTF-16 without a mark if
    they clearly are that, and then the older encodings of single scripts, told by their letters.

    Args:
        content: The whole file.

    Returns:
        The characters, and Python's name of the encoding.

    Raises:
        DocumentRefusedError: BINARY or ENCODING.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode_marked(content, encoding), encoding
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        text, damage = "", error.start
    else:
        if _is_text(text):
            return text, "utf-8"
        damage = -1
    unmarked = _decode_unmarked_utf16(content)
    if unmarked:
        return unmarked
    if damage < 0 or not _is_text(content[:_SAMPLE_BYTES].decode("latin-1")) or b"\0" in content:
        raise DocumentRefusedError(RefusalReason.BINARY, "control bytes that no text holds")
    return _decode_legacy(content, damage)


def _decode_marked(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        detail = (
            f"marked as {encoding.removesuffix('-sig').upper()}, but byte {error.start} is not valid in it"
        )
        raise DocumentRefusedError(RefusalReason.ENCODING, detail) from error
    if not _is_text(text):
        raise DocumentRefusedError(RefusalReason.BINARY, "control characters that no text holds")
    return text


def _is_text(text: str) -> bool:
    if "\0" in text:
        return False
    return (len(_CONTROL.findall(text)) - 1) * _CONTROL_DIVISOR <= len(text)


def _decode_unmarked_utf16(content: bytes) -> tuple[str, str] | None:
    """Decode UTF-16 without a mark: half of its bytes are almost always the same (the script's number)."""
    sample = content[: _SAMPLE_BYTES & ~1]
    if len(content) % 2 or len(sample) < 8:
        return None
    for encoding, half in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        frequent = sorted((half.count(value) for value in range(256)), reverse=True)
        if sum(frequent[:2]) < 0.85 * len(half):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        words = sum(char.isalnum() or char.isspace() for char in text[:4096])
        if _is_text(text) and words > 0.7 * len(text[:4096]) and any(ord(c) < 256 for c in text[:4096]):
            return text, encoding
    return None


def _decode_legacy(content: bytes, damage: int) -> tuple[str, str]:
    intact = content.decode("utf-8", "ignore")
    high_bytes = len(_HIGH_BYTE.findall(content))
    multibyte = sum(len(char.encode()) for char in intact if char > "\x7f")
    if multibyte > 0.5 * high_bytes and multibyte > 2:
        # Read as anything else, such a file would reach readers as mojibake.
        raise DocumentRefusedError(RefusalReason.ENCODING, f"UTF-8, but damaged at byte {damage}")
    sample = _sample(content)
    letters = sum(byte > 127 or 64 < (byte & ~32) < 91 for byte in sample)
    foreign = len(_HIGH_BYTE.findall(sample))
    candidates = [*_other_candidates(sample)]
    if foreign < _LATIN_SHARE * letters or foreign < _LATIN_BYTES:
        candidates = [*_latin_candidates(sample), *candidates]
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DocumentRefusedError(RefusalReason.ENCODING, "save the file as UTF-8")


def _sample(content: bytes) -> bytes:
    """Return the part of the file around its first byte beyond ASCII, cut at line or word ends."""
    match = _HIGH_BYTE.search(content)
    first = max(0, (match.start() if match else 0) - _SAMPLE_BYTES // 2)
    sample = content[first : first + _SAMPLE_BYTES]
    if first + _SAMPLE_BYTES < len(content):
        end = max(sample.rfind(b"\n"), sample.rfind(b" "))
        sample = sample[:end] if end > 0 else sample
    return sample


def _latin_candidates(sample: bytes) -> list[str]:
    scores = {name: _latin_score(sample, name, alphabets) for name, alphabets in _LATIN.items()}
    good = [name for name, score in scores.items() if score >= _LATIN_CERTAINTY]
    return sorted(good, key=lambda name: -scores[name])


def _latin_score(sample: bytes, encoding: str, alphabets: tuple[frozenset[str], ...]) -> float:
    """Return the share of the characters beyond ASCII that fit the best of the encoding's languages."""
    beyond = [char for char in sample.decode(encoding, "replace") if char > "\x7f"]
    letters = [char for char in beyond if char not in _PUNCTUATION]
    if not letters:
        return 1.0
    return max(sum(char in alphabet for char in letters) for alphabet in alphabets) / len(letters)


def _other_candidates(sample: bytes) -> list[str]:
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=list(_OTHER_SCRIPTS)))

    def rank(position: int) -> tuple[float, int]:
        """Return what candidates are sorted by: Japanese with kana in it first, then the least chaotic."""
        match = matches[position]
        kana = match.encoding in _JAPANESE and len(_KANA.findall(str(match))) > 0.1 * len(str(match))
        return (-1.0 if kana else match.chaos, position)

    return [matches[position].encoding for position in sorted(range(len(matches)), key=rank)]

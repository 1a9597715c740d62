"""Agency tags and datelines at the ends of a sentence, and asides within it that point to a picture."""

import re

_AGENCIES = (
    r"(?:CNN(?: Student News| Business| Money)?|CNNMoney(?:\.com)?|Reuters|REUTERS|AP|Associated Press|AFP"
    r"|UPI|dpa|DPA|PTI|ANI|IANS|UNI|TASS|Tass|Interfax|Xinhua|Kyodo(?: News)?|EFE|ANSA|Bloomberg|RFE/RL"
    r"|Ukrinform|UNIAN|WIRED|Mashable|HLN|SI\.com|EW\.com|LifeWire|HealthDay(?: News)?|Yonhap|Anadolu|BTA"
    r"|APA|TT|NTB|Ritzau|STT|CTK|PAP|Agerpres|BelTA|Belga|ANP|Lusa|AAP|KUNA|WAM|SPA|MENA|Antara|Bernama"
    r"|The Hollywood Reporter|The Frisky|CareerBuilder\.com|Tribune News Service|Thomson Reuters Foundation"
    r"|PA Media)(?:/[\w ]{2,20})?"
)
#: At the end of a sentence less is certain: "(TT)" may be a car, "(UNI)" a school.
_END_AGENCIES = (
    r"(?:CNN|Reuters|REUTERS|AP|Associated Press|AFP|UPI|dpa|PTI|ANI|IANS|TASS|Interfax|Xinhua|EFE|ANSA"
    r"|RFE/RL|Ukrinform|UNIAN|Yonhap|Anadolu|AAP|Bloomberg)"
)
_PLACE = r"[^\W\d_a-z][\w.'’-]*(?:[ /](?:[^\W\d_a-z][\w.'’-]*|de|la|el|of|del|am|an|der)){0,4}"
_DAY = r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}|\d{1,2} [A-Z][a-z]{2,8}\.?|[A-Z][a-z]{2,6}day)(?:,? \d{4})?"
_DASH = r"(?:--|[–—]|-(?= ))"
_OPENS = r"(?=[\"'“‘„«(\[]{0,3}[^\W_a-zß-öø-ÿа-яёіїєґ])"
#: "Mogadishu, Somalia (CNN) -- ", "(CNN)", "KYIV, 3 May (Ukrinform) — ", "NEW DELHI, Jul 28 (PTI) ".
_AGENCY_TAG = re.compile(
    rf"(?:(?:{_PLACE}(?:, {_PLACE}){{0,2}}(?:, {_DAY})?|{_DAY}),? {{0,2}})?"
    rf"(?:\({_AGENCIES}\) {{0,2}}(?:{_DASH}|:)? {{0,2}}"
    rf"|[(\[][A-Z][\w .&/'’-]{{1,30}}[)\]] {{1,2}}{_DASH} ?){_OPENS}"
)
#: "BERLIN — ", "NAIROBI, Kenya, 3 May - ".
_PLACE_TAG = re.compile(
    rf"[A-Z][A-Z.'’-]{{2,}}(?:[ /][A-Z][A-Z.'’-]+){{0,3}}(?:, {_PLACE})?(?:, {_DAY})? ?{_DASH} ?{_OPENS}"
)
_AGENCY_END = re.compile(rf"(?:\s?\({_END_AGENCIES}\)|\s(?:--?|[–—]) ?{_END_AGENCIES})(?=\W{{0,2}}\Z)")
_TAG_MARK = re.compile(r"[(–—-]")
_AGENCY_ALONE = re.compile(rf"\W*{_END_AGENCIES}\W*")
_LONGEST_TAG = 100
_LONGEST_END = 40

_SIDE = r"(?:left|right|above|below|centre|center|top|bottom|inset|main|front|back|circled|middle)"
_PLACING = rf"(?:(?:far|top|bottom|second|third|main|inset|centre|center|upper|lower|seen|pictured) )?{_SIDE}"
_ASIDE = re.compile(
    r"\((?:(?:both |all |each )?[Pp]ictured(?:[ ,][^()]{0,60})?"
    rf"|{_PLACING}(?:(?:,| and|;|/) ?{_PLACING}){{0,3}}"
    r"(?:,? (?:with|in|at|holding|wearing|during) [^()]{0,50})?"
    r"|(?:in )?(?:file|stock|library) (?:photo|picture|image|pic|photograph)s?\b[^()]{0,30}"
    r"|(?:see|watch) (?:the )?(?:photo|picture|image|video|clip|map|graphic)s?\b[^()]{0,40}"
    r"|(?:photo|picture|image|video)s? (?:above|below|left|right|by)\b[^()]{0,40})\)"
)
_ASIDE_PHRASE = re.compile(rf", ?pictured(?: (?:{_PLACING}|here))?(?=,)")


def tag_end(text: str, start: int, end: int) -> int:
    """Return where the news begins in the sentence `text[start:end]`, behind an agency tag or dateline."""
    head = text[start : min(end, start + _LONGEST_TAG)]
    match = _AGENCY_TAG.match(head) if "(" in head or "[" in head else None
    match = match or (_PLACE_TAG.match(head) if head[:3].isupper() else None)
    return start + match.end() if match else start


def end_tag(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where an agency ends the sentence `text[start:end]`, white space before it included."""
    first = max(start, end - _LONGEST_END)
    tail = text[first:end]
    match = _AGENCY_END.search(tail) if _TAG_MARK.search(tail) else None
    return (first + match.start(), first + match.end()) if match else None


def is_agency(sentence: str) -> bool:
    """Return whether a sentence is the name of an agency and nothing else."""
    return len(sentence) <= _LONGEST_END and bool(_AGENCY_ALONE.fullmatch(sentence))


def find_asides(text: str) -> list[tuple[int, int]]:
    """Find the asides of a text that point to a picture, each with the white space before it.

    Returns:
        Start and end of each, in order, without overlap.
    """
    found: list[tuple[int, int]] = []
    for match in _ASIDE.finditer(text) if "(" in text else ():
        start = match.start()
        found.append((start - (start > 0 and text[start - 1].isspace()), match.end()))
    for match in _ASIDE_PHRASE.finditer(text) if "pictured" in text else ():
        aged = match.start() > 0 and text[match.start() - 1].isdigit()
        found.append((match.start(), match.end() + (not aged)))  # "Roe, 40, pictured, said" keeps a comma
    return sorted(found)

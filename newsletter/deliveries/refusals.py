"""Refusals: what a report's status code, and another server's words, say about a mailbox.

A mailbox counts as gone only where something says so and nothing speaks against it; the rest is doubt.
"""

import re

from newsletter.model.feedback import BounceKind

#: No such mailbox, or none that takes mail (RFC 3463 sections 3.2 and 3.3; 10: RFC 7505 section 4.2). The
#: long ones are Microsoft 365's: a recipient that the next server does not know, a domain that is none.
_GONE_STATUS = frozenset(
    {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.2.1", "5.4.310"},
)
#: No route (RFC 3463 section 3.5): a name server that is out of order, or a domain that is none.
_NO_ROUTE = "5.4.4"
#: Codes that say no more than that it failed; the words beside them may.
_VAGUE_STATUS = frozenset({"5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.5.0"})

_STATUS = re.compile(r"(?<![\w.])([45]\.[0-7]\.\d{1,3})(?![\d.]*\d)")
#: The same where it cannot be the version of a program.
_SAID_STATUS = re.compile(
    r"(?:\b5\d\d[ :#-]{1,3}|#|\bstatus\W{1,3}|\bcode\W{1,3}"
    r"|\berror\W{1,3})([45]\.[0-7]\.\d{1,3})(?![\d.]*\d)",
    re.IGNORECASE,
)
#: A reply code where a reply starts (RFC 5321 section 4.2).
_REPLY_CODE = re.compile(
    r"(?:^|;\s{0,5}|\bsaid:?\s{1,5}|\berror:?\s{1,5}|\bcode:?\s{1,5})([45]\d\d)\b", re.IGNORECASE
)

#: Names may hold any word: `spam-box@`, `quota.example.org`.
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]{1,320}@[^\s<>\"'(),;:\[\]@]{1,255}")
_LINKS = re.compile(r"https?://\S{1,500}", re.IGNORECASE)
_NAMES = re.compile(
    r"https?://\S{1,500}"
    r"|[^\s<>\"'(),;:]{1,200}@[^\s<>\"'(),;:]{1,255}"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\.[a-z][\w-]{1,62}\b"
    r"|\S{1,255}\[[\da-f.:]{3,45}\]",
    re.IGNORECASE,
)

_BLANKS = re.compile(r"[ \t<>]+")
_LINE_BREAK = re.compile(r"(?<!\n)\n[ \t]{0,20}(?!\s)")


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_MAILBOX = (
    r"(?:mail ?box|maildrop|inbox|alias|(?:e-?mail )?account|(?:e-?mail |mail )?address(?:ee)?"
    r"|recipients?|users?|person)"
)
_GONE_WORDS = _any_of(
    rf"\b(?:no such|unknown|invalid|non-?existent) (?:local )?{_MAILBOX}\b",
    rf"\b{_MAILBOX} (?:is |was )?(?:unknown|not known|invalid|non-?existent|no longer valid|not valid)\b",
    rf"\b{_MAILBOX}\b[^.\n]{{0,60}}\b(?:does not|doesn't|did not|do not|don't) (?:currently )?exist\b",
    rf"\b{_MAILBOX} (?:was |is |could |can )?not (?:be )?found\b",
    rf"\b(?:there is|is) no (?:such )?(?:{_MAILBOX}|one) (?:here|by that name|with that|named?|called)\b",
    r"\bno (?:mailbox|user) (?:here|by that)\b",
    r"\buser doesn't have an? \S{1,40} ?account\b",
    r"\bis not a (?:known|valid) (?:user|mailbox|recipient|address)\b",
    r"\baddressee unknown\b",
    r"\bunknown local[- ]part\b",
    r"\bunroutea?ble address\b",
    r"\binvalid final delivery userid\b",
    r"\b(?:name|recipient|user) is not recogni[sz]ed\b",
    r"\bwrong or no longer valid\b",
    r"\brecip(?:ient)?notfound\b",
    r"\bnosuchuser\b",
    r"\bbad destination mailbox\b",
    r"\b(?:account|mailbox|user)(?: that you tried to reach)? (?:is|has been|was) (?:\w{1,12} or )?"
    r"(?:disabled|discontinued|closed|deleted|terminated|deactivated|inactive|cancell?ed)\b",
    r"\bnot listed in\b.{0,40}\bdirectory\b",
    r"\bno such domain\b|\bdomain (?:name )?(?:does not|doesn't) exist\b|\bhost unknown\b|\bunknown host\b",
    # German, Dutch
    r"\b(?:benutzer|empfänger|postfach|konto|adresse|mailbox)\b.{0,60}\b(?:unbekannt|existiert nicht)\b",
    r"\bunbekannte[rs]? (?:benutzer|nutzer|empfänger|adresse)\b",
    r"\b(?:gebruiker|adres|postvak)\b.{0,40}\b(?:onbekend|bestaat niet)\b|\bonbekende gebruiker\b",
    # French, Spanish, Portuguese, Italian
    r"\b(?:utilisateur|destinataire|adresse|boîte|compte)\b.{0,60}\b(?:inconnu|n.existe pas|non recensé)",
    r"\b(?:usuario|destinatario|dirección|buzón|cuenta)\b.{0,60}\b(?:desconocid[oa]|no existe|inexistente)\b",
    r"\b(?:usuário|destinatário|endereço|conta)\b.{0,60}\b(?:desconhecid[oa]|não existe|inexistente)\b",
    r"\b(?:utente|destinatario|indirizzo|casella)\b.{0,60}\b(?:sconosciut[oa]|non esiste|inesistente)\b",
    # Polish, Czech, Russian, Swedish
    r"\b(?:użytkownik|adres|konto|skrzynka)\b.{0,60}\b(?:nie istnieje|nieznany)\b",
    r"\buživatel\b.{0,40}\bneexistuje\b",
    r"(?:пользовател|адрес|ящик|получател).{0,60}(?:не найден|не существует|неизвестен)",
    r"\b(?:användaren|mottagaren|adressen)\b.{0,40}\b(?:finns inte|okänd)\b",
    # Japanese, Chinese, Korean
    r"(?:ユーザー?|宛先|アドレス).{0,30}(?:存在しません|見つかりません|不明)",
    r"(?:用户|收件人|邮箱|地址|帳號|账号).{0,20}(?:不存在|未找到)",
    r"(?:사용자|수신자|주소).{0,30}(?:없|존재하지)",
)
_NO_HOST_WORDS = _any_of(r"\bhost (?:or domain name )?not found\b", r"\bdoes not exist\b")
#: Full, busy, or about us or our message: nothing that says that the mailbox is gone.
_DOUBT_WORDS = _any_of(
    # Full
    r"quota",
    r"\b(?:mail ?box|mail ?folder|in-?box|account|disk|storage|space)\b.{0,30}\bfull\b",
    r"\bfull (?:mail|in-?box)",
    r"\b(?:insufficient|not enough|out of|exceed\w{0,3}|over) .{0,30}(?:storage|space|limit)",
    r"\bspace not enough\b|\bexceeded storage\b|\btoo (?:large|big|long|many)\b",
    r"\bsize (?:limit|exceed)|\bmaximum.{0,20}size\b",
    r"\b(?:postfach|speicher)\w*.{0,30}\bvoll\b|\bboîte.{0,30}\bpleine\b|\bpostvak\b.{0,20}\bvol\b",
    r"\b(?:buzón|casilla)\b.{0,30}\bllen[oa]\b|\bcasella\b.{0,30}\bpiena\b|\bcaixa\b.{0,30}\bcheia\b",
    r"\bcuota\b|\bkvot|kontingent|przepełnion|\bskrzynka\b.{0,30}\bpełna\b|переполнен",
    r"容量|いっぱい|已满|空间不足|가득",
    # Policy, and doubts about us
    r"\bspam|\bquarantin|\bunsolicited\b|\bphish|\bvirus|\bmalware\b|\bjunk\b|\bbulk\b|\bsuspicious\b|\bsuspend",
    r"\bblock(?:ed|ing|list)?\b|\bblack ?list|\bdeny ?list",
    r"(?<!not )\blisted (?:in|on|at|by)\b|\brbls?\b|\bdnsbl\b",
    r"\breputation\b|\bpolic(?:y|ies)\b|\bprohibited\b|\bdmarc\b|\bspf\b|\bdkim\b",
    r"\bno access\b|\baccess (?:is |was )?denied\b",
    r"\bpermission\b|\bnot (?:allowed|permitted|authori[sz]ed)\b",
    r"\bunauthori[sz]ed\b|\bunauthenticated\b|\bauthenticat",
    r"\brelay(?:ing)?\b.{0,20}\b(?:denied|not|prohibited|restricted)|\b(?:unable to|cannot) relay\b",
    r"\bsender\b.{0,40}\b(?:reject|verif|unknown|invalid|domain|not|denied|refused)",
    r"\byour (?:\w{1,20} ){0,2}(?:account|domain|server|ip|host|network)\b",
    r"\benvelope[- ]from\b|\breturn[- ]path\b|\breverse dns\b|\bptr\b|\b(?:helo|ehlo)\b",
    r"\bpreferences?\b|\bcontent (?:reject|filter)|\bfilter(?:ed)?\b|\brestricted\b|\bcomplain",
    # Busy, broken, or out of reach
    r"\btemporar|\btry(?:ing)? (?:again|later)|\btry .{0,20}\blater\b|\bagain later\b",
    r"\bgr[ae]y-?list|\bdeferred\b|\bbusy\b|\brate\b|\bthrottl",
    r"\btime-? ?out|\btimed[- ]out|\bmaximum-time|\bexpired\b|\bloop(?:s|ed|ing)?\b|\btoo many hops\b",
    r"\bconnection\b.{0,40}\b(?:refused|reset|closed|lost|dropped|fail)|\bunreachable\b",
    r"\b(?:could|can|was)(?: ?n[o']t| not|not)\b.{0,30}\bconnect|\bestablish an? (?:smtp )?connection\b",
    r"\b(?:directory|file|folder|path|certificate)\b.{0,30}\b(?:exist|found)\b",
    r"\b(?:server|system|configuration|transport) (?:error|failure)\b",
    r"\b(?:vorübergehend|temporaire|temporal|provvisori|tijdelijk|временн)\w{0,10}|\bspäter\b",
    r"\bgesperrt\b|\bplus tard\b|\bmás tarde\b",
)
#: It is still on its way.
_STILL_TRYING = _any_of(
    r"(?:\bwill|\bshall|['’]ll) (?:continue|keep) (?:on )?(?:to )?(?:be )?(?:try|attempt|retr)",
    r"(?:\bwill|\bshall|['’]ll) (?:be )?(?:re-?tr(?:y|ied)\b|re-?attempt"
    r"|(?:try|attempt)(?:ed)? (?:delivery )?(?:again|for\b|until|to (?:re)?(?:deliver|send)))",
    r"\bstill (?:being )?(?:re)?(?:trying|tried)\b|\bdelivery attempts will continue\b",
    r"(?<!not )\bkeeps? (?:on )?(?:re)?trying\b|\bretrying (?:for|until|every)\b",
    r"\b(?:still|remains?|stays?) (?:in|on) (?:the|our|its) (?:mail |message )?queue|\bstill queued\b",
    r"\bwarning (?:message )?only\b|\bjust a warning\b",
    r"\bdo not need to (?:resend|take any)|\bno action is required\b",
    r"\bhas not yet been delivered\b|\bnot (?:be |been )?delivered yet\b",
    r"\b(?:wird|werden|wir)\b.{0,40}(?<!nicht )(?<!nicht mehr )\b(?:noch|weiter(?:hin)?)\b"
    r".{0,40}\bversuch(?:t|en)\b|\bweitere zustellversuche\b",
    r"\bnouvelles tentatives\b|\bse volverá a intentar\b|\bulteriori tentativi\b|\bopnieuw geprobeerd\b",
)
_DELAYED = _any_of(
    r"\bdelay(?:s|ed|ing)?\b|\bstill being retried\b|\bnot yet (?:been )?delivered\b",
    r"\bnot (?:be |been )?delivered yet\b",
    r"\bverzöger|\bretard(?:é|ée|és)?\b|\bdifféré|\bretras(?:o|ad)|\batras(?:o|ad)|\britard|\bvertrag",
    r"\bförsen|\bforsink|\bopóźni|\bzpožd|задерж|отложен|遅延|延迟|延遲|지연",
)
#: Behind these stands the headline of the mail that came back: "Undeliverable: Trains delayed".
_HEADLINE = re.compile(
    r"(?:undeliver\w{0,8}|unzustellbar|non remis|no se pudo entregar|não entregue"
    r"|non recapitabile|onbestelbaar|не доставлено)\s?:.*",
    re.IGNORECASE | re.DOTALL,
)


def _plain(text: str) -> str:
    """Return words without names, each line on its own."""
    return _BLANKS.sub(" ", _NAMES.sub(" ", text))


def status_codes(text: str) -> tuple[str, ...]:
    """Return the enhanced status codes in a text (RFC 3463), in the order met."""
    return tuple(dict.fromkeys(_STATUS.findall(text)))


def best_status(text: str) -> str:
    """Return the enhanced status code in a text that says the most; empty where there is none."""
    codes = status_codes(_plain(text))
    return next((code for code in codes if code not in _VAGUE_STATUS), codes[0] if codes else "")


def still_trying(text: str) -> bool:
    """Tell whether a text speaks of a mail that is still on its way."""
    return _STILL_TRYING.search(_BLANKS.sub(" ", _LINE_BREAK.sub(" ", text))) is not None


def is_delayed(subject: str) -> bool:
    """Tell whether a subject speaks of a mail that is still on its way."""
    return _DELAYED.search(_HEADLINE.sub("", subject)) is not None


def judge_refusal(*, status: str, diagnostic: str, notice: str) -> BounceKind:
    """Decide what a failed delivery says about the mailbox: HARD or SOFT.

    Args:
        status: The report's Status, with whatever words follow it; may be empty.
        diagnostic: The other server's reply; may be empty.
        notice: The words for people; they count only where the reply says nothing that is understood.
    """
    said = f"{status}\n{diagnostic}"
    replies = _REPLY_CODE.findall(diagnostic)
    # A link is no mailbox's name: what it leads to is often a blocklist.
    if any(code.startswith("4") for code in replies) or _DOUBT_WORDS.search(" ".join(_LINKS.findall(said))):
        return BounceKind.SOFT
    notice = _LINE_BREAK.sub(" ", notice)
    words = _plain(said)
    if not (_GONE_WORDS.search(words) or _DOUBT_WORDS.search(words)):
        if replies and not status_codes(diagnostic):
            # A reply without a reason: whoever wrote the report guessed status and words from its number.
            return BounceKind.SOFT
        words = _plain(notice)
    codes = set(status_codes(said) or status_codes(notice)) - _VAGUE_STATUS
    gone = _GONE_STATUS | ({_NO_ROUTE} if _NO_HOST_WORDS.search(f"{_plain(said)}\n{words}") else set())
    if _DOUBT_WORDS.search(words) or not codes <= gone:
        return BounceKind.SOFT
    sure = codes.intersection((*status_codes(said), *_SAID_STATUS.findall(notice)))
    return BounceKind.HARD if sure or _GONE_WORDS.search(words) else BounceKind.SOFT


def count_gone(notice: str) -> int:
    """Return how often a notice says that a mailbox is gone, or gives a status code that does."""
    words = _plain(_LINE_BREAK.sub(" ", notice))
    codes = [code for code in _SAID_STATUS.findall(notice) if code in _GONE_STATUS]
    return max(len(_GONE_WORDS.findall(words)), len(codes))


def refused_addresses(notice: str) -> tuple[str, ...]:
    """Return the addresses in those lines of a notice that tell of a refusal."""
    found: list[str] = []
    for line in notice.splitlines():
        if _REPLY_CODE.search(line.strip()) or _GONE_WORDS.search(_plain(line)):
            found += _ADDRESS.findall(line)
    return tuple(dict.fromkeys(found))


def telling_line(notice: str) -> str:
    """Return the line of a notice that says why; empty where none does."""
    lines = [line.strip() for line in notice.splitlines()]
    for pattern in (_SAID_STATUS, _REPLY_CODE, _DOUBT_WORDS, _GONE_WORDS):
        for line in lines:
            if pattern.search(_plain(line)):
                return line
    return ""

"""What stands around the news in newsletters: links, greetings, ways to unsubscribe, addresses."""

import re

from newsletter.sources.normalise import ends_sentence

_LONE_LINK = re.compile(r"(?:\W{0,3}\[?\d{1,3}[\].)]?)?\W{0,3}(?:https?://|www\.)\S+[>)\]]?")
_BRACKETED_LINK = re.compile(
    r" ?(?:<https?://[^<>\s]{1,2000}>|\(https?://[^()\s]{1,2000}\)|\[https?://[^\[\]\s]{1,2000}\])"
)
_NO_WORDS = re.compile(r"[\W_]*")
_PICTURE = re.compile(r"\[(?:image|cid|img|logo)\b[^\[\]]{0,200}\]", re.IGNORECASE)
_LINK_NOTE = re.compile(r"\[\d{1,3}\](?!\()")
#: Whole lines that only lead elsewhere.
_WAYS_ON = re.compile(
    r"\W{0,3}(?:(?:read|see|view|learn|find out) (?:the )?(?:full |whole |rest of (?:the|this) )?"
    r"(?:more|story|article|post|online|on(?:line| the web)|it online)|continue reading|full (?:story"
    r"|article)|weiterlesen"
    r"|mehr (?:lesen|erfahren)|lire la suite|leer más|(?:view|open|read)(?: (?:this|the))?(?: (?:e-?mail"
    r"|message|newsletter"
    r"|post))?(?: it)? (?:online|in (?:(?:your|a|the) )?(?:web ?)?browser|as a web ?page|in (?:the )?app)"
    r"|(?:im browser|online)"
    r" (?:ansehen|anzeigen|lesen|öffnen)|voir (?:cet e-?mail )?(?:dans le navigateur|en ligne)"
    r"|ver (?:este correo )?en (?:el|tu|su) navegador|forward(?: this(?: e-?mail| newsletter)?)? to a friend"
    r"|share(?: this)?"
    r"|tweet|listen to this (?:story|article)|like|comment|restack|skip to content|sponsored|advertisement"
    r"|anzeige)"
    r"(?: (?:here|now|on the web|at))?\W{0,3}(?:https?://\S+\W?)?",
    re.IGNORECASE,
)
_BROWSER_LINE = re.compile(
    r"(?:(?:is|are) this (?:e-?mail|message) not"
    r"|(?:trouble|problems?|difficult(?:y|ies)) (?:viewing|reading|seeing|displaying)"
    r"(?: (?:this|the|our|your))?(?: ?(?:e-?mails?|messages?|newsletters?|images?|pictures?)\b| ?(?:\?|$))"
    r"|can(?:'|’)?(?:no)?t (?:see|read|view) (?:this|the) (?:e-?mail|message|newsletter|images?|pictures?)\b"
    r"|(?:not|isn['’]t) displaying (?:correctly|properly)"
    r"|(?:view|read|see|open) (?:this |the )?(?:e-?mail|message|newsletter)?.{0,20}in (?:your|a"
    r"|the)(?: web)? ?browser"
    r"|wird (?:diese|dieser|die).{0,40}nicht (?:richtig|korrekt) (?:angezeigt|dargestellt))",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|liebe[r]?|hallo|guten (?:morgen|tag)"
    r"|sehr geehrte[r]?|bonjour"
    r"|bonsoir|chers?|chères?|hola|buenos días|estimad[oa]s?|ciao|gentile)\b[^.!?:;]{0,60}[,!.]?",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:best|kind|warm|with (?:best|kind)) (?:regards|wishes)|regards|sincerely|yours (?:sincerely"
    r"|faithfully|truly)|best"
    r"|cheers|thanks(?: for reading)?|thank you(?: for reading)?|mit freundlichen grüßen|viele grüße"
    r"|beste grüße|cordialement"
    r"|bien à vous|saludos|un saludo|atentamente|cordiali saluti)\W{0,3}",
    re.IGNORECASE,
)
#: What only the foot of a newsletter says.
_FOOT = re.compile(
    r"(?:^|[.!?|•·]\W{0,3})(?:(?:click )?(?:to )?(?:unsubscribe|opt[- ]out of|stop receiving)"
    r"|(?:manage|update|change|edit) (?:e-?mail )?(?:preferences|subscriptions?|settings|profile))\b"
    r"|\b(?:(?:manage|update|change|edit) your (?:e-?mail )?(?:preferences|subscriptions?|settings|profile)"
    r"|e-?mail preferences"
    r"|you(?: are|['’]re| have|['’]ve)? (?:receiv(?:ed|ing)|getting|got|subscribed|signed up|opted)(?: to"
    r"| for| in)?\b.{0,40}"
    r"\b(?:e-?mail|message|newsletter|because|this|alert|digest)"
    r"|add us to your address book|our mailing address|sie erhalten (?:diese|dieser|unseren)"
    r"|vous recevez (?:ce|cet|cette)|(?:recibes?|ha recibido) este (?:correo|e-?mail|mensaje|bolet[ií]n)"
    r"|annulla(?:re)? l['’]?iscrizione|disiscriv\w+)\b",
    re.IGNORECASE,
)
#: What it says as well, and news may say of others.
_LIKELY_FOOT = re.compile(
    r"\b(?:unsubscrib\w+|opt[- ]out of"
    r"|this (?:e-?mail|message|newsletter|alert) (?:was|is|has been) (?:being )?(?:sent|intended|delivered)"
    r"|(?:e-?mail|newsletter|message) (?:was )?sent to|(?:no longer|don['’]t) (?:wish|want) to (?:receive"
    r"|get)|stop receiving|mailing address|remove (?:me|yourself|your address)"
    r"|abmelden|abbestellen|abbestellung|austragen|désabonn\w+|désinscri\w+|darse? de baja"
    r"|cancelar (?:la |su |tu )?suscripción|afmelden|uitschrijven)\b",
    re.IGNORECASE,
)
#: Speaks to whoever reads the mail, or leads somewhere.
_TO_READER = re.compile(
    r"\b(?:you|your|yours|click|here|this link|(?:möchten|können|wollen|wünschen) sie|klicken|hier|vous|votre"
    r"|cliquez|ici|aquí|haga|haz|tu|clicca|qui|klik|u kunt|uw)\b|\b(?-i:Ihre?[mnr]?)\b|https?://|www\.|@|[|•·]",
    re.IGNORECASE,
)
_WEAK_FOOT = re.compile(
    r"(?:©|\(c\) ?\d{4}|all rights reserved|alle rechte vorbehalten|tous droits réservés|view in browser"
    r"|was this (?:e-?mail )?forwarded to you|(?:forwarded|sent) (?:this|to you)\b"
    r"|this (?:e-?mail|message)(?: and any (?:attachments?|files))?\b.{0,80}\b(?:confidential|intended"
    r"|privileged)"
    r"|(?:the )?(?:information|contents?) (?:contained )?in this (?:e-?mail|message)\b|diese (?:e-?mail"
    r"|nachricht) .{0,60}vertraulich"
    r"|please consider the environment)",
    re.IGNORECASE,
)
#: Signs of the foot where they begin a paragraph, speak to the reader, or stand in no sentence.
_WEAK_OPENING = re.compile(
    r"\b(?:copyright|follow us|find us on|connect with us|folgen sie uns|suivez-nous|síguenos"
    r"|privacy (?:policy|notice)|terms (?:of (?:use|service)|and conditions)|datenschutz|impressum"
    r"|mentions légales|contact us|advertise|powered by|sent (?:by|with|from|using)"
    r"|subscribe (?:here|now|to)|sign up (?:here|now|to|for)|you can (?:also )?(?:view|read|manage|change)"
    r"|(?:get|download) (?:the|our) app|(?:see|view) all (?:results|alerts)|edit this alert"
    r"|get outlook for)\b",
    re.IGNORECASE,
)
_NETWORKS = re.compile(
    r"(?:\W|\b(?:facebook|twitter|x|instagram|linkedin|youtube|mastodon|bluesky|threads|tiktok|telegram"
    r"|whatsapp|rss|website"
    r"|web|homepage|home|email|e-mail|pinterest|flickr|and|or|follow|us|on|share|tweet|forward)\b)+",
    re.IGNORECASE,
)
_POSTAL = re.compile(r"\b\d{4,6}\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|\bP\.? ?O\.? Box\b")
#: In words.
_LONGEST_FOOT = 60
_LONGEST_LINK_TEXT = 3
_LONGEST_WEAK = 30
_LONGEST_ADDRESS = 16
#: In characters.
_LONGEST_LINK = 3_000
_LONGEST_WAY = 200
_NAVIGATION = re.compile(r"[^|•·]{1,30}(?: ?[|•·] ?[^|•·]{1,30}){2,12}")


def trimmed(line: str, *, has_notes: bool) -> str | None:
    """Return a line without the links in it; None if nothing of it is to be read, "" if it is blank.

    Args:
        line: Of normalised text.
        has_notes: Whether links stand apart, under numbers that lines refer to.
    """
    if not line.strip():
        return ""
    if len(line) <= _LONGEST_LINK and _LONE_LINK.fullmatch(line.strip()):
        return None
    line = _PICTURE.sub("", _BRACKETED_LINK.sub("", line)).rstrip()
    if has_notes:
        line = _LINK_NOTE.sub("", line)
    bare = line.strip()
    if not bare or _NO_WORDS.fullmatch(bare):
        return None
    if len(bare) <= _LONGEST_WAY and (_WAYS_ON.fullmatch(bare) or _BROWSER_LINE.search(bare)):
        return None
    return line


def is_greeting(text: str) -> bool:
    """Tell whether a paragraph only greets its reader."""
    return len(text) <= _LONGEST_WAY and bool(_GREETING.fullmatch(text))


def is_closing(line: str) -> bool:
    """Tell whether a line takes leave of the reader."""
    return len(line) <= _LONGEST_WAY and bool(_CLOSING.fullmatch(line))


def is_foot(text: str) -> bool:
    """Tell whether a paragraph is about the mail itself: why it came, and how to have no more of them."""
    words = len(text.split())
    if words > _LONGEST_FOOT or len(text) > 10 * _LONGEST_FOOT:
        return False
    if _FOOT.search(text):
        return True
    return bool(_LIKELY_FOOT.search(text)) and (words <= _LONGEST_LINK_TEXT or bool(_TO_READER.search(text)))


def may_be_foot(text: str) -> bool:
    """Tell whether a paragraph beside the foot of a newsletter belongs to it."""
    if len(text) > 20 * _LONGEST_WEAK:
        return False
    if is_foot(text) or _WEAK_FOOT.search(text) or _is_weak(text) or is_navigation(text):
        return True
    return len(text.split()) <= _LONGEST_ADDRESS and bool(_POSTAL.search(text)) and not ends_sentence(text)


def _is_weak(text: str) -> bool:
    found = _WEAK_OPENING.search(text)
    if not found:
        return False
    begins = not any(char.isalnum() for char in text[: found.start()])
    return begins or not ends_sentence(text) or bool(_TO_READER.search(text))


def is_navigation(text: str) -> bool:
    """Tell whether a paragraph is a row of links to sections of a site."""
    return len(text) <= 20 * _LONGEST_WEAK and bool(_NETWORKS.fullmatch(text) or _NAVIGATION.fullmatch(text))

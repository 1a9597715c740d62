"""What stands among the sentences of a page and is no news: headers, invitations, captions, credits."""

import re

from newsletter.stories.text.abbreviations import STARTERS, word_set

_NAME = r"[A-Z][\w'’-]+(?: (?:[A-Z][\w'’-]*|de|van|von|del|al|and|for)){0,7}"
_BYLINE = rf"By ?\. {_NAME}(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)? ?\.(?: and {_NAME} ?\.)?"
_STAMP = (
    r"(?:PUBLISHED|UPDATED|CREATED|Published|Updated) ?: ?\.? ?\d\d?:\d\d,? (?:[A-Z]{2,4},? )?"
    r"\d\d? [A-Z][a-z]+ \d{4}(?: ?\.)?(?: \|(?: ?\.)?)?"
)
_UPDATED = (
    r"(?:\d\d? [A-Z][a-z]+ \d{4} )?Last updated at \d\d?[:.]\d\d(?: ?[AP]M| [A-Z]{2,4})?"
    r"(?: on \d\d?(?:st|nd|rd|th) [A-Z][a-z]+ \d{4})?(?: ?\.)?"
)
#: Lines that a page without paragraphs glues to the sentences around them. "By. Jane Roe." is a byline at the
#: beginning of a paragraph, or where the time of printing follows.
_LINES = re.compile(
    rf"{_BYLINE} (?={_STAMP}|{_UPDATED})|{_STAMP}|{_UPDATED}"
    r"|Follow @{1,2}\w+(?: for (?:more|updates))?(?: on [A-Z]\w+)?(?:,?(?: and)?(?: @?\w+)? on [A-Z]\w+){0,3}"
    r"(?: to join [^.!?]{1,60})?(?: ?\.)?|READ MORE: [^.!?]{1,120} \."
    r"|Media playback is (?:not supported|unsupported) on (?:this|your) device(?: Media caption)?(?: ?\.)?"
    r"|SCROLL DOWN FOR (?:THE )?VIDEOS?(?: ?\.)?"
    r"|(?:VIDEO[ \u00a0])?Scroll down for (?:(?:more|the) )?videos?(?: ?\.)?"
)
#: One of these is in every text that holds such a line.
_LINE_SIGNS = (
    "PUBLISHED",
    "UPDATED",
    "CREATED",
    "Published",
    "pdated",
    "Follow @",
    "READ MORE: ",
    "playback is",
    "croll down",
    "CROLL DOWN",
)
_FIRST_LINE = re.compile(_BYLINE)

#: How notes to the reader begin: they invite to click, write, share or subscribe, or say who made the page.
_NOTES = r"""
    (?:click|tap|swipe) (?:here|below|on|through|the|to)\b
    (?:video[ \u00a0])?scroll (?:down|through|right|left|to)\b
    read (?:more|also|next|this)\b(?=\W*\Z| ?:| (?:about|from|on|at|in|here|of)\b)
    read the (?:full |original |whole )(?:story|article|report|interview|statement)\b
    (?:also|must|related|further) read(?:s|ing)?\b
    (?:read|see|watch|more|related|opinion|transcript) ?(?::|\||[.!»]?\Z)
    (?:don['’]t miss|see also|see more|find out more) ?(?::|\||[.!»]?\Z)
    (?:more from|more on) [^:.]{1,40}(?::|\Z)
    related (?:stories|articles|content|links|topics|videos?)\b
    watch (?:the |this |our )?(?:full |whole )?(?:video|interview|exchange|clip|trailer|moment)\b.{0,40}\Z
    (?:follow|join|find|connect with|contact) (?:us|@\w+)\b|like us on\b|follow me on\b
    follow [^.]{1,60} on (?:twitter|facebook|instagram|x|youtube|telegram|threads|linkedin|bluesky)\b
    (?:follow all our coverage|join the conversation|have your say|let us know|tell us (?:what|your|in))\b
    share (?:this|your (?:story|stories|thoughts|views|photos|opinions?|experiences?))\b
    subscribe(?: (?:to|now|here|today|for)\b|\W*\Z)
    sign up (?:for|to|here|now|today)\b
    e-?mail (?:to a friend|this (?:story|article|page)|us|the author|your)\b
    (?:do you have|got|have) (?:a|any) (?:story|tips?|news tip|question|comments?)\b.{0,80}(?:mail|call|\?)
    e-?mail \S{1,40}@
    call (?:us )?(?:on |at )?[\d ()+-]{7,20}\W*\Z
    send (?:us )?(?:your|an?) (?:photos?|pictures?|stor(?:y|ies)|tips?|videos?|e-?mails?)\b
    write to (?:[A-Z]\w+ [A-Z]\w+ )?(?:us )?at \S+@
    (?:to )?contact the (?:editors?|reporters?|authors?|newsroom|writer)\b
    for (?:confidential |more )?(?:help|support|information),? (?:and support )?(?:call|contact|visit|see)\b
    (?:advertisement|story continues below|continue reading|skip to|please enable|enable javascript)\b
    (?:this|our) (?:story|article|report|post) (?:has been|was) (?:updated|corrected|amended)\b
    (?:this|our) (?:story|article|report|post) (?:was )?(?:originally|first) (?:appeared|published)\b
    this is a (?:breaking|developing) (?:news )?story\b
    more to (?:come|follow)\b
    check back (?:for|later)\b
    see the original (?:story|article)\b
    please note that there may be a delay\b
    editor['’]s note\b
    the (?:opinions|views) expressed\b
    (?:©|\(c\)|copyright) ?(?:©|\(c\)|\d{4}|[A-Z])
    (?:all|some) rights reserved\b
    (?:additional |with )?(?:reporting|writing|editing|compiled|photography) by\b
    (?:last )?(?:updated|published|modified|posted)(?: (?:at|on))? ?:? ?\d{1,2}[:. ]\d?\w
    lesen sie (?:auch|mehr)\b
    mehr zum thema\b
    newsletter abonnieren\b
    à? ?lire aussi\b
    lea (?:también|más)\b
    leggi anche\b
    leia (?:também|mais)\b
    lees ook\b
    czytaj (?:też|także|więcej)\b
    читайте (?:также|також|больше|більше)\b
    читать также\b
    підписуйтесь\b
    подписывайтесь\b
    (?:file |media |image |video )?(?:photo|picture|image|video|graphic|caption|credit|source)s? ?[:|/]
    (?:photo|picture|image|media|video) (?:caption|credit|source|gallery|copyright)s? ?[:|/]
    (?:gallery|foto|bild|фото|источник|джерело) ?[:|/]
    (?:photo|picture|image|photograph)s? (?:by|courtesy|credit)\b
    file (?:photo|picture|image)\b
    (?:above|below|left|right|top|bottom|inset|main) ?:
    pictured\b
    write caption here\b
    you must select a newsletter\b
    """
#: Somebody's words are no note to the reader: '"Follow us," he said.'
_LEADING = r"[^\w\"'“”‘’„«»]*"
_NOTE = re.compile(
    rf"{_LEADING}(?:" + "|".join(line.strip(" ") for line in _NOTES.strip().splitlines()) + ")", re.IGNORECASE
)
#: First words of notes: most sentences are told from notes by these alone.
_NOTE_WORDS = word_set(
    """
    click tap swipe video scroll read also must related further see watch more opinion transcript
    don't don’t find follow like join connect contact have let tell share subscribe sign email
    e-mail do got send write to for advertisement you call story continue skip please enable this our check
    editor's editor’s the © c copyright all some additional with reporting writing editing compiled
    photography last updated published modified posted lesen mehr newsletter lire à lea leggi leia
    lees czytaj читайте читать підписуйтесь подписывайтесь file media image photo photos picture
    pictures images videos graphic graphics illustration illustrations caption captions credit
    credits source sources gallery foto bild фото источник джерело photograph photographs pictured
    above below left right top bottom inset main
    """
)
_FIRST_WORD = re.compile(r"[\W_]*([^\W_][\w'’-]*)")
#: Behind a note without a stop: "Read more about this The group was ...", "officialsIf the board ...".
_GLUED = re.compile(r"(?:(?<=[a-z0-9]{2}) |(?<=[a-z]{3}))(?=([A-Z][a-z]{0,9}),? [a-z]|[\"“][A-Z])")
#: Longer than a title in quotation marks, and with a stop before the closing mark.
_SPEECH = re.compile(r"[\"“][^\"”]{20,}[.,!?] ?[\"”]")
_FEWEST_GLUED_CHARACTERS = 40
#: Notes by what stands in them; the key must be in a text that has one.
_MENTIONS = {
    "contributed ": re.compile(r"\bcontributed (?:to this|from [A-Z]|reporting)\b"),
    "lick here": re.compile(r"\b[Cc]lick here\b"),
    "lick Here": re.compile(r"\b[Cc]lick Here\b"),
    "CLICK HERE": re.compile(r"\bCLICK HERE\b"),
    "sign up for our ": re.compile(r"\bsign up for our (?:\w+ )?newsletters?\b"),
    "eporting by ": re.compile(r"\b[Rr]eporting by [A-Z]"),
    "FILE ": re.compile(r"\bFILE ?[-–—] "),
    "In this ": re.compile(
        r"\A\W*In this (?:[A-Z][a-z]{2,8}\.? \d\d?,?(?: \d{4},?)? )?"
        r"(?:(?:file|handout|undated|combination) )?photo\b"
    ),
}
_BYLINE_ALONE = re.compile(r"(?:By|BY) [A-Z][\w.'’-]*(?:,? (?:[A-Z][\w.'’-]*|and|for|of|de|van|von)){1,9}\W*")
#: "Fresh chance: The woman had been ..." below a picture, in newspapers that print captions so.
_MOOD = re.compile(r"([A-Z][\w'’-]{1,20}(?: [\w'’-]{1,20}){0,4}):[ \u00a0](?=[A-Z0-9£$€])")
#: Leads that no caption has: somebody speaks, or a sentence has begun.
_SPOKEN = re.compile(
    r"\b(?:said|says|say|asked|asks|added|adds|told|wrote|writes|warned|read|reads|tweeted|recalled|explained|insisted"
    r"|replied|claimed|admitted|answer|question|translation|i|he|she|they|we|you|is|was|are|were|this|it)\b",
    re.IGNORECASE,
)
#: Longer sentences that begin like a note are news.
_LONGEST_NOTE = 320


def find_lines(paragraph: str) -> list[tuple[int, int]]:
    """Find the lines of a page that are glued to the sentences of a paragraph.

    Args:
        paragraph: Any text.

    Returns:
        Start and end of each, in order, without overlap.
    """
    found: list[tuple[int, int]] = []
    byline = _FIRST_LINE.match(paragraph)
    if byline:
        found.append(byline.span())
    if any(sign in paragraph for sign in _LINE_SIGNS):
        found += [match.span() for match in _LINES.finditer(paragraph, byline.end() if byline else 0)]
    return found


def find_mentions(text: str) -> tuple[str, ...]:
    """Return the words within a text that may tell a note from within."""
    return tuple(literal for literal in _MENTIONS if literal in text)


def is_note(sentence: str, mentions: tuple[str, ...]) -> bool:
    """Return whether a sentence serves the page: an invitation, a caption by its label, a credit, a byline.

    Args:
        sentence: As printed.
        mentions: What `find_mentions` returned for the text that holds the sentence.
    """
    first = _FIRST_WORD.match(sentence)
    if not first:
        return True
    if len(sentence) > _LONGEST_NOTE:
        return False
    word = first[1].casefold()
    if word in _NOTE_WORDS and _NOTE.match(sentence):
        return True
    if "©" in sentence[:3] or (word == "by" and _BYLINE_ALONE.fullmatch(sentence)):
        return True
    return any(literal in sentence and _MENTIONS[literal].search(sentence) for literal in mentions)


def note_end(note: str) -> int:
    """Return where news begins behind a note that is glued to it; the note's length if nowhere."""
    if note[-1] in '.!?"”':
        for match in _GLUED.finditer(note):
            at = match.end()
            if len(note) - at < _FEWEST_GLUED_CHARACTERS:
                break
            if match[1].casefold() in STARTERS if match[1] else _SPEECH.match(note, at):
                return at
    return len(note)


def caption_mood(sentence: str) -> str | None:
    """Return the words before the colon of what may be a caption ("Fresh chance: The woman ..."), or None."""
    match = _MOOD.match(sentence)
    return match[1] if match and not _SPOKEN.search(match[1]) else None

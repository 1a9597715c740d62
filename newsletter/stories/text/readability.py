"""Defects that a reader notices in a summary, each as a small pure check."""

import re
from collections.abc import Iterator, Sequence

from newsletter.stories.sentences import count_words, words
from newsletter.stories.text.abbreviations import STARTERS, word_set
from newsletter.stories.text.debris import caption_mood
from newsletter.stories.text.quotations import find_quotations

#: Shorter sentences say too little alone.
SHORTEST_WORDS = 5
#: Longer sentences are hard to read.
LONGEST_WORDS = 45
#: Share of the smaller sentence's content words from which two sentences say the same.
SAME_SHARE = 0.6
#: Sentences of fewer content words are the same only if all are.
_COMPARED_WORDS = 3

_LEADING = r"^[\s\"'“”‘’«»„(\[–—-]*"
_PRONOUNS = (
    "he|she|they|it|this|that|these|those|his|her|hers|their|theirs|its|him|them|such|both|"
    "the (?:latter|former)|er|sie|dies|diese|dieser|dieses|sein|seine|ihr|ihre|il|elle|ils|elles|ce|cette|"
    "cela|ces|ceci|él|ella|ellos|ellas|esto|eso|este|esta|estos|estas|egli|ella|essi|questo|questa|"
    "ele|ela|eles|elas|isto|isso|он|она|они|это|його|вона|вони|він|це"
)
_CONNECTIVES = (
    "but|and|or|nor|so|yet|however|also|meanwhile|still|then|instead|nevertheless|nonetheless|moreover|"
    "furthermore|in addition|additionally|for example|for instance|as a result|therefore|thus|hence|"
    "consequently|on the other hand|another|other|others|otherwise|besides|similarly|likewise|indeed|though|"
    "aber|doch|und|oder|jedoch|außerdem|dennoch|zudem|allerdings|deshalb|daher|"
    "davon|dabei|dazu|damit|dafür|dagegen|daran|darauf|daraus|darin|darüber|darum|darunter|dadurch|danach|"
    "hierzu|hierfür|hierbei|daarvan|daarbij|daarmee|daarom|hiervan|parmi (?:eux|elles)|"
    "mais|et|ou|donc|cependant|toutefois|en outre|ainsi|pourtant|"
    "pero|y|sin embargo|además|por lo tanto|aunque|ma|tuttavia|inoltre|però|quindi|"
    "mas|porém|contudo|além disso|но|однако|также|поэтому|але|однак|також|тому"
)
_DANGLING = re.compile(rf"{_LEADING}(?:{_PRONOUNS}|{_CONNECTIVES})(?![\w])", re.IGNORECASE)
#: "“We had no choice,” he told reporters.": whoever speaks was named before.
_QUOTED_BY_PRONOUN = re.compile(
    r"\s*(?:[\"“][^\"“”]{1,600}[\"”]|«[^«»]{1,600}»|„[^„“”]{1,600}[“”]) ?[,–—-]? ?"
    r"(?:(?:said|says|sagte) )?(?:he|she|they|er|sie|elle|él|ella|lei|он|она|они|він|вона|вони)(?!\w)",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    "|".join(
        (
            r"\b(?:read|see|find out|learn|watch|hear|get) more\b(?! \w+ than\b)",
            r"\bread (?:also|next|the full|our full)\b|^\W*(?:also|must) read\b",
            r"\b(?:click|tap|scroll) (?:here|down|to|through|on)\b",
            r"\bsign up (?:for|to|here|now)\b|^\W*subscri(?:be|ption)\b|\bsubscribe (?:to|now|here|today)\b",
            r"\bfollow (?:us|me|him|her|@\w+)? ?on (?:twitter|facebook|instagram|x|tiktok|telegram)\b",
            r"\bnewsletters?\b.{0,40}\b(?:inbox|sign|delivered)\b|\blisten to\b.{0,30}\bpodcast",
            r"\bterms (?:of|and) (?:use|service|conditions)\b|\bprivacy policy\b|\bjavascript\b",
            r"\bcookies?\b.{0,40}\b(?:consent|accept|settings)\b|^\W*advertisements?\b",
            r"\ball rights reserved\b|©|(?:\(c\)|\bcopyright) ?(?:19|20)\d\d",
            r"\bmay not be (?:published|reproduced)\b|\bcontributed to this (?:report|story|article)\b",
            r"\bwatch (?:the )?(?:video|live)\b|\bvideo:|\bhttps?://|\bwww\.",
            r"\b(?:published|updated|last modified|posted): ?[\W\d]|^\W*by\W*$",
            r"\bshare this (?:story|article|page)\b|\brelated (?:stories|articles|content|links)\b",
            r"\bmore on this story\b|\bthis story has been (?:updated|corrected)\b",
            r"\bsend (?:us )?your (?:stories|tips)\b",
        )
    ),
    re.IGNORECASE,
)
_CAPTION = re.compile(
    "|".join(
        (
            r"\bpictured\b(?! (?:himself|herself|themselves|as)\b)",
            r"^\W*(?:photo|picture|image|photograph|graphic|caption|credit|foto|file photo)s?\s*[:|(]",
            r"^\W*(?:videos?|illustrations?|gallery)\s*[:|(]",
            r"\b(?:photo|image|picture)s? (?:by|credit|courtesy)\b|\bfile (?:photo|picture|image)\b",
            r"\bgetty images\b|/(?:reuters|afp|ap)\b",
            r"\((?:left|right|above|below|centre|center|top|bottom|file|seen|l|r)(?: [^)]{0,30})?\)",
            r"^\W*(?:above|below|left|right|top|bottom)\s*[:,]",
            r"\w, (?:left|right),|, (?:second|third) (?:from )?(?:left|right)\b",
        )
    ),
    re.IGNORECASE,
)
#: One of these is in every line that either expression finds, which takes ten times as long to look.
_PAGE_SIGNS = (
    "find out more", "learn more", "read more", "see more", "watch more", "hear more", "get more",
    "read also", "read next", "read the full", "read our full", "also read", "must read",
    "click ", "tap ", "scroll ", "sign up ", "subscri", "follow ", "newsletter", "podcast",
    "terms of ", "terms and ", "privacy policy", "javascript", "cookie", "advertisement",
    "rights reserved", "©", "(c)", "copyright", "may not be ", "contributed to this ",
    "watch the ", "watch live", "video", "http", "www.", "published:", "updated:", "modified:", "posted:",
    "share this ", "related ", "more on this story", "this story has been ", "send your ", "send us ",
    "pictured", "photo", "picture", "image", "graphic", "caption", "credit", "foto", "illustration",
    "gallery", "getty images", "/reuters", "/afp", "/ap", "(left", "(right", "(above", "(below", "(centre",
    "(center", "(top", "(bottom", "(file", "(seen", "(l", "(r", "above", "below", "left", "right", "top",
    "bottom",
)  # fmt: skip
#: "By" alone, which is no sign.
_SHORTEST_LINE = 12
_END_MARK = re.compile(r"[.!?…。！？｡؟۔।॥։።][\"'”’“»«)\]」』）】》\s]*\Z")
_QUESTION = re.compile(r"[?？؟][\"'”’“»«)\]」』）\s]*\Z|[\u0370-\u03ff];\Z")
#: Every capitalised word that another follows, whatever it is part of: "Ana Ruiz", "Mayor Ana K. Ruiz".
_FULL_NAME = re.compile(r"\b(?=([A-Z][a-zß-ÿ’'-]+)(?: [A-Z]\.)? ([A-Z][a-zA-Zß-ÿ’'-]{2,})\b)")
_CAPITALISED = re.compile(r"\b[A-Z][a-zA-Zß-ÿ’'-]{2,}")
#: Before a surname they leave open whose it is.
_HONORIFICS = word_set("mr mrs ms miss dr mister herr frau monsieur madame señor señora signor signora")


def is_fragment(sentence: str) -> bool:
    """Return whether a sentence has fewer than `SHORTEST_WORDS` words."""
    return count_words(sentence) < SHORTEST_WORDS


def is_overlong(sentence: str) -> bool:
    """Return whether a sentence has more than `LONGEST_WORDS` words."""
    return count_words(sentence) > LONGEST_WORDS


def is_boilerplate(sentence: str) -> bool:
    """Return whether a line serves the page, not the story: a caption, a credit, an invitation to click."""
    folded = sentence.casefold()
    if len(folded) >= _SHORTEST_LINE and not any(sign in folded for sign in _PAGE_SIGNS):
        return False
    return bool(_BOILERPLATE.search(sentence) or _CAPTION.search(sentence))


def opens_dangling(sentence: str) -> bool:
    """Return whether a sentence leans on the one before.

    It opens with a pronoun or a connective, or with a quotation by somebody whom only a pronoun names.
    """
    return bool(_DANGLING.match(sentence) or _QUOTED_BY_PRONOUN.match(sentence))


def opens_with_label(sentence: str) -> bool:
    """Return whether a few words and a colon stand before a sentence, as before captions and in tables."""
    return caption_mood(sentence) is not None


def is_question(sentence: str) -> bool:
    """Return whether a sentence ends as a question."""
    return bool(_QUESTION.search(sentence))


def lacks_end_mark(sentence: str) -> bool:
    """Return whether a sentence ends without a full stop or its like, as headings do."""
    return not _END_MARK.search(sentence)


def has_half_quotation(sentence: str) -> bool:
    """Return whether a quotation in double marks begins or ends outside the sentence."""
    return any(not quotation.closed for quotation in find_quotations(sentence))


def content_words(sentence: str, stop_words: frozenset[str]) -> frozenset[str]:
    """Return the words that carry a sentence's meaning, folded and cut to seven letters."""
    folded = [word.casefold().replace("’", "'") for word in words(sentence)]
    told = {word.removesuffix("'s")[:7] for word in folded if word not in stop_words}
    return frozenset(told or {word[:7] for word in folded})


def nearly_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two sentences, given by their content words, tell a reader the same.

    A dateline ("Ardo, Monday.") tells nothing that a sentence could repeat.
    """
    smaller = min(len(one), len(other))
    if smaller < _COMPARED_WORDS:
        return smaller > 0 and one == other
    return len(one & other) > SAME_SHARE * smaller


def surnames_introduced(sentences: Sequence[str]) -> dict[str, int]:
    """Return where each surname first stands behind a first name: surname to index of the sentence."""
    introduced: dict[str, int] = {}
    for index, sentence in enumerate(sentences):
        for name in _full_names(sentence):
            introduced.setdefault(name, index)
    return introduced


def surnames_in(sentence: str) -> frozenset[str]:
    """Return the capitalised words of a sentence that could be surnames."""
    return frozenset(_bare(name) for name in _CAPITALISED.findall(sentence))


def full_names_in(sentence: str) -> frozenset[str]:
    """Return the surnames that a sentence gives together with a first name or an office ("Mayor Ruiz")."""
    return frozenset(_full_names(sentence))


def _full_names(sentence: str) -> Iterator[str]:
    for match in _FULL_NAME.finditer(sentence):
        before = match[1].casefold()
        if before not in _HONORIFICS and before not in STARTERS:
            yield _bare(match[2])


def _bare(name: str) -> str:
    return re.sub(r"['’]s?$", "", name)

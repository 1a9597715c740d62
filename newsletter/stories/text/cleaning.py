"""Sentences fit for a summary: what is no news dropped, tags and asides cut, wrapped lines joined."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.sentences import CLOSE_READING_CHARACTERS, count_words, document_sentences
from newsletter.stories.text.abbreviations import ABBREVIATIONS, STARTERS, word_set
from newsletter.stories.text.debris import caption_mood, find_lines, find_mentions, is_note, note_end
from newsletter.stories.text.tags import end_tag, find_asides, is_agency, tag_end

#: Agencies and datelines stand near the beginning of a document.
_TAGGED_SENTENCES = 8
#: Where more sentences than this share end in " .", the whole text was tokenised so.
_MOST_UNSTOPPED = 0.5
#: Where small letters follow more line ends than this share, lines are wrapped and their ends mean nothing.
_MOST_WRAPPED = 0.1
#: Headings and links are shorter; longer sentences lost their stop to whoever saved the page.
_FEWEST_PROSE_WORDS = 15
#: Characters before a caption's colon.
_LONGEST_MOOD = 110
#: From so many captions of one kind on, they are the newspaper's way to print them.
_FEWEST_CAPTIONS = 2
#: From so many stray stops on, lines were wrapped throughout.
_OFTEN_WRAPPED = 3
#: The language in which a stop before a small letter is no abbreviation that we do not know.
_WRAPPED_LANGUAGE = "en"

_WRAP = re.compile(
    r"\.(?=[ \u00a0](?!i[A-Z]|https?:|www\.|pic\.|(?:com|org|net|gov|edu|co|uk|html?|php|exe|pdf|m)\b)"
    r"(?:[a-z]|[\"“'‘][a-z]|[–-] ?[a-z]|(?<=[,:;]..)))"
    r"(?:(?<=[\w’')\],:;].)|(?<=[\w’')\],] .))"
)
_WORD_BEFORE = re.compile(r"[^\s(\[\"“—–-]*\Z")
_ADDRESS = re.compile(r"www|https?:|@")
_ADDRESS_REACH = 60
_UNSTOPPED = frozenset({" .", "\u00a0."})
_LINE_END = re.compile(r"\n\s*")
_UNFINISHED = frozenset(":,;-–—")
_LETTER = re.compile(r"[^\W_]")
_CAPITALISED = re.compile(r" ([A-Z]\w*)")
#: Abbreviations that the splitter need not know, since small letters follow them.
_ABBREVIATED = word_set(
    """
    etc esq misc temp govt intl natl assn assoc univ tel ext min max hr hrs mins secs yr yrs kg lb
    wm geo chas incl rs cm mm km kph orig def adj var sp spp vet gal doz
    """
)
#: No sentence ends so: a line's end parted the words from what follows.
_OPEN_END = re.compile(r"(?:[ \u00a0](?:the|an|and|or|their|its|my|our|your|whose|Mr|Mrs|Ms)|,) ?\.\Z")
#: No sentence ends so before a name.
_OPEN_BEFORE_NAME = re.compile(r"[ \u00a0](?:of|his|than|because|was|were) ?\.\Z")
#: Few sentences end so before a name, and where lines were wrapped throughout hardly any does.
_SELDOM_END = re.compile(
    r"(?:[ \u00a0](?:with|from|for|at|by|to|in|on|into|between|is|has|had|a|who|which|when|while|if|as|but|be"
    r"|been|will|would|may|should|must|very|new|Sir|Lord|Lady|Miss|Prime|Chief|Detective|Inspector|Sergeant"
    r"|Prince|Princess|Queen|King|Daily|Royal|New|North|South|East|West|San|Los|Great|United)|['’]s) ?\.\Z"
)
_MONTH_END = re.compile(
    r"[ \u00a0](?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r" ?\.\Z"
)


@dataclass(frozen=True, kw_only=True)
class CleanSentence:
    """A sentence of a document, less what is not told of it."""

    #: In the document's `text`, from the first to the last character that is kept.
    span: Span
    #: Inside `span`, in order, disjoint, never at an end of it: what is left out.
    cuts: tuple[Span, ...] = ()

    def of(self, text: str) -> str:
        """Return what is told: the characters of `text` that the span covers, less the cuts."""
        starts = [self.span.start, *(cut.end for cut in self.cuts)]
        ends = [*(cut.start for cut in self.cuts), self.span.end]
        return "".join(text[start:end] for start, end in zip(starts, ends, strict=True))


def clean_sentences(document: ParsedDocument) -> list[CleanSentence]:
    """Split what may be summarised of a document into sentences fit to be told.

    Dropped are sentences that are no news: bylines and headers of old newspaper pages, invitations ("Read
    more", "Scroll down for video", "Share this"), captions by their label, credits, lines without a stop
    of their own. Cut are agency tags and datelines before a sentence, agencies behind it, and asides that
    point to a picture ("(pictured, left)"). Joined are sentences that the end of a line parted with a
    stray stop.

    An attribution ("he said on Monday") is never cut: without it, what somebody claims would be told as
    a fact.

    What lies beyond `CLOSE_READING_CHARACTERS` is left out.

    Args:
        document: The document; only `text`, `paragraphs` and `language` are read.

    Returns:
        In order, without overlap, each with a letter or figure in it.
    """
    text = document.text
    asides = list(_spans_of(document, find_asides))
    lines = list(_spans_of(document, find_lines))
    parting = [*lines, *(aside for aside in asides if _stands_for_stop(text, aside)), *_line_ends(document)]
    read = (span for span in document_sentences(document) if span.end <= CLOSE_READING_CHARACTERS)
    spans = list(_without(read, sorted(parting), text))
    wraps = _stray_stops(text, spans) if document.language == _WRAPPED_LANGUAGE else []
    if wraps:
        spans, joints = _join_wrapped(text, spans, often=len(wraps) >= _OFTEN_WRAPPED)
        wraps = sorted(wraps + joints)
    cuts = _Cuts(text, asides, wraps)
    kept = _news(text, spans, asides, is_page=bool(lines))
    sentences = (cuts.take_from(span, may_be_tagged=at < _TAGGED_SENTENCES) for at, span in enumerate(kept))
    return [sentence for sentence in sentences if sentence]


def _spans_of(document: ParsedDocument, find: Callable[[str], list[tuple[int, int]]]) -> Iterator[Span]:
    for paragraph in document.paragraphs:
        for start, end in find(document.text[paragraph.start : min(paragraph.end, CLOSE_READING_CHARACTERS)]):
            yield Span(start=paragraph.start + start, end=paragraph.start + end)


def _line_ends(document: ParsedDocument) -> list[Span]:
    """Return the line ends within paragraphs, unless lines were wrapped: there small letters follow them."""
    ends = [
        Span(start=paragraph.start + match.start(), end=paragraph.start + match.end())
        for paragraph in document.paragraphs
        for match in _LINE_END.finditer(
            document.text[paragraph.start : min(paragraph.end, CLOSE_READING_CHARACTERS)]
        )
    ]
    wrapped = sum(document.text[end.end : end.end + 1].islower() for end in ends)
    return ends if wrapped <= _MOST_WRAPPED * len(ends) else []


def _stands_for_stop(text: str, aside: Span) -> bool:
    """Return whether a sentence begins behind an aside: a caption without a stop is glued to it."""
    following = _CAPITALISED.match(text, aside.end)
    return bool(following) and following[1].casefold() in STARTERS if following else False


def _without(spans: Iterable[Span], lines: Sequence[Span], text: str) -> Iterator[Span]:
    """Yield what is left of the sentences without the lines, each in as many pieces as that makes."""
    if not lines:
        yield from spans
        return
    at = 0
    for span in spans:
        start = span.start
        while at < len(lines) and lines[at].end <= start:
            at += 1
        line = at
        while line < len(lines) and lines[line].start < span.end:
            yield from _trimmed(text, start, lines[line].start)
            start = max(start, lines[line].end)
            line += 1
        yield from _trimmed(text, start, span.end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the span without white space at its ends, unless nothing is left."""
    piece = text[start:end] if start < end else ""
    told = piece.strip()
    if told:
        first = start + len(piece) - len(piece.lstrip())
        yield Span(start=first, end=first + len(told))


def _stray_stops(text: str, spans: Sequence[Span]) -> list[int]:
    """Return the offsets of stops before small letters that no abbreviation explains."""
    if not spans:
        return []
    return [
        match.start()
        for match in _WRAP.finditer(text, spans[0].start, spans[-1].end)
        if not _is_abbreviation(text, match.start())
    ]


def _is_abbreviation(text: str, at: int) -> bool:
    found = _WORD_BEFORE.search(text[max(0, at - 30) : at].rstrip())
    written = found[0].strip("‘'’,)]") if found else ""
    word = written.casefold()
    if len(word) == 1:
        return word.isalpha() and written not in {"a", "I"}
    if _ADDRESS.search(text, max(0, at - _ADDRESS_REACH), at):
        return True
    if word == "am" and not text[max(0, at - 5) : at].strip("ap. m").isdigit():
        return False
    return "." in word or (text[at - 1].isalpha() and (word in ABBREVIATIONS or word in _ABBREVIATED))


def _join_wrapped(text: str, spans: Sequence[Span], *, often: bool) -> tuple[list[Span], list[int]]:
    """Join sentences that cannot end where they do.

    Returns:
        The sentences, and the offsets of the stops at which they were joined.
    """
    joined: list[Span] = []
    joints: list[int] = []
    for span in spans:
        if joined and _goes_on(text, joined[-1], span, often=often):
            joints.append(joined[-1].end - 1)
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return joined, joints


def _goes_on(text: str, span: Span, following: Span, *, often: bool) -> bool:
    end = text[max(span.start, span.end - 14) : span.end]
    if following.start - span.end != 1 or text[span.end] == "\n" or not text[following.start].isalnum():
        return False
    if _OPEN_END.search(end) or (text[following.start].isdigit() and _MONTH_END.search(end)):
        return True
    word = _CAPITALISED.match(text, span.end)
    if word and word[1].casefold() in STARTERS:
        return False
    return bool(_OPEN_BEFORE_NAME.search(end) or (often and _SELDOM_END.search(end)))


def _news(text: str, spans: Sequence[Span], asides: Sequence[Span], *, is_page: bool) -> list[Span]:
    """Leave out the sentences that are no news.

    Args:
        text: The document's text.
        spans: Its sentences.
        asides: Its asides that point to a picture.
        is_page: Whether lines of a newspaper's page were found among them.
    """
    mentions = find_mentions(text)
    unstopped = {span.start for span in spans if text[span.end - 2 : span.end] in _UNSTOPPED}
    if len(unstopped) > _MOST_UNSTOPPED * len(spans):
        unstopped = set()
    captions = _captions(text, spans, asides, is_page=is_page)
    kept: list[Span] = []
    for span in spans:
        sentence = span.of(text)
        if span.start in captions or (span.start in unstopped and _is_line(sentence)) or is_agency(sentence):
            continue
        if not is_note(sentence, mentions):
            kept.append(span)
        elif (news := span.start + note_end(sentence)) < span.end:
            kept.append(Span(start=news, end=span.end))
    return kept


def _is_line(sentence: str) -> bool:
    """Return whether a sentence that ends in " ." is a heading, a link or the beginning of something lost."""
    return sentence[-3:-2] in _UNFINISHED or count_words(sentence) < _FEWEST_PROSE_WORDS


def _captions(text: str, spans: Sequence[Span], asides: Sequence[Span], *, is_page: bool) -> set[int]:
    """Return where captions begin that start with a few words and a colon ("Fresh chance: ...").

    The document prints captions so if the page of a newspaper was found in it, or if one of them points to
    its picture; and if each has other words before the colon, which tells captions from an interview.
    """
    moods = [
        (span, mood)
        for span in spans
        if text.find(":", span.start, span.start + _LONGEST_MOOD) >= 0
        and (mood := caption_mood(text[span.start : span.end]))
    ]
    if not moods or len({mood for _, mood in moods}) < len(moods):
        return set()
    starts = [aside.start for aside in asides]
    points = any(bisect_left(starts, span.start) < bisect_left(starts, span.end) for span, _ in moods)
    if points or (is_page and len(moods) >= _FEWEST_CAPTIONS):
        return {span.start for span, _ in moods}
    return set()


class _Cuts:
    """What is left out within the sentences of a text."""

    def __init__(self, text: str, asides: Sequence[Span], stops: Sequence[int]) -> None:
        self._text = text
        spans = [*asides, *(Span(start=stop - text[stop - 1].isspace(), end=stop + 1) for stop in stops)]
        self._spans = sorted(spans)
        self._starts = [span.start for span in self._spans]

    def take_from(self, sentence: Span, *, may_be_tagged: bool) -> CleanSentence | None:
        """Take from a sentence what is not told of it; None if nothing is left."""
        text = self._text
        start = tag_end(text, sentence.start, sentence.end) if may_be_tagged else sentence.start
        end = sentence.end
        cuts = self._spans[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        if tag := end_tag(text, start, end):
            cuts = sorted([*cuts, Span(start=tag[0], end=tag[1])])
        elif text[end - 2 : end] in _UNSTOPPED:
            cuts = [*cuts, Span(start=end - 2, end=end - 1)]
        start, end, inner = _settled(start, end, cuts)
        if not inner and (start, end) == (sentence.start, sentence.end):
            return CleanSentence(span=sentence)
        for left in _trimmed(text, start, end):
            cut_sentence = CleanSentence(span=left, cuts=tuple(inner))
            if _LETTER.search(cut_sentence.of(text)):
                return cut_sentence
        return None


def _settled(start: int, end: int, cuts: Sequence[Span]) -> tuple[int, int, list[Span]]:
    """Return where a sentence begins and ends without the cuts at its ends, and the others, joined."""
    inner: list[Span] = []
    for cut in cuts:
        if cut.start <= start:
            start = max(start, cut.end)
        elif inner and cut.start <= inner[-1].end:
            inner[-1] = Span(start=inner[-1].start, end=max(cut.end, inner[-1].end))
        else:
            inner.append(cut)
    while inner and inner[-1].end >= end:
        end = inner.pop().start
    return start, end, inner

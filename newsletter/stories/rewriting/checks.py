"""Whether a rewrite may be told in place of the summary that it was made from.

Decided without trust in whoever wrote it: every clause needs a witness, one sentence of the summary or of a
source that says all its words, with the same numbers at the same words, and the same negations, doubts,
speakers and roles. What cannot be told from the words is refused; a refusal costs nothing but the rewrite.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from newsletter.stories.rewriting.claims import Claim, lexicon_of, read_claim
from newsletter.stories.rewriting.evidence import Evidence, read_evidence, speaks_to_a_model, stands_for
from newsletter.stories.rewriting.form import form_problems
from newsletter.stories.rewriting.lexicon import Force
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem
from newsletter.stories.rewriting.roles import is_oblique
from newsletter.stories.rewriting.tokens import Kind, Token, straight
from newsletter.stories.rewriting.witnesses import best_objection
from newsletter.stories.sentences import split_sentences
from newsletter.stories.text.background import WEEKDAYS
from newsletter.stories.text.quotations import find_quotations

#: Share of a rewrite's telling words that the summary itself must hold.
_SUMMARY_SHARE = 0.6
#: A part of a sentence with fewer telling words is witnessed together with its neighbour.
_FEWEST_WORDS = 3
#: Passages of quotations looked at on either side of the speaker.
_NEIGHBOURS = 1

_MARKS = re.compile("[\"'“”‘’„«»「」『』]")


def check_rewrite(
    text: str, *, summary: str, sources: Sequence[str], word_limit: int, language: str | None
) -> tuple[Problem, ...]:
    """Find what forbids telling a rewrite.

    Args:
        text: The rewrite: one paragraph.
        summary: The summary that it would replace.
        sources: Texts of the story's documents, with their headlines; of long ones the beginnings are read.
        word_limit: Most words.
        language: ISO 639-1 code of all of these; without a lexicon for it every rewrite is refused.

    Returns:
        Problems, the one to name first; empty for a rewrite that may be told.
    """
    found = list(form_problems(text, summary=summary, word_limit=word_limit, language=language))
    lexicon = lexicon_of(language)
    if found or lexicon is None:
        return tuple(found)
    evidence = read_evidence(summary, sources, lexicon)
    sentences = [span.of(text) for span in split_sentences(text, language=language)]
    claims = [read_claim(sentence, lexicon, common=evidence.common) for sentence in sentences]
    for claim in claims:
        found += _quotation_problems(claim, evidence)
        found += _word_problems(claim, evidence)
    if not found:
        found += _strays(claims, evidence)
        found += _claim_problems(claims, evidence)
    return tuple(found)


def _word_problems(claim: Claim, evidence: Evidence) -> Iterator[Problem]:
    """Yield words, names and numbers that stand nowhere in the sources."""
    outside = _without_quotations(claim.text)
    for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", straight(outside).casefold()):
        if word in claim.lexicon.first_person:
            yield problem(RewriteOutcome.QUOTATION_CHANGED, word)
    for token in claim.tokens:
        if token.tells and not _known(token, evidence):
            yield problem(_unknown(token, evidence), token.text)
    for one, other in pairwise(claim.tokens):
        if one.kind is Kind.NAME and other.kind is Kind.NAME and not _go_together(one, other, evidence):
            yield problem(RewriteOutcome.NEW_NAME, f"{one.text} {other.text}")


def _strays(claims: Sequence[Claim], evidence: Evidence) -> Iterator[Problem]:
    """Yield a problem where too few words are the summary's: a document may not choose what is told."""
    told = [token.key for claim in claims for token in claim.tokens if token.tells]
    held = sum(stands_for(key, evidence.summary_keys, evidence.lexicon) for key in told)
    if held < _SUMMARY_SHARE * len(told):
        yield problem(RewriteOutcome.OFF_SUMMARY, f"{held} of {len(told)} words are the summary's")


def _known(token: Token, evidence: Evidence) -> bool:
    if token.kind is Kind.NAME:
        shouted = len(token.text) > 1 and token.text.isupper()
        return token.key in evidence.names or (token.folded in evidence.common and not shouted)
    if token.key == "#1" and not token.text.isdigit():
        return True  # "one man" may be "a man": the witness decides
    return stands_for(token.key, evidence.keys, evidence.lexicon)


def _unknown(token: Token, evidence: Evidence) -> RewriteOutcome:
    if token.marker is not None:
        return {
            Force.NEGATION: RewriteOutcome.NEGATION_CHANGED,
            Force.ATTRIBUTION: RewriteOutcome.ATTRIBUTION_CHANGED,
            Force.HEDGE: RewriteOutcome.HEDGE_CHANGED,
            Force.RELATION: RewriteOutcome.RELATION_ADDED,
        }[token.marker.force]
    if token.kind is Kind.NUMBER:
        return RewriteOutcome.NEW_NUMBER
    if token.folded in evidence.lexicon.opinions:
        return RewriteOutcome.OPINION
    return RewriteOutcome.NEW_NAME if token.kind is Kind.NAME else RewriteOutcome.NEW_WORDS


def _go_together(one: Token, other: Token, evidence: Evidence) -> bool:
    """Return whether two names follow each other in a source, or the first is a title written small there."""
    return (one.key, other.key) in evidence.adjoining or one.folded in evidence.common


def _claim_problems(claims: Sequence[Claim], evidence: Evidence) -> Iterator[Problem]:
    """Yield for each sentence what its most favourable witnesses hold against it."""
    subject: list[Token] = []
    before: Claim | None = None
    for claim in claims:
        carried = _antecedent(before, subject) if _leans(claim) else []
        objection = best_objection(claim, claim, carried, evidence)
        if objection is not None and objection.outcome is RewriteOutcome.UNSUPPORTED:
            objection = _part_objection(claim, carried, evidence)
        if objection is not None:
            yield objection
        subject = subject if _leans(claim) else _subject(claim)
        before = claim


def _antecedent(before: Claim | None, subject: list[Token]) -> list[Token]:
    """Return whom a pronoun means: the one name of the sentence before, or else its subject."""
    names = [
        at
        for at, token in enumerate(before.tokens if before else ())
        if before and token.kind is Kind.NAME and token.folded not in WEEKDAYS and not is_oblique(before, at)
        if at + 1 == len(before.tokens) or before.tokens[at + 1].kind is not Kind.NAME
    ]
    return [before.tokens[names[0]]] if before and len(names) == 1 else subject


def _part_objection(claim: Claim, carried: list[Token], evidence: Evidence) -> Problem | None:
    """Return the first objection to a part of a sentence that no single witness covers."""
    bounds = _bounds(claim)
    if len(bounds) < 2:
        return problem(RewriteOutcome.UNSUPPORTED, claim.text)
    subject = carried or _subject(claim)
    for start, end in bounds:
        part = claim.part_of(start, end)
        own = start == 0 or _has_subject(part)
        objection = best_objection(part, claim, carried if start == 0 else [] if own else subject, evidence)
        if objection is not None:
            return objection
        if own and start:
            subject = _subject(part)
    return None


def _bounds(claim: Claim) -> list[tuple[int, int]]:
    """Return where the parts of a sentence begin and end, none with too few words to be witnessed alone."""
    starts = [at for at, (one, other) in enumerate(pairwise(claim.parts), 1) if one != other]
    bounds: list[tuple[int, int]] = []
    begin = 0
    for end in [*starts, len(claim.tokens)]:
        if sum(token.tells for token in claim.tokens[begin:end]) >= _FEWEST_WORDS:
            bounds.append((begin, end))
            begin = end
    if begin < len(claim.tokens) and bounds:
        bounds[-1] = (bounds[-1][0], len(claim.tokens))
    return bounds


def _leans(claim: Claim) -> bool:
    """Return whether a sentence or part begins with a pronoun, once marks and joints are past."""
    first = _first(claim)
    return first is not None and first.folded in claim.lexicon.pronouns


def _first(claim: Claim) -> Token | None:
    joints = claim.lexicon.joints
    return next(
        (token for token in claim.tokens if token.kind is not Kind.BREAK and token.folded not in joints), None
    )


def _has_subject(part: Claim) -> bool:
    first = _first(part)
    if first is None or first.folded in part.lexicon.pronouns:
        return False
    article = first.folded in part.lexicon.determiners | part.lexicon.singular
    return article or first.kind in {Kind.NAME, Kind.NUMBER}


def _subject(claim: Claim) -> list[Token]:
    """Return the first name or telling word that no preposition stands before."""
    for at, token in enumerate(claim.tokens):
        if token.kind not in {Kind.NAME, Kind.CONTENT}:
            continue
        if at and claim.tokens[at - 1].folded in claim.lexicon.prepositions:
            continue
        run = [token]
        for other in claim.tokens[at + 1 :]:
            if token.kind is not Kind.NAME or other.kind is not Kind.NAME:
                break
            run.append(other)
        return run[-1:]
    return []


def _without_quotations(text: str) -> str:
    for quotation in sorted(find_quotations(text), key=lambda found: found.start, reverse=True):
        text = text[: quotation.start] + " " + text[quotation.end :]
    return text


def _bare(text: str) -> str:
    """Return the words of a quotation without its marks and the stop that the sentence around it asks for."""
    return " ".join(straight(_MARKS.sub("", text.replace("’", "'").replace("'", "ʼ"))).split()).strip(" ,.;:")


def _quotation_problems(claim: Claim, evidence: Evidence) -> Iterator[Problem]:
    for quotation in find_quotations(claim.text):
        quoted = claim.text[quotation.start : quotation.end]
        wholes = list(_quotations_with(_bare(quoted), evidence))
        if not wholes:
            yield problem(RewriteOutcome.NEW_QUOTATION, quoted)
        elif not any(_speaks(claim, whole) for _, whole in wholes):
            yield problem(RewriteOutcome.ATTRIBUTION_CHANGED, quoted)
        elif all(_turns(_bare(quoted), whole, claim) for whole, _ in wholes):
            yield problem(RewriteOutcome.QUOTATION_CHANGED, quoted)


def _quotations_with(quoted: str, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the quotations of the sources that hold these words, each with the sentences around it."""
    if not quoted:
        return
    whole_words = re.compile(rf"(?<!\w){re.escape(quoted)}(?!\w)")
    for text in evidence.texts:
        for paragraph in re.split(r"\n\s*\n", text):
            if not whole_words.search(_bare(paragraph)) or speaks_to_a_model(paragraph):
                continue
            for found in find_quotations(paragraph):
                whole = _bare(paragraph[found.start : found.end])
                if whole_words.search(whole):
                    yield whole, _around(paragraph, found.start, found.end)


def _around(paragraph: str, start: int, end: int) -> str:
    """Return the sentences that a quotation stands in, and one on either side."""
    spans = split_sentences(paragraph)
    inside = [at for at, span in enumerate(spans) if span.start < end and start < span.end]
    if not inside:
        return paragraph
    first, last = max(0, inside[0] - _NEIGHBOURS), min(len(spans) - 1, inside[-1] + _NEIGHBOURS)
    return paragraph[spans[first].start : spans[last].end]


def _speaks(claim: Claim, passage: str) -> bool:
    """Return whether every name beside a quotation stands beside it in the source too."""
    around = read_claim(passage, claim.lexicon)
    named = read_claim(_without_quotations(claim.text), claim.lexicon).names
    return set(named) <= set(around.names) | around.keys


def _turns(quoted: str, whole: str, claim: Claim) -> bool:
    """Return whether the part of a quotation that was left out denies or doubts the part that is told."""
    sentence = next((span.of(whole) for span in split_sentences(whole) if quoted in span.of(whole)), whole)
    if quoted == sentence.strip(" ,.;:"):
        return False
    rest = read_claim(sentence.replace(quoted, " ", 1), claim.lexicon)
    return any(found.marker.force in {Force.NEGATION, Force.HEDGE} for found in rest.governed)

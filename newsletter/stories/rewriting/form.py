"""Whether a rewrite is fit to print, whatever it claims."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from newsletter.stories.rewriting.claims import lexicon_of, lexicons
from newsletter.stories.rewriting.lexicon import Lexicon
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem
from newsletter.stories.rewriting.tokens import straight
from newsletter.stories.sentences import count_words, split_sentences
from newsletter.stories.text import readability

#: Of the summary's words, a rewrite has at least this share.
_SHORTEST_SHARE = 1 / 3
#: More letters to a word than any text of words has.
_LETTERS_A_WORD = 16
_PRINTED = frozenset(" .,;:!?…'\"’‘“”„«»‹›()–—-/%$€£¥°&+")
_ADDRESS = re.compile(
    r"://|\bwww\.|@|[^\W\d_]{2}\.[^\W\d_]{2}|^\s*[-*•#>]|`|\*\*|__|</?\w|\\n|&\w{2,8};", re.IGNORECASE
)
_SELF_TALK = re.compile(
    r"\b(?:as an? (?:ai|assistant|language model|llm)|language model|an ai\b|ai assistant|chatbot|"
    r"here(?:'s| is| are)(?: the| a| an| my| your)? (?:\w+ )?"
    r"(?:summary|rewrite|rewritten|version|text|result|answer)|"
    r"(?:system|user|original) prompt|prompts?\b|(?:previous|prior|above|these|my|the) instructions?|"
    r"i(?:'m| am) (?:sorry|unable|an?)\b|i (?:cannot|can't|can not|will not|apologi[sz]e)|"
    r"(?:rewritten|revised|shortened|updated) (?:summary|text|version)|"
    r"(?:the|this) (?:summary|article|text|document|source|passage|story)s? "
    r"(?:says?|states?|reports?|describes?|discusses|"
    r"mentions?|notes?|is about|does not)|as requested|let me know|hope this helps|"
    r"(?:dear|attention) readers?|click|subscribe|in (?:summary|conclusion)|to summari[sz]e|word count)\b"
    r"|^\W*(?:sure|certainly|of course|okay|summary|rewrite|output|answer|note|tl;?dr)"
    r"\b\s*[,:!.]|^\W*(?:hier ist|voici|aquí (?:está|tiene)|ecco|вот|ось)\b|\bals (?:ki|sprachmodell)\b"
    r"|\ben tant qu['e ]\s?(?:ia|modèle)|\bcomo (?:ia|modelo de lenguaje)\b|языков\w+ модел",
    re.IGNORECASE,
)
_REPEATED_WORD = re.compile(r"\b([^\W\d_]{2,})\s+\1\b", re.IGNORECASE)
_ALLOWED_TWICE = frozenset({"had", "that"})
_LONGEST_LOOP = 5


def form_problems(text: str, *, summary: str, word_limit: int, language: str | None) -> Iterator[Problem]:
    """Yield what forbids printing a text, the gravest first.

    Args:
        text: The rewrite.
        summary: What it would replace.
        word_limit: Most words.
        language: ISO 639-1 code of the summary.
    """
    lexicon = lexicon_of(language)
    if lexicon is None:
        yield problem(RewriteOutcome.UNCHECKED_LANGUAGE, language or "unknown")
        return
    yield from _length_problems(text, summary, word_limit)
    if len(text) > _LETTERS_A_WORD * max(word_limit, 1):
        return
    odd = sorted({char for char in text if _is_odd(char)} - set(summary))
    if odd:
        yield problem(RewriteOutcome.MARKUP, "".join(f"U+{ord(char):04X} " for char in odd[:8]))
    if (found := _ADDRESS.search(text)) and found[0] not in summary:
        yield problem(RewriteOutcome.MARKUP, found[0])
    if (found := _SELF_TALK.search(straight(text))) and found[0].casefold() not in straight(
        summary
    ).casefold():
        yield problem(RewriteOutcome.SELF_TALK, found[0])
    yield from _language_problems(text, summary, lexicon)
    yield from _sentence_problems(text, summary, language)


def _length_problems(text: str, summary: str, word_limit: int) -> Iterator[Problem]:
    count = count_words(text)
    if count > word_limit:
        yield problem(RewriteOutcome.TOO_LONG, f"{count} words, at most {word_limit}")
    least = int(count_words(summary) * _SHORTEST_SHARE)
    if count < least:
        yield problem(RewriteOutcome.TOO_SHORT, f"{count} words, at least {least}")


def _is_odd(char: str) -> bool:
    category = unicodedata.category(char)
    return char not in _PRINTED and category[0] != "L" and category not in {"Nd", "Mn", "Mc"}


def _language_problems(text: str, summary: str, lexicon: Lexicon) -> Iterator[Problem]:
    strange = sorted(_scripts(text) - _scripts(summary))
    if strange:
        yield problem(RewriteOutcome.OTHER_LANGUAGE, ", ".join(strange).lower())
    said = re.findall(r"[^\W\d_]+", text.casefold())
    counts = {each.language: sum(word in each.function_words for word in said) for each in lexicons()}
    best = max(sorted(counts), key=counts.__getitem__)
    if counts[best] > counts[lexicon.language] + 1:
        yield problem(RewriteOutcome.OTHER_LANGUAGE, best)


def _scripts(text: str) -> set[str]:
    """Return the first word of each letter's Unicode name: LATIN, CYRILLIC, CJK."""
    letters = sorted({char for char in text if char.isalpha()})
    return {unicodedata.name(char, "UNKNOWN").partition(" ")[0] for char in letters}


def _sentence_problems(text: str, summary: str, language: str | None) -> Iterator[Problem]:
    sentences = [span.of(text) for span in split_sentences(text, language=language)]
    if not sentences or readability.opens_dangling(sentences[0]):
        yield problem(RewriteOutcome.NOT_SENTENCES, sentences[0] if sentences else "")
    for sentence in sentences:
        first = sentence.lstrip("\"'“”‘’«»„( ")[:1]
        broken = readability.lacks_end_mark(sentence) or sentence.rstrip('"”’»').endswith(("…", "..."))
        if broken or first.islower() or count_words(sentence) < readability.SHORTEST_WORDS - 1:
            yield problem(RewriteOutcome.NOT_SENTENCES, sentence)
        if readability.has_half_quotation(sentence):
            yield problem(RewriteOutcome.NOT_SENTENCES, sentence)
        if readability.is_question(sentence) and sentence not in summary:
            yield problem(RewriteOutcome.QUESTION, sentence)
    yield from _loops(text, sentences)


def _loops(text: str, sentences: Sequence[str]) -> Iterator[Problem]:
    for found in _REPEATED_WORD.finditer(text):
        if found[1].casefold() not in _ALLOWED_TWICE:
            yield problem(RewriteOutcome.REPETITION, found[0])
    said = re.findall(r"\w+", text.casefold())
    runs = Counter(tuple(said[at : at + _LONGEST_LOOP]) for at in range(len(said) - _LONGEST_LOOP + 1))
    if runs and max(runs.values()) > 1:
        yield problem(RewriteOutcome.REPETITION, " ".join(runs.most_common(1)[0][0]))
    told = [readability.content_words(sentence, frozenset()) for sentence in sentences]
    for at, one in enumerate(told):
        if any(len(one & other) > 0.8 * min(len(one), len(other)) for other in told[:at]):
            yield problem(RewriteOutcome.REPETITION, sentences[at])

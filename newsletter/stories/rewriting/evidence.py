"""What the sources of a story say, sentence by sentence, for holding a rewrite against it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from newsletter.stories.rewriting.claims import Claim, adjoining, read_claim
from newsletter.stories.rewriting.lexicon import Lexicon
from newsletter.stories.rewriting.tokens import Kind, straight
from newsletter.stories.sentences import split_sentences

#: Characters read of all sources together, and of one: a monstrous document must not hold the run.
_MOST_CHARACTERS = 160_000
_MOST_OF_ONE = 40_000
#: Sentences back to look for the name that a pronoun stands for.
_REACH = 3
#: Words at the beginning of a sentence that the next one may take up again.
_SUBJECT_WORDS = 2

#: Sentences that speak to a model, or about its task, are no news.
_TO_A_MODEL = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|prior|everything)"
    r"|\b(?:system|user) prompt\b|\blanguage model\b|\b(?:ai|virtual) assistant\b|\bchatbot\b|\bas an ai\b"
    r"|\byou are (?:now )?(?:an?|the) (?:ai|assistant|helpful|model|journalist|editor|writer)\b"
    r"|\b(?:your|the|this|any|each|every) (?:summary|rewrite|answer|output|response)s?\b"
    r"|\b(?:summari[sz]e|rewrite|paraphrase) (?:this|the|it|these)\b"
    r"|\b(?:respond|reply|answer|output|write|say|print|repeat|state|include|mention|add|insert) "
    r"(?:only|exactly|instead|that|the following|the (?:sentence|words?|text|phrase))\b(?=.{0,60}[:\"“”'])"
    r"|\b(?:do not|don't|never) (?:mention|summari[sz]e|reveal)\b|</?(?:system|user|assistant|inst|document)"
    r"|\[/?inst\]|<\|",
    re.IGNORECASE,
)
_LOWER_WORD = re.compile(r"(?<![\w.])[^\W\d_A-Z][\w]*", re.UNICODE)
#: A capital at the beginning of a sentence, with no second one behind it, and a capital inside a sentence.
_OPENING_WORD = re.compile(r"(?:^|[.!?\n]\s)([^\W\d_]\w*)(?!\w)(?!\s[^\W\d_a-zß-ÿ])", re.UNICODE)
_INNER_NAME = re.compile(r"(?<=[a-zß-ÿ,;]\s)([^\W\d_a-zß-ÿ]\w*)", re.UNICODE)


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A sentence of a source, with what a reader of it still has in mind."""

    claim: Claim
    #: First words of the sentence before, which "it" or "the plan" may take up.
    subject: frozenset[str]
    #: The first name of the nearest sentence before that has any.
    antecedent: frozenset[str]

    @cached_property
    def opens_with_pronoun(self) -> bool:
        """Whether a pronoun of the third person stands before every name."""
        for token in self.claim.tokens:
            if token.kind is Kind.NAME:
                return False
            if token.folded in self.claim.lexicon.pronouns:
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a rewrite may rest on."""

    lexicon: Lexicon
    #: Sentences of the summary first, then those of the sources.
    witnesses: tuple[Witness, ...]
    #: Keys of the summary alone.
    summary_keys: frozenset[str]
    #: Words seen without a capital.
    common: frozenset[str]
    #: The texts, for quotations.
    texts: tuple[str, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys of every sentence."""
        return frozenset().union(*(witness.claim.keys for witness in self.witnesses))

    @cached_property
    def names(self) -> frozenset[str]:
        """Keys of every name."""
        return frozenset().union(*(witness.claim.names for witness in self.witnesses))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Every two telling words with none between them, small words aside."""
        found: set[tuple[str, str]] = set()
        for witness in self.witnesses:
            parts = zip(witness.claim.tokens, witness.claim.parts, strict=True)
            told = [(token.key, part) for token, part in parts if token.tells]
            found.update((one, other) for (one, here), (other, there) in pairwise(told) if here == there)
        return frozenset(found)

    @cached_property
    def adjoining(self) -> frozenset[tuple[str, str]]:
        """Every two names that follow each other somewhere."""
        return frozenset().union(*(adjoining(witness.claim) for witness in self.witnesses))


def read_evidence(summary: str, sources: Sequence[str], lexicon: Lexicon) -> Evidence:
    """Read a summary and its sources; of long ones the beginnings."""
    texts = [summary[:_MOST_OF_ONE], *_beginnings(sources)]
    common = _common(texts)
    witnesses: list[Witness] = []
    for text in texts:
        witnesses += _witnesses(_sentences(text, lexicon), lexicon, common)
    told = [read_claim(sentence, lexicon, common=common).keys for sentence in _sentences(texts[0], lexicon)]
    return Evidence(
        lexicon=lexicon,
        witnesses=tuple(witnesses),
        summary_keys=frozenset().union(*told),
        common=common,
        texts=tuple(texts),
    )


def _common(texts: Sequence[str]) -> frozenset[str]:
    """Return the words that are seen without a capital, or with one only where sentences begin."""
    small: set[str] = set()
    opening: set[str] = set()
    inside: set[str] = set()
    for text in map(straight, texts):
        small.update(word.casefold() for word in _LOWER_WORD.findall(text))
        opening.update(word.casefold() for word in _OPENING_WORD.findall(text))
        inside.update(word.casefold() for word in _INNER_NAME.findall(text))
    return frozenset(small | (opening - inside))


def stands_for(key: str, keys: frozenset[str], lexicon: Lexicon) -> bool:
    """Return whether a source with these keys says a word, or one that it may stand for."""
    return key in keys or key in lexicon.plain or not lexicon.aliases.get(key, frozenset()).isdisjoint(keys)


def speaks_to_a_model(sentence: str) -> bool:
    """Return whether a sentence gives orders to whoever summarises it."""
    return bool(_TO_A_MODEL.search(sentence[:2_000]))


def _beginnings(sources: Iterable[str]) -> Iterator[str]:
    left = _MOST_CHARACTERS
    for source in sources:
        text = source[: min(left, _MOST_OF_ONE)]
        left -= len(text)
        if text.strip():
            yield text


def _sentences(text: str, lexicon: Lexicon) -> list[str]:
    spans = split_sentences(text, language=lexicon.language)
    return [sentence for span in spans for sentence in [span.of(text)] if not speaks_to_a_model(sentence)]


def _witnesses(sentences: Sequence[str], lexicon: Lexicon, common: frozenset[str]) -> Iterator[Witness]:
    before: list[Claim] = []
    for sentence in sentences:
        claim = read_claim(sentence, lexicon, common=common)
        named = next((earlier for earlier in reversed(before[-_REACH:]) if earlier.names), None)
        yield Witness(
            claim=claim,
            subject=_first_words(before[-1]) if before else frozenset(),
            antecedent=_first_name(named) if named else frozenset(),
        )
        before.append(claim)


def _first_words(claim: Claim) -> frozenset[str]:
    return frozenset([token.key for token in claim.tokens if token.tells][:_SUBJECT_WORDS])


def _first_name(claim: Claim) -> frozenset[str]:
    run: list[str] = []
    for token in claim.tokens:
        if token.kind is Kind.NAME:
            run.append(token.key)
        elif run:
            break
    return frozenset(run)

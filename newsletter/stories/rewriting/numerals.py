"""Numbers in figures and in words: twelve, 12 and a dozen are one, 5 percent is not 5."""

import re
from dataclasses import replace
from decimal import Decimal

from newsletter.stories.rewriting.lexicon import Lexicon
from newsletter.stories.rewriting.lexicon_english import ENGLISH
from newsletter.stories.rewriting.tokens import SIGNS, Kind, Token

#: Between the ends of a range.
_RANGE = frozenset({"to", "and", "or", "bis", "und", "à", "et", "a", "y", "e", "до", "–", "—"})
_MOST_DIGITS = 20
_ORDINAL_ENDING = re.compile(r"(?:st|nd|rd|th)\Z")
_GROUPED = {
    False: re.compile(r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?\Z"),
    True: re.compile(r"\d{1,3}(?:[.\u00a0\u202f]\d{3})+(?:,\d+)?\Z"),
}


def with_numbers(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Return the tokens with each number as one, its key `#` and its value, however it was written."""
    return _with_ranges(_joined(tokens, lexicon))


def _joined(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        value, length = _number_at(tokens, at, lexicon)
        if not length:
            found.append(tokens[at])
            at += 1
            continue
        following = tokens[at + length] if at + length < len(tokens) else None
        if following and following.folded == "per" and at + length + 1 < len(tokens):
            cent = tokens[at + length + 1].folded == "cent"
            value, length = (f"{value}%", length + 2) if cent else (value, length)
        elif following and following.folded in lexicon.percent:
            value, length = f"{value}%", length + 1
        before = [
            token for token in found[-3:] if token.folded not in SIGNS and token.folded not in SIGNS.values()
        ]
        found.append(
            replace(
                tokens[at],
                kind=Kind.NUMBER,
                key=f"#{value}",
                marker=None,
                qualifier=before[-1].qualifier if before else "",
                preposition=_preposition(before, lexicon),
            )
        )
        at += length
    return found


def _with_ranges(tokens: list[Token]) -> list[Token]:
    """Make the first number of "4 to 6 percent" a percentage too."""
    found = list(tokens)
    for at in range(len(tokens) - 2):
        first, last = tokens[at], tokens[at + 2]
        if (
            first.kind is Kind.NUMBER is last.kind
            and last.key.endswith("%")
            and tokens[at + 1].folded in _RANGE
        ):
            found[at] = first if first.key.endswith("%") else replace(first, key=f"{first.key}%")
    return found


def _preposition(before: list[Token], lexicon: Lexicon) -> str:
    for token in reversed(before):
        if token.folded in lexicon.number_prepositions:
            return token.folded
        if not token.qualifier and token.folded not in lexicon.determiners | lexicon.singular:
            return ""
    return ""


def _number_at(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[str, int]:
    """Return the value of the number that begins at a token, and how many tokens it takes; 0 for none."""
    token = tokens[at]
    if token.kind is Kind.NUMBER:
        return _digits(tokens, at, lexicon)
    bare = token.folded.removesuffix("s")
    if token.kind is Kind.NAME and token.folded not in lexicon.numbers and bare not in lexicon.multipliers:
        return "", 0
    if token.folded in lexicon.ordinals:
        return f"o{lexicon.ordinals[token.folded]}", 1
    if lexicon is ENGLISH and bare in lexicon.multipliers and bare != token.folded:
        return token.folded, 1
    if token.folded in lexicon.numbers or token.folded in lexicon.multipliers:
        return _worded(tokens, at, lexicon)
    return "", 0


def _digits(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[str, int]:
    written = tokens[at].text
    value = _plain_value(written, decimal_comma=lexicon.decimal_comma)
    following = tokens[at + 1].folded if at + 1 < len(tokens) else ""
    if value is None:
        return written, 1
    if _ORDINAL_ENDING.match(following):
        return f"o{_shown(value)}", 2
    if following in lexicon.multipliers:
        return _shown(value * lexicon.multipliers[following]), 2
    return _shown(value), 1


def _plain_value(written: str, *, decimal_comma: bool) -> Decimal | None:
    if len(written) > _MOST_DIGITS:
        return None
    if _GROUPED[decimal_comma].match(written):
        written = re.sub(r"[.\u00a0\u202f]" if decimal_comma else r"[,\u00a0\u202f]", "", written)
    if decimal_comma:
        written = written.replace(",", ".")
    return Decimal(written) if re.fullmatch(r"\d+(?:\.\d+)?", written) else None


def _shown(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _worded(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[str, int]:
    """Read "two hundred and five thousand" and the like."""
    total, current, length = 0, 0, 0
    while at + length < len(tokens):
        word = tokens[at + length].folded
        if word in lexicon.numbers:
            added = lexicon.numbers[word]
            if current % 100 and not (current % 10 == 0 and current % 100 >= 20 and added < 10):
                break
            current += added
        elif word in lexicon.multipliers:
            factor = lexicon.multipliers[word]
            if factor <= 100:
                current = max(current, 1) * factor
            else:
                total, current = total + max(current, 1) * factor, 0
        elif not (word == "and" and length and _continues(tokens, at + length, lexicon)):
            break
        length += 1
    return str(total + current), length


def _continues(tokens: list[Token], at: int, lexicon: Lexicon) -> bool:
    """Return whether "and" stands between "hundred" or "thousand" and a smaller number."""
    if at + 1 >= len(tokens):
        return False
    return tokens[at - 1].folded in {"hundred", "thousand"} and tokens[at + 1].folded in lexicon.numbers

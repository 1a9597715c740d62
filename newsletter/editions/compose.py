"""From ranked stories to an edition that a reader can finish."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.model.editions import Edition, MailingList, OneLiner
from newsletter.model.stories import Story, Summary, SummarySentence

#: Sentences and words of the first story's summary, and of the others'.
LEAD_SENTENCES, LEAD_WORDS = 3, 110
SECOND_SENTENCES, SECOND_WORDS = 2, 60

#: With so few stories, all are told at the same length.
_FEW_STORIES = 5

#: "Also today" holds no more lines than a reader will read.
MAX_ONE_LINERS = 12

_WORDS_PER_MINUTE = 220
_SUBJECT_CHARACTERS = 78
_PREHEADER_CHARACTERS = 140
_ONE_LINER_CHARACTERS = 160

_WORD = re.compile(r"[\w'’-]+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def compose(
    stories: Sequence[Story],
    mailing_list: MailingList,
    *,
    number: int,
    now: datetime,
    slot_at: datetime | None,
) -> Edition:
    """Make an edition of ranked stories.

    What does not fit the word budget becomes a one-liner under "Also today"; what does not fit there is
    counted, and counts as told.

    Args:
        stories: At least one, the weightiest first, each with the summary of a lead.
        mailing_list: The list, with its word budget.
        number: The edition's number.
        now: UTC.
        slot_at: The slot that it answers to, UTC; None if triggered by hand.
    """
    told, rest = _within_budget(stories, mailing_list.word_budget)
    also = tuple(_one_liner(story) for story in rest[:MAX_ONE_LINERS])
    left_out = tuple(i for story in rest[MAX_ONE_LINERS:] for i in story.document_ids)
    headlines = [story.headline for story in told] + [line.headline for line in also]
    word_count = sum(_story_words(story) for story in told) + sum(count_words(line.headline) for line in also)
    return Edition(
        list_name=mailing_list.name,
        number=number,
        created_at=now,
        slot_at=slot_at,
        subject=compose_subject(headlines),
        preheader=compose_preheader(headlines, told[0].summary) or mailing_list.tagline,
        language=mailing_list.language or _main_language(told),
        stories=tuple(told),
        also=also,
        left_out_ids=left_out,
        word_count=word_count,
        reading_minutes=max(1, round(word_count / _WORDS_PER_MINUTE)),
    )


def count_words(text: str) -> int:
    """Return the words of a text; of scripts that do not part them, two characters count as one."""
    wide = len(_WIDE.findall(text))
    return len(_WORD.findall(_WIDE.sub(" ", text))) + math.ceil(wide / 2)


def cut_at_word(text: str, *, limit: int) -> str:
    """Return a text of at most `limit` characters; what is cut ends at a word, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ")
    if space > limit // 2:
        head = head[:space]
    return head.rstrip(" ,;:–—-") + "…"


def compose_subject(headlines: Sequence[str]) -> str:
    """Return the top two headlines as a subject, or the first alone if both do not fit."""
    return cut_at_word("; ".join(headlines[: _in_subject(headlines)]), limit=_SUBJECT_CHARACTERS)


def compose_preheader(headlines: Sequence[str], lead: Summary) -> str:
    """Return what an inbox shows after the subject: the next headlines, or the lead's first words.

    Empty where the lead says no more than its headline.
    """
    start = _in_subject(headlines)
    following = headlines[start : start + 3]
    if not following:
        if lead.text == headlines[0]:
            return ""
        return cut_at_word(lead.text, limit=_PREHEADER_CHARACTERS)
    return cut_at_word("Also: " + "; ".join(following), limit=_PREHEADER_CHARACTERS)


def _in_subject(headlines: Sequence[str]) -> int:
    """Return how many headlines the subject holds."""
    both = "; ".join(" ".join(headline.split()) for headline in headlines[:2])
    return min(2, len(headlines)) if len(both) <= _SUBJECT_CHARACTERS else 1


def shorten(summary: Summary, *, sentences: int, words: int) -> Summary:
    """Return a summary's first sentences, as many as both limits allow and at least one."""
    kept: list[SummarySentence] = []
    used = 0
    for sentence in summary.sentences[:sentences]:
        used += count_words(sentence.text)
        if kept and used > words:
            break
        kept.append(sentence)
    return replace(summary, sentences=tuple(kept))


def _within_budget(stories: Sequence[Story], budget: int) -> tuple[list[Story], list[Story]]:
    """Split ranked stories into those told with a summary and the rest; the first is always told."""
    even = len(stories) <= _FEW_STORIES
    told: list[Story] = []
    used = 0
    for place, story in enumerate(stories):
        long = even or place == 0
        summary = shorten(
            story.summary,
            sentences=LEAD_SENTENCES if long else SECOND_SENTENCES,
            words=LEAD_WORDS if long else SECOND_WORDS,
        )
        candidate = replace(story, summary=summary)
        used += _story_words(candidate)
        if told and used > budget:
            return told, list(stories[place:])
        told.append(candidate)
    return told, []


def _story_words(story: Story) -> int:
    return count_words(story.headline) + count_words(story.summary.text)


def _one_liner(story: Story) -> OneLiner:
    headline = cut_at_word(story.headline, limit=_ONE_LINER_CHARACTERS)
    return OneLiner(headline=headline, source=story.sources[0], document_ids=story.document_ids)


def _main_language(stories: Sequence[Story]) -> str:
    counted = Counter(story.language for story in stories if story.language)
    return counted.most_common(1)[0][0] if counted else "en"

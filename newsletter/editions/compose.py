"""From stories with their room to an edition that a reader can finish."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.editions.plan import ONE_LINERS, Placing, Plan
from newsletter.editions.sections import arrange, large_enough, section_of
from newsletter.editions.subject import compose_preheader, compose_subject
from newsletter.editions.words import count_words, cut_at_word, cut_to_words
from newsletter.model.editions import DroppedStory, Edition, MailingList, OneLiner, Section
from newsletter.model.ranking import Placement
from newsletter.model.stories import Story, Summary, SummarySentence

_WORDS_PER_MINUTE = 220
_ONE_LINER_WORDS = 25
_ONE_LINER_CHARACTERS = 160

#: What was told before is one line; a longer sentence than this takes room from the news.
_CONTEXT_WORDS = 45


def compose(
    planned: Plan,
    mailing_list: MailingList,
    *,
    number: int,
    now: datetime,
    slot_at: datetime | None,
    covers_from: datetime | None = None,
    repeated_ids: Sequence[int] = (),
    dropped: Sequence[DroppedStory] = (),
    ranking: Sequence[Placement] = (),
) -> Edition:
    """Make an edition of planned stories.

    What does not fit the word budget becomes a line under "Also today"; what does not fit there is counted,
    and counts as told. Only the first story may exceed the budget, if its first sentence does.

    Args:
        planned: The stories with their room and with summaries for it; longer ones lose their last sentences.
        mailing_list: The list, with its word budget and sections.
        number: The edition's number.
        now: UTC.
        slot_at: The slot that it answers to, UTC; None if triggered by hand.
        covers_from: Since when its documents came, UTC, where that is more than one day's news.
        repeated_ids: Documents that said nothing new; they count as told.
        dropped: Stories that an operator took out; they count as told.
        ranking: Why the stories stand where they stand, the weightiest first.
    """
    choice = _within_budget(planned, mailing_list.word_budget)
    ranked = [*choice.told, *choice.also]
    headlines = [story.headline for story in ranked]
    label = choice.told[0].label
    stories, lines = _in_sections(choice, mailing_list.sections)
    return Edition(
        list_name=mailing_list.name,
        number=number,
        created_at=now,
        slot_at=slot_at,
        subject=compose_subject(headlines, label=label),
        preheader=compose_preheader(headlines, choice.told[0].summary, label=label) or mailing_list.tagline,
        language=mailing_list.language or _main_language(choice.told),
        stories=stories,
        also=lines,
        left_out_ids=tuple(i for story in choice.rest for i in story.document_ids),
        left_out_stories=len(choice.rest),
        repeated_ids=tuple(repeated_ids),
        dropped=tuple(dropped),
        covers_from=covers_from,
        ranking=tuple(ranking),
        word_count=choice.word_count,
        reading_minutes=reading_minutes(choice.word_count),
    )


def shorten(summary: Summary, *, sentences: int, words: int) -> Summary:
    """Return a summary's first sentences, as many as both limits allow and at least one.

    What a language model made of it goes where it is too long, or tells of a sentence that is dropped.
    """
    kept: list[SummarySentence] = []
    used = 0
    for sentence in summary.sentences[:sentences]:
        used += count_words(sentence.text)
        if kept and used > words:
            break
        kept.append(sentence)
    whole = len(kept) == len(summary.sentences)
    fits = whole and summary.rewrite is not None and count_words(summary.rewrite) <= words
    return replace(summary, sentences=tuple(kept), rewrite=summary.rewrite if fits else None)


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """What the word budget leaves of a plan, the weightiest first in each part."""

    told: tuple[Story, ...]
    also: tuple[Story, ...]
    rest: tuple[Story, ...]
    word_count: int


def _within_budget(planned: Plan, budget: int) -> _Choice:
    told: list[Story] = []
    used = 0
    for placing in planned.told:
        story = _fitted(placing, budget - used)
        words = story_words(story)
        if told and used + words > budget:
            break
        told.append(story)
        used += words
    others = [placing.story for placing in planned.told[len(told) :]] + [*planned.also, *planned.rest]
    count = 0
    for story in others[:ONE_LINERS]:
        words = count_words(_line(story))
        if used + words > budget:
            break
        used += words
        count += 1
    return _Choice(told=tuple(told), also=tuple(others[:count]), rest=tuple(others[count:]), word_count=used)


def _fitted(placing: Placing, room: int) -> Story:
    """Return a story with the summary that its form and the words left allow."""
    story = placing.story
    if story.context is not None and count_words(story.context.text) > _CONTEXT_WORDS:
        story = replace(story, context=None)
    besides = story_words(story) - _summary_words(story.summary)
    limit = min(placing.word_limit, room - besides)
    summary = shorten(story.summary, sentences=placing.sentence_count, words=limit)
    return replace(story, summary=summary)


def reading_minutes(words: int) -> int:
    """Return how long somebody reads so many words, at least a minute."""
    return max(1, round(words / _WORDS_PER_MINUTE))


def story_words(story: Story) -> int:
    """Return the words that are read of a story: headline, summary and what stands beside it."""
    claims = [claim for disagreement in story.disagreements for claim in disagreement.claims]
    besides = [story.headline, *(f"{claim.figure} {claim.source}" for claim in claims)]
    if story.context is not None:
        besides.append(story.context.text)
    return sum(map(count_words, besides)) + _summary_words(story.summary)


def _summary_words(summary: Summary) -> int:
    return count_words(summary.rewrite or summary.text)


def _line(story: Story) -> str:
    return cut_at_word(cut_to_words(story.headline, limit=_ONE_LINER_WORDS), limit=_ONE_LINER_CHARACTERS)


def _one_liner(story: Story, section: str) -> OneLiner:
    return OneLiner(
        headline=_line(story),
        source=story.sources[0],
        document_ids=story.document_ids,
        thread=story.thread,
        label=story.label,
        section=section,
    )


def _in_sections(
    choice: _Choice, sections: Sequence[Section]
) -> tuple[tuple[Story, ...], tuple[OneLiner, ...]]:
    """Return the stories and lines section by section; the first story stands above them all."""
    first, *others = choice.told
    told = [section_of(story, sections) for story in others]
    also = [section_of(story, sections) for story in choice.also]
    kept = large_enough(told, also)
    stories = [
        replace(story, section=title if title in kept else "")
        for story, title in zip(others, told, strict=True)
    ]
    lines = [
        _one_liner(story, title if title in kept else "")
        for story, title in zip(choice.also, also, strict=True)
    ]
    return (
        (replace(first, section=""), *arrange(stories, sections, title_of=lambda story: story.section)),
        tuple(arrange(lines, sections, title_of=lambda line: line.section)),
    )


def _main_language(stories: Sequence[Story]) -> str:
    counted = Counter(story.language for story in stories if story.language)
    return counted.most_common(1)[0][0] if counted else "en"

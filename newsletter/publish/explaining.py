"""Why an edition is as it is: what was kept with it, and what can be worked out again from its documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter.editions.contents import entries
from newsletter.editions.plan import LEAD_SENTENCES, LEAD_WORDS, SECOND_SENTENCES, SECOND_WORDS
from newsletter.errors import StoryNotFoundError
from newsletter.model.documents import Document
from newsletter.model.editions import Edition, MailingList
from newsletter.model.explanations import (
    CandidateSentence,
    CandidateSummary,
    EditionExplanation,
    Entry,
    SentenceFate,
    StoryExplanation,
    StoryRole,
)
from newsletter.model.stories import StoryLabel
from newsletter.publish.telling import Newsroom
from newsletter.store.store import Store
from newsletter.stories.editor.reasons import ProposalExplanation, SentenceExplanation, SummaryExplanation
from newsletter.stories.joining.pool import beginning
from newsletter.stories.news import decide_news
from newsletter.stories.repeats.told import Told

#: Documents of a story whose sentences are shown.
_MOST_DOCUMENTS = 10
#: Documents of the edition's other stories that the leading one is held against.
_MOST_OUTSIDE = 500


def explain_edition(store: Store, edition: Edition) -> EditionExplanation:
    """Return what an edition holds and why each story stands where it stands.

    Args:
        store: Where its documents are.
        edition: A published one, or a draft's.
    """
    found = entries(edition)
    left_out = sum(entry.role is StoryRole.LEFT_OUT for entry in found)
    return EditionExplanation(
        edition=edition,
        entries=found,
        unlisted=max(0, edition.left_out_stories - left_out),
        repeats=tuple(store.documents.get_many(edition.repeated_ids)),
    )


def find_entry(edition: Edition, wanted: str) -> Entry:
    """Return the story that an operator means.

    Args:
        edition: The edition.
        wanted: Its number, or words of its headline in any case.

    Raises:
        StoryNotFoundError: None or several are meant; the message lists what to choose from.
    """
    found = entries(edition)
    if wanted.isdecimal():
        meant = [entry for entry in found if entry.number == int(wanted)]
    else:
        folded = " ".join(wanted.casefold().split())
        meant = [entry for entry in found if folded in " ".join(entry.headline.casefold().split())]
    if len(meant) == 1:
        return meant[0]
    if meant:
        choice = "; ".join(f"{entry.number}: {entry.headline}" for entry in meant)
        raise StoryNotFoundError(f"{wanted!r} is in several headlines, name one by its number: {choice}")
    raise StoryNotFoundError(
        f"no story of this edition is {wanted!r}: give a number from 1 to {len(found)}, "
        "or words of its headline"
    )


def explain_story(
    store: Store, mailing_list: MailingList, newsroom: Newsroom, edition: Edition, entry: Entry
) -> StoryExplanation:
    """Return why documents are one story, why it stands where it stands, and what became of each sentence.

    The place in the ranking and the summary are as they were kept. Likeness and scores are worked out again,
    by the rules and weights of today.

    Args:
        store: Where its documents are.
        mailing_list: The list.
        newsroom: By which rules.
        edition: A published one, or a draft's.
        entry: One of its stories.

    Raises:
        StoryNotFoundError: Its texts are no longer kept.
    """
    # numpy, here and below, takes a tenth of a second to load: only whoever explains waits for it.
    from newsletter.stories.grouping.explanation import explain_group

    documents = store.documents.get_many(entry.document_ids)
    if not documents:
        raise StoryNotFoundError("the texts of this story are no longer kept (KEEP_TEXT_DAYS)")
    mine = frozenset(entry.document_ids)
    others = [i for i in edition.document_ids if i not in mine][:_MOST_OUTSIDE]
    past = _past(store, mailing_list, newsroom, edition, entry)
    summarized = [_summarized(document, entry, mailing_list) for document in documents[:_MOST_DOCUMENTS]]
    return StoryExplanation(
        entry=entry,
        ranked=len(edition.ranking),
        documents=tuple(documents),
        group=explain_group(documents, outside=store.documents.get_many(others), rules=newsroom.grouping),
        goes_on=explain_group([documents[0], *past.documents], goes_on=True).documents,
        story_cutoff=newsroom.grouping.story_cutoff,
        summarizer=entry.story.summary.method if entry.story else None,
        sentences=tuple(
            _candidate(document, sentence, entry, past)
            for document, summary in zip(documents, summarized, strict=False)
            for sentence in summary.sentences
        ),
        # What was told before was taken out of an update before its summaries were weighed.
        summaries=() if past.documents else tuple(map(_summary, summarized[0].proposals)),
    )


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What a list was told of a story before an edition."""

    #: Documents that were told; none of a new story.
    documents: Sequence[Document] = ()
    #: Whether a sentence says nothing new.
    is_old: Callable[[str], bool] = lambda _: False


def _summarized(document: Document, entry: Entry, mailing_list: MailingList) -> SummaryExplanation:
    """Return what the editor makes of one document in the story's room."""
    from newsletter.stories.editor.explanation import explain_summary

    is_lead = entry.role is StoryRole.LEAD
    return explain_summary(
        beginning(document),
        language=mailing_list.language,
        sentence_count=LEAD_SENTENCES if is_lead else SECOND_SENTENCES,
        word_limit=LEAD_WORDS if is_lead else SECOND_WORDS,
    )


def _candidate(
    document: Document, sentence: SentenceExplanation, entry: Entry, past: _Past
) -> CandidateSentence:
    told = entry.story.summary.sentences if entry.story else ()
    if entry.story is None:
        fate = SentenceFate.HEADLINE_ONLY
    elif any(one.document_id == document.id and one.text == sentence.text for one in told):
        fate = SentenceFate.TOLD
    else:
        fate = SentenceFate.TOLD_BEFORE if past.is_old(sentence.text) else SentenceFate.PASSED_OVER
    return CandidateSentence(
        document_id=document.id,
        number=sentence.place + 1,
        text=sentence.text,
        fate=fate,
        score=sentence.score,
        parts={part.name: part.value for part in sentence.contributions},
        flaws=() if fate is SentenceFate.TOLD else tuple(flaw.value for flaw in sentence.flaws),
    )


def _summary(proposal: ProposalExplanation) -> CandidateSummary:
    return CandidateSummary(
        numbers=tuple(place + 1 for place in proposal.places),
        score=proposal.score,
        parts={part.name: part.value for part in proposal.contributions},
    )


def _past(
    store: Store, mailing_list: MailingList, newsroom: Newsroom, edition: Edition, entry: Entry
) -> _Past:
    if entry.label is not StoryLabel.UPDATE:
        return _Past()
    since = edition.created_at - timedelta(days=newsroom.grouping.open_days)
    stories = store.told.open_stories(mailing_list.name, since=since, before=edition.created_at)
    story = next((story for story in stories if story.thread == entry.thread), None)
    if story is None:
        return _Past()
    known = store.documents.get_many(story.document_ids)
    decision = decide_news(
        store.documents.get_many(entry.document_ids),
        known,
        story,
        elsewhere=Told.of_all(stories, language=mailing_list.language),
        rules=newsroom.repeats,
    )
    return _Past(documents=known, is_old=decision.is_old)

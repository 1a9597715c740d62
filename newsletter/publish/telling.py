"""Stories out of finds: in outline to be ranked by, then with the summary that their room calls for."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from newsletter.editions.plan import LEAD_SENTENCES, LEAD_WORDS, Placing
from newsletter.errors import SummarizerError, TimeLimitError
from newsletter.model.documents import Document
from newsletter.model.editions import MailingList
from newsletter.model.stories import (
    GroupingRules,
    SourceCredit,
    Story,
    StoryLabel,
    Summary,
    SummarySentence,
)
from newsletter.publish.gathering import Find
from newsletter.stories.apart import run_apart
from newsletter.stories.joining.crediting import outlet
from newsletter.stories.joining.disagreements import find_disagreements
from newsletter.stories.joining.pool import beginning
from newsletter.stories.news import News, RepeatRules
from newsletter.stories.rewrite import Completes, rewrite_story
from newsletter.stories.rewriting.outcomes import RewriteOutcome
from newsletter.stories.several import summarize_several
from newsletter.stories.summarize import summarize

_log = logging.getLogger(__name__)

#: Longer documents than any report are summarised in a process that can be stopped.
_LARGE_CHARACTERS = 30_000


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """How documents become stories."""

    grouping: GroupingRules = field(default_factory=GroupingRules)
    repeats: RepeatRules = field(default_factory=RepeatRules)
    #: How long the summary of one large document may take, s.
    document_seconds: float = 10.0
    #: Makes the language model that may reword one edition's summaries; None: they stay as they are.
    language_model: Callable[[], Completes] | None = None


def outline(find: Find, mailing_list: MailingList) -> Story:
    """Return a story with a summary that is good enough to rank it by, and quickly made."""
    from newsletter.stories.grouping.independence import independent_sources

    lead, story = find.documents[0], find.story
    told = find.decision.sentences[:LEAD_SENTENCES]
    summary = (
        Summary(sentences=told, method="lead")
        if told
        else summarize(
            beginning(lead),
            summarizer="lead",
            sentence_count=LEAD_SENTENCES,
            word_limit=LEAD_WORDS,
            language=mailing_list.language,
            document_id=lead.id,
        )
    )
    return Story(
        headline=lead.headline,
        label=StoryLabel.UPDATE if find.decision.news is News.UPDATE else StoryLabel.NEW,
        summary=summary,
        sources=_credits(find.documents),
        document_ids=tuple(document.id for document in find.documents),
        language=lead.language,
        dated_at=max(document.dated_at for document in find.documents),
        independent_sources=independent_sources(find.documents),
        thread=find.thread,
        context=find.decision.context,
        first_told_at=story.first_told_at if story else None,
        tags=tuple(dict.fromkeys(tag for document in find.documents for tag in document.tags)),
    )


def tell(
    placing: Placing,
    find: Find,
    mailing_list: MailingList,
    newsroom: Newsroom,
    *,
    model: Completes | None = None,
) -> Story:
    """Return the story of a placing with the summary for its room, of an update with what is new only.

    Args:
        placing: The story in outline, and its room.
        find: What it is made from.
        mailing_list: The list.
        newsroom: By which rules.
        model: May reword the summary.

    Raises:
        SummarizerError: The list names an unknown summarizer.
    """
    is_old = find.decision.is_old if find.decision.news is News.UPDATE else None
    summary = _summarized(placing, find.documents, mailing_list, newsroom, leave_out=is_old)
    story = replace(placing.story, summary=summary, disagreements=find_disagreements(find.documents))
    return _reworded(story, find.documents, placing.word_limit, model) if model else story


def tell_in_full(placing: Placing, find: Find, mailing_list: MailingList, newsroom: Newsroom) -> Story:
    """Return an update as it is told to readers who missed what came before: as news, from the beginning."""
    story = tell(placing, find, mailing_list, newsroom)
    summary = _summarized(placing, find.documents, mailing_list, newsroom, leave_out=None)
    return replace(story, summary=summary, label=StoryLabel.NEW, context=None, first_told_at=None)


def _reworded(story: Story, documents: Sequence[Document], word_limit: int, model: Completes) -> Story:
    """Return the story with what a language model made of its summary, if that may be told."""
    rewrite = rewrite_story(
        model,
        headline=story.headline,
        summary_sentences=[sentence.text for sentence in story.summary.sentences],
        sources=[beginning(document).body for document in documents],
        word_limit=word_limit,
        language=story.language,
    )
    if rewrite.outcome is RewriteOutcome.ACCEPTED:
        return replace(story, summary=replace(story.summary, rewrite=rewrite.text))
    reason = f"{rewrite.outcome.value}: {rewrite.detail}" if rewrite.detail else rewrite.outcome.value
    _log.info("“%s” keeps its sentences: %s", story.headline, reason)
    return story


def _summarized(
    placing: Placing,
    documents: Sequence[Document],
    mailing_list: MailingList,
    newsroom: Newsroom,
    *,
    leave_out: Callable[[str], bool] | None,
) -> Summary:
    """Summarize the documents, large ones in a process that can be stopped."""
    work = partial(
        summarize_several,
        documents,
        summarizer=mailing_list.summarizer,
        sentence_count=placing.sentence_count,
        word_limit=placing.word_limit,
        language=mailing_list.language,
        leave_out=leave_out,
    )
    large = sum(len(document.text) > _LARGE_CHARACTERS for document in documents)
    try:
        return run_apart(work, limit_seconds=newsroom.document_seconds * large) if large else work()
    except TimeLimitError as error:
        _log.warning("“%s” is summarised from its beginning: %s", documents[0].headline, error)
    except SummarizerError:
        if leave_out is None:
            raise
        # What is new is nothing that can be told by itself: the sentences that were found new must do.
        return _shortened(placing)
    shorter = [beginning(document) for document in documents]
    return work.func(shorter, **work.keywords | {"summarizer": "lead"})


def _shortened(placing: Placing) -> Summary:
    told: list[SummarySentence] = list(placing.story.summary.sentences[: placing.sentence_count])
    return replace(placing.story.summary, sentences=tuple(told))


def _credits(documents: Sequence[Document]) -> tuple[SourceCredit, ...]:
    """Credit every document of a story once, the leading one first."""
    found: dict[tuple[str, str], SourceCredit] = {}
    for document in documents:
        name = outlet(document)
        origin = document.origin if document.origin != name else None
        credit = SourceCredit(name=name, title=document.headline, url=document.url, origin=origin)
        found.setdefault((name, document.headline), credit)
        for copy in document.copies:
            carried = SourceCredit(name=copy.source, title=document.headline, url=copy.url)
            found.setdefault((copy.source, document.headline), carried)
    return tuple(found.values())

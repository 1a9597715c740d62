"""Stories out of documents: grouped by event, summarised, credited."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from newsletter.editions.plan import LEAD_SENTENCES, LEAD_WORDS
from newsletter.model.documents import Document
from newsletter.model.editions import MailingList
from newsletter.model.stories import UNNAMED_SOURCE, GroupingRules, SourceCredit, Story, StoryLabel
from newsletter.stories.summarize import summarize


def tell(
    documents: Sequence[Document], updates: frozenset[int], mailing_list: MailingList, rules: GroupingRules
) -> list[Story]:
    """Make a story of each group of documents; the leading document gives headline and summary."""
    # numpy takes a tenth of a second to load: only whoever composes waits for it.
    from newsletter.stories.group import group_documents, independent_sources

    stories = []
    for group in group_documents(documents, cutoff=rules.story_cutoff):
        lead = group[0]
        summary = summarize(
            lead,
            summarizer=mailing_list.summarizer,
            sentence_count=LEAD_SENTENCES,
            word_limit=LEAD_WORDS,
            language=mailing_list.language,
            document_id=lead.id,
        )
        known = any(document.id in updates for document in group)
        story = Story(
            headline=lead.headline,
            label=StoryLabel.UPDATE if known else StoryLabel.NEW,
            summary=summary,
            sources=_credits(group),
            document_ids=tuple(document.id for document in group),
            language=lead.language,
            dated_at=max(document.dated_at for document in group),
            independent_sources=independent_sources(group),
        )
        stories.append(story)
    return stories


def _credits(group: Sequence[Document]) -> tuple[SourceCredit, ...]:
    """Credit every document of a story once, the leading one first."""
    found: dict[tuple[str, str], SourceCredit] = {}
    for document in group:
        name = document.credit or _host(document.url) or UNNAMED_SOURCE
        origin = document.origin if document.origin != name else None
        credit = SourceCredit(name=name, title=document.headline, url=document.url, origin=origin)
        found.setdefault((name, document.headline), credit)
    return tuple(found.values())


def _host(url: str | None) -> str | None:
    """Return the site of a web address, without "www."."""
    host = urlsplit(url).hostname if url else None
    return host.removeprefix("www.") if host else None

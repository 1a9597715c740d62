"""Finding: a search over what lists told, page by page."""

from collections.abc import Sequence
from datetime import datetime

from newsletter.archive.snippets import marked, snippet
from newsletter.messages.text import clean
from newsletter.model.archive import ArchivedStory, FoundStory, SearchPage, Term
from newsletter.model.dates import date_words, local_day
from newsletter.model.editions import MailingList
from newsletter.model.voices import voice_of
from newsletter.store.store import Store
from newsletter.store.words import terms_of

#: Stories on a page, and pages: nobody reads on for a thousand results.
_PER_PAGE, _MOST_PAGES = 20, 50

#: Characters of a search that are shown again.
_SHOWN_QUERY = 200


def search(
    store: Store, lists: Sequence[MailingList], query: str, *, page: int = 1, now: datetime
) -> SearchPage:
    """Find stories that hold every word of a search; weekly digests, which tell them again, are left out.

    Args:
        store: Where they are.
        lists: The lists that may be searched.
        query: As typed.
        page: From 1; what lies outside is empty.
        now: What age is counted from, UTC.
    """
    terms = terms_of(query)
    by_name = {mailing_list.name: mailing_list for mailing_list in lists}
    total, found = 0, list[ArchivedStory]()
    if terms and by_name:
        limit = _PER_PAGE if 1 <= page <= _MOST_PAGES else 0
        total, found = store.archive.search(
            terms, list(by_name), now=now, limit=limit, offset=max(0, page - 1) * _PER_PAGE
        )
    return SearchPage(
        query=clean(query[:_SHOWN_QUERY]),
        has_terms=bool(terms),
        total=total,
        page=page,
        page_count=min(_MOST_PAGES, -(-total // _PER_PAGE)),
        stories=tuple(_found(story, by_name[story.list_name], terms) for story in found),
    )


def _found(story: ArchivedStory, mailing_list: MailingList, terms: Sequence[Term]) -> FoundStory:
    headline, body = clean(story.headline), clean(story.body)
    day = local_day(story.told_at, mailing_list.time_zone)
    return FoundStory(
        list_name=story.list_name,
        list_title=clean(mailing_list.title),
        number=story.number,
        position=story.position,
        headline=marked(headline, terms),
        snippet=snippet(body, terms),
        day=day,
        date_words=date_words(day),
        voice=voice_of(f"{headline} {body}", story.language),
    )

"""A sample edition: what templates are tried on where nothing was published yet."""

from datetime import datetime

from newsletter.model.documents import Span
from newsletter.model.editions import Edition, MailingList, OneLiner
from newsletter.model.stories import SourceCredit, Story, StoryForm, StoryLabel, Summary, SummarySentence

_HEADLINE = "Harbour opens again after three years"
_SENTENCE = "The old harbour of Tromby was opened to ships on Sunday."
_UPDATE = "Night trains will run until March"


def sample_edition(mailing_list: MailingList, *, now: datetime) -> Edition:
    """Return an edition of two stories and one line.

    Args:
        mailing_list: Whose it is.
        now: When it is made, UTC.
    """
    credit = SourceCredit(name="Harbour Gazette", title=_HEADLINE, url="https://gazette.example/harbour")
    return Edition(
        list_name=mailing_list.name,
        number=1,
        created_at=now,
        slot_at=None,
        subject=_HEADLINE,
        preheader=_UPDATE,
        language=mailing_list.language or "en",
        stories=(
            _story(_HEADLINE, credit, now, form=StoryForm.LEAD, document_id=1),
            _story(_UPDATE, credit, now, form=StoryForm.SECOND, document_id=2),
        ),
        also=(OneLiner(headline="Library opens at night", source=credit, document_ids=(3,)),),
        word_count=40,
        reading_minutes=1,
    )


def _story(headline: str, credit: SourceCredit, now: datetime, *, form: StoryForm, document_id: int) -> Story:
    sentence = SummarySentence(
        text=_SENTENCE, span=Span(start=0, end=len(_SENTENCE)), document_id=document_id
    )
    return Story(
        headline=headline,
        label=StoryLabel.NEW,
        summary=Summary(sentences=(sentence,), method="lead"),
        sources=(credit,),
        document_ids=(document_id,),
        language="en",
        dated_at=now,
        independent_sources=1,
        form=form,
    )

"""Why an edition is as it is, and how it differs from an earlier one."""

from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import SettingsError, StoryNotFoundError
from newsletter.model.explanations import CandidateSentence, SentenceFate, StoryExplanation
from newsletter.model.operators import Role, SignedIn
from newsletter.model.voices import voice_of
from newsletter.web.desk import Desk
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.reading import number_in, number_of
from newsletter.web.operator.shown import Finder, Shown, both

#: Sentences of a document that are shown of those that were not told.
_SENTENCES = 5


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Explaining(desk)
    editor = gate.page(Role.EDITOR)
    return [
        *both("/why", editor(pages.edition)),
        *both("/why/{story}", editor(pages.story)),
        *both("/changes", editor(pages.changes)),
    ]


class _Explaining:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app
        self._finder = Finder(desk)

    async def edition(self, request: Request, operator: SignedIn) -> Response:
        """Show every story with its weight, and what was left out."""
        shown = await self._finder.find(request)
        explained = await run_in_threadpool(self._app.explanations.of, shown.edition)
        return self._show("why", operator, shown, explained=explained)

    async def story(self, request: Request, operator: SignedIn) -> Response:
        """Show why one story is grouped, placed and summarised as it is."""
        shown = await self._finder.find(request)
        number = number_of(request.path_params["story"])
        try:
            story = await run_in_threadpool(self._story, shown, number)
        except (SettingsError, StoryNotFoundError) as error:
            raise HTTPException(404, str(error)) from error
        return self._show(
            "why_story",
            operator,
            shown,
            story=story,
            beside={one.document_id: one for one in story.group.documents},
            sentences=best_sentences(story),
        )

    async def changes(self, request: Request, operator: SignedIn) -> Response:
        """Show how an edition differs from the one before it, or from another."""
        shown = await self._finder.find(request)
        number = number_in(request.query_params.get("beside")) or shown.edition.number - 1
        found, error = None, ""
        if number:
            try:
                mailing_list = self._app.mailing_list(shown.list_name)
                compare = partial(self._app.explanations.differences, mailing_list, shown.edition)
                found = await run_in_threadpool(partial(compare, number=number))
            except SettingsError as refusal:
                error = str(refusal)
        return self._show("changes", operator, shown, found=found, number=number, error=error)

    def _story(self, shown: Shown, number: int) -> StoryExplanation:
        explanations = self._app.explanations
        mailing_list = self._app.mailing_list(shown.list_name)
        return explanations.story(mailing_list, explanations.of(shown.edition), str(number))

    def _show(
        self,
        template: str,
        operator: SignedIn,
        shown: Shown,
        **values: Any,  # noqa: ANN401 - whatever the template prints
    ) -> Response:
        return self._desk.show(
            f"operator/{template}.html",
            operator=operator,
            page="editions",
            shown=shown,
            times=self._finder.times(shown),
            voice_of=voice_of,
            **values,
        )


def best_sentences(story: StoryExplanation) -> list[tuple[str, list[CandidateSentence], int]]:
    """Return by document its headline, the sentences told and the best others, and how many more."""
    found = []
    for document in story.documents:
        mine = [one for one in story.sentences if one.document_id == document.id]
        mine.sort(key=lambda one: (one.fate is not SentenceFate.TOLD, -one.score))
        told = sum(one.fate is SentenceFate.TOLD for one in mine)
        if mine:
            shown = mine[: told + _SENTENCES]
            found.append((document.headline, shown, len(mine) - len(shown)))
    return found

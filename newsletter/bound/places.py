"""The places that lists of newsletter.toml name, and which of them nothing can come from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from newsletter.errors import SettingsError, SourceError
from newsletter.model.editions import MailingList
from newsletter.model.sources import Source
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_name


def with_written_sources(mailing_list: MailingList) -> MailingList:
    """Return a list with the addresses of its sources in the form that the store has them in.

    Raises:
        SettingsError: One is no web address.
    """
    if mailing_list.sources is None:
        return mailing_list
    return replace(
        mailing_list, sources=tuple(_written(url, mailing_list.name) for url in mailing_list.sources)
    )


def _written(url: str, list_name: str) -> str:
    # Few lists name sources, and what fetches them takes long to import.
    from newsletter import fetch

    try:
        return fetch.written(url)
    except SourceError as error:
        raise SettingsError(f"LISTS: sources of {list_name}: {url!r}: {error}") from error


def missing_places(
    values: Settings, lists: Sequence[MailingList], sources: Callable[[], Iterable[Source]]
) -> tuple[str, ...]:
    """Return one line for each place that a list names and nothing can come from.

    Args:
        values: The settings in force.
        lists: The lists of this install.
        sources: Returns all sources; called if a list names any.
    """
    found = tuple(sources()) if any(one.sources for one in lists) else ()
    lines = [line for one in lists for line in _missing_sources(one, found)]
    read = {mailbox_name(mailbox) for mailbox in values.mailboxes}
    for table in values.lists:
        lines += [
            f"{table.name} carries mailbox {name}, which is not in MAILBOXES: nobody reads it"
            for name in map(mailbox_name, table.mailboxes or ())
            if name not in read
        ]
        lines += [
            f"{table.name} carries {folder}, which is no folder" for folder in _missing(table.folders or ())
        ]
    return tuple(lines)


def _missing_sources(mailing_list: MailingList, sources: Sequence[Source]) -> Iterator[str]:
    for url in mailing_list.sources or ():
        named = next((source for source in sources if url in {source.url, source.added_url}), None)
        if named is None:
            yield f"{mailing_list.name} carries {url}, which is no source: newsletter sources add {url}"
        elif named.ended_at is not None:
            yield f"{mailing_list.name} carries {url}, which is gone for good: {named.problem}"


def _missing(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            is_there = folder.expanduser().is_dir()
        except OSError:  # one above it may not be looked into
            is_there = False
        if not is_there:
            yield folder

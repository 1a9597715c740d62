"""Differences: what one edition tells that another one does not, story by story; pure."""

from newsletter.editions.contents import entries
from newsletter.model.differences import Change, Differences
from newsletter.model.editions import Edition
from newsletter.model.explanations import Entry, StoryRole

_TOLD = frozenset({StoryRole.LEAD, StoryRole.SECOND, StoryRole.LINE})


def differences(before: Edition, after: Edition) -> Differences:
    """Compare two editions of a list: stories are the same that have one thread."""
    earlier, later = _by_story(before), _by_story(after)
    both = [_change(earlier[key], entry) for key, entry in later.items() if key in earlier]
    changed = tuple(change for change in both if change.what or change.is_moved)
    return Differences(
        added=tuple(entry for key, entry in later.items() if key not in earlier),
        gone=tuple(entry for key, entry in earlier.items() if key not in later),
        changed=changed,
        same=len(both) - len(changed),
    )


def _by_story(edition: Edition) -> dict[int, Entry]:
    """Return what is told by its thread; a second story of one thread by a number that is no thread."""
    found: dict[int, Entry] = {}
    for entry in entries(edition):
        if entry.role in _TOLD:
            # Editions of earlier releases name no thread.
            first = min(entry.document_ids)
            thread = first if entry.thread is None else entry.thread
            found[-first if thread in found else thread] = entry
    return found


def _change(before: Entry, after: Entry) -> Change:
    what = []
    if before.headline != after.headline:
        what.append("headline")
    old, new = before.story, after.story
    if old is not None and new is not None:
        if (old.summary.rewrite or old.summary.text) != (new.summary.rewrite or new.summary.text):
            what.append("summary")
        if old.sources != new.sources:
            what.append("other sources")
    if before.label is not after.label:
        what.append(f"now “{after.label.value}”")
    return Change(before=before, after=after, what=tuple(what))

"""Publish: documents that are new to a list become an edition with its deliveries, in one transaction."""

from newsletter.publish.answering import propose_due, publish_due, slots_due, turn
from newsletter.publish.drafting import draft
from newsletter.publish.explaining import explain_edition, explain_story, find_entry
from newsletter.publish.pressing import Press
from newsletter.publish.proposing import checks_of_draft, is_outdated, propose
from newsletter.publish.reviewing import Decider, Reviewer
from newsletter.publish.telling import Newsroom
from newsletter.publish.turns import publish, publish_proposed

__all__ = [
    "Decider",
    "Newsroom",
    "Press",
    "Reviewer",
    "checks_of_draft",
    "draft",
    "explain_edition",
    "explain_story",
    "find_entry",
    "is_outdated",
    "propose",
    "propose_due",
    "publish",
    "publish_due",
    "publish_proposed",
    "slots_due",
    "turn",
]

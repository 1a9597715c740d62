"""What came back of an edition, as the operator looks at it."""

from sqlalchemy import func, select

from newsletter.model.editions import PublishedEdition
from newsletter.model.feedback import FeedbackKind
from newsletter.store import tables
from newsletter.store.database import Database

_deliveries = tables.deliveries
_feedback = tables.feedback


class Returns:
    """Bounces, complaints and other mail about one edition."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, edition: PublishedEdition) -> dict[FeedbackKind, int]:
        """Return how many messages came back of an edition, by kind; kinds with none are left out.

        Args:
            edition: The edition: nothing that came before it is looked at, so that its day's index answers.
        """
        query = (
            select(_feedback.c.kind, func.count().label("messages"))
            .join(_deliveries, _deliveries.c.id == _feedback.c.delivery_id)
            .where(_feedback.c.received_at >= edition.created_at, _deliveries.c.edition_id == edition.id)
            .group_by(_feedback.c.kind)
        )
        with self._database.reading() as connection:
            return {FeedbackKind(row.kind): row.messages for row in connection.execute(query)}

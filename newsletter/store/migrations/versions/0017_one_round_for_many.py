"""What most groups of steps come to is one call: on PostgreSQL a sender asked five times for each group.

Each statement sees what others have committed by then, as it would in a transaction of several: that is why
what is begun is locked first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A plan that was made while tables were small is kept until they are counted again. That is why one condition
# stands twice, and why others are expressions (see `steps.goes_by`): no whole index is read. The code of the
# error is that of `rounds.py`.
_FUNCTION = """
CREATE FUNCTION advance_deliveries(
    holder text, moment timestamptz, accepted_ids bigint[], replies text[], begun_ids bigint[]
) RETURNS bigint[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    written bigint;
    begun bigint[];
BEGIN
    UPDATE deliveries SET state = 'accepted', attempts = deliveries.attempts + 1, due_at = NULL,
        claimed_by = NULL, reply = results.reply, changed_at = moment
    FROM unnest(accepted_ids, replies) AS results(id, reply)
    WHERE deliveries.id = results.id AND deliveries.id = ANY (accepted_ids)
        AND coalesce(deliveries.claimed_by, '') = holder
        AND deliveries.state IN ('sending', 'uncertain');
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(accepted_ids) THEN
        RAISE EXCEPTION 'some are in other hands' USING ERRCODE = 'ND001';
    END IF;
    IF cardinality(begun_ids) = 0 THEN
        RETURN begun_ids;
    END IF;
    PERFORM id FROM deliveries WHERE id = ANY (begun_ids) ORDER BY id FOR UPDATE;
    WITH steps AS (
        UPDATE deliveries SET state = 'sending', due_at = NULL, changed_at = moment
        WHERE id = ANY (begun_ids) AND coalesce(claimed_by, '') = holder AND state = 'claimed'
            AND edition_id NOT IN (SELECT id FROM editions WHERE state <> 'open')
            AND EXISTS (
                SELECT FROM subscribers
                JOIN editions ON editions.id = deliveries.edition_id
                JOIN subscriptions ON subscriptions.subscriber_id = subscribers.id
                    AND subscriptions.list_name || '' = editions.audience_list
                WHERE subscribers.id = deliveries.subscriber_id AND subscriptions.state || '' = 'confirmed'
                    AND (subscriptions.paused_until IS NULL OR subscriptions.paused_until <= moment)
                    AND NOT EXISTS (
                        SELECT FROM suppressions WHERE suppressions.address_hash = subscribers.address_hash
                    )
            )
        RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO begun FROM steps;
    RETURN begun;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(_FUNCTION))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION advance_deliveries"))

"""Jobs: what is to be done, by whichever process comes to it."""

from enum import StrEnum


class JobKind(StrEnum):
    """What a job does; on many machines each kind has a queue of its own name.

    A release that knows a new kind may run beside one that does not: nobody takes jobs from a queue that he
    does not know.
    """

    #: Folders are looked through.
    INGEST = "ingest"
    #: Feeds that are due are fetched.
    FETCH = "fetch"
    #: Mailboxes that news arrives in are looked through.
    RECEIVE = "receive"
    #: Slots that have come are answered.
    PUBLISH = "publish"
    #: Deliveries go out.
    DELIVER = "deliver"
    #: What came back is taken in.
    FEEDBACK = "feedback"
    #: The operator is told what is wrong.
    ALERT = "alert"

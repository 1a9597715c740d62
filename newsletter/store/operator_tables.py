"""Tables of operators: accounts, sessions, wrong tries, and the audit log."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from newsletter.store.tables.columns import UtcDateTime, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

operators = Table(
    "operators",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("address", String(320), nullable=False),
    #: Argon2id, with its parameters.
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),
    #: Base32; in force once it is confirmed.
    Column("totp_secret", String(64)),
    Column("totp_confirmed_at", UtcDateTime),
    #: Time step (RFC 6238) of the last code that was taken: none is taken twice. Of a secret that is not
    #: confirmed: when it was made.
    Column("totp_step", BigInteger, nullable=False),
)

#: Browsers in which an operator signs in or has signed in; tokens as their SHA-256.
operator_sessions = Table(
    "operator_sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("operator_id", _ID, ForeignKey("operators.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    #: False: the password was right, and a code is still to come.
    Column("is_full", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("origin", Text, nullable=False),
    Column("browser", Text, nullable=False),
    # The number names a session on a page: it must not be given to another one.
    sqlite_autoincrement=True,
)

#: Browsers that a lock of their operator's account does not hold off.
operator_browsers = Table(
    "operator_browsers",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("operator_id", _ID, ForeignKey("operators.id"), nullable=False, index=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("operator_id", _ID, ForeignKey("operators.id"), primary_key=True, autoincrement=False),
    #: SHA-256.
    Column("code_hash", String(64), primary_key=True),
)

#: Wrong tries to sign in, counted by account, name, network and browser.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
    #: Nothing is tried from there before.
    Column("locked_until", UtcDateTime),
)

#: Who decided what; rows are only added, which triggers of migration 0009 see to.
audit = Table(
    "audit",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

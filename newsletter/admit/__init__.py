"""Admit: who is let into the operator's pages, by which password, code and session."""

from newsletter.admit.accounts import Accounts
from newsletter.admit.passwords import Passwords
from newsletter.admit.signing_in import SigningIn

__all__ = ["Accounts", "Passwords", "SigningIn"]

"""Mailboxes: folders on this machine and accounts on IMAP servers, for bounces and for news."""

"""Handing messages over: transports, SMTP, and when to try again."""

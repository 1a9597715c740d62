"""The store: tables, one file per noun, SQLite or PostgreSQL beneath."""

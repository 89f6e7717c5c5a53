"""Migrations of record: tables, and the SQL beside them that Django cannot say."""

"""Migrations of ledger: tables, and the SQL beside them that Django cannot say."""

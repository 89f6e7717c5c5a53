"""Migrations of payments: tables, and the SQL beside them that Django cannot say."""

"""Migrations of the usage log: tables, and the SQL beside them that Django cannot say."""

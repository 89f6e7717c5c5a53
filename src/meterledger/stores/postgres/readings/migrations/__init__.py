"""Migrations of readings: tables, and the SQL beside them that Django cannot say."""

"""Migrations of places: tables, and the SQL beside them that Django cannot say."""

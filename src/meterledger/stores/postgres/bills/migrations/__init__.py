"""Migrations of bills: tables, and the SQL beside them that Django cannot say."""

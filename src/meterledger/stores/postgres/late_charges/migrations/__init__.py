"""Migrations of late_charges: tables, and the SQL beside them that Django cannot say."""

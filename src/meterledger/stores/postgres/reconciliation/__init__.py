"""Statements of the bank, matches, accruals of unbilled revenue: models and migrations."""

"""The Django app of late charges, their reversals, what waits, and runs."""

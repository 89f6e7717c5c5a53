"""The Django app of settlements: refunds, transfers, write-offs, unclaimed money."""

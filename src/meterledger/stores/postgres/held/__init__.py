"""The Django app of held cases and of runs of bills."""

"""The Django app of what accounts choose of their bills: budget plans, due dates, delivery."""

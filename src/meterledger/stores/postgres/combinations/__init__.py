"""The Django app of combination bills: combinations, their accounts, combined statements."""

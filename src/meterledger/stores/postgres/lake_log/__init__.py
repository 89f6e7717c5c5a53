"""The Django app of what became of published lake files."""

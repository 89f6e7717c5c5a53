"""The Django app of weather as it was."""

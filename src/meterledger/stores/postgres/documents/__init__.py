"""The Django app of issued documents."""

"""The Django app of what the usage journey writes down."""

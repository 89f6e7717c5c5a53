"""The Django site: addresses, settings, and what every answer of the web carries."""

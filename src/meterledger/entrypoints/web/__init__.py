"""The pages: accounts, bills and the tariff book, for a browser on this machine.

Lives here      server-rendered, read-only pages; every route says whom it reads about and why.
Lives elsewhere addresses and settings (``entrypoints/site``), everything that decides (rooms).
"""

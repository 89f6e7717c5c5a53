"""Meterledger: from a meter's fifteen minutes to a bill that cites its tariff sheet.

Lives here      the version. `import meterledger` opens no database and reads no file.
Lives elsewhere everything: each package below says in its first lines what it is for.
Read first      docs/start_here.md.
"""

__version__ = "0.1.0"

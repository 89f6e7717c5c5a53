"""The arrears room: what may be done about an unpaid balance, and what protects against it.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []

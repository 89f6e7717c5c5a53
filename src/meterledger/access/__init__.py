"""The access room: who may see or do what, for which purpose, on whose consent.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []

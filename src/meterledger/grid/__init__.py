"""The grid room: which circuits are interrupted, in what order, and who is spared.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []

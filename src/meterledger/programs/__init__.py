"""The programs room: who may have which help or credit, and how much.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []

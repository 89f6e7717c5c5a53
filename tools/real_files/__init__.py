"""Energy in equals energy billed: measured on any folder of real meter files."""

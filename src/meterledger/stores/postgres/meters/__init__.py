"""What meters are, how sure we are where they are, and what was done at them."""

"""Tables of what was done and who looked: the record by month, and the read log."""

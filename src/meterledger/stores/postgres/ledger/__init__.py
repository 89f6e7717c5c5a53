"""Tables of money: entries and postings by month, entry keys and payments once for ever."""

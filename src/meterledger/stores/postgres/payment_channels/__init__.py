"""The Django app of payment channels: banks, processor, agencies."""

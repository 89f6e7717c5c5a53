"""Tables of payments: receipts with their steps, applications, files with control totals."""

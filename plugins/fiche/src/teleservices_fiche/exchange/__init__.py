"""Files that leave: receipts, and what goes to the school base."""

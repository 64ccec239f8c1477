"""Backups of a site, their restore, and the ledger of what no restore may bring back."""

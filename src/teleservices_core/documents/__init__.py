"""Documents to print and to keep, as tagged PDF."""

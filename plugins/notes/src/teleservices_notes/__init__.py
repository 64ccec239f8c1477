"""Téléservice « Notes »: marks, averages and their publication to families."""

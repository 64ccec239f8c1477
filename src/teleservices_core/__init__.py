"""Téléservices."""

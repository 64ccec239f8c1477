"""The pages, on Werkzeug."""

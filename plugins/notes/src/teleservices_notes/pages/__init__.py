"""The plugin's pages: families read marks, teachers enter them."""

"""The acts of the application: each checks rights, writes once, and says what was refused."""

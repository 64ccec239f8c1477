"""``python -m teleservices_core`` is ``teleservices``."""

from teleservices_core.cli import main

main()

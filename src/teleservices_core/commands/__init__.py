"""The commands of ``teleservices``, one file for each noun."""

"""Files in and out: SIECLE's XML exports, streaming, with memory that stays flat."""

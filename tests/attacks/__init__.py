"""Attacks on a whole server: texts that want to be SQL, and documents nobody would write. Commands, and short forms for CI."""

"""A file of records: SQLite, locked to one process, checksummed, synced to the disk by a thread of its own.

The storage room. It keeps rows, batches and records under their names; associations and networks may not enter.
"""

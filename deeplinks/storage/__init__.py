"""Where batches rest: storages, migrations, PostgreSQL. Async.

It imports dialect, batch and the ground. Associations, synchronizers and servers may not enter.
"""

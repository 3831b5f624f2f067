-- Hear of commits by other server processes on this database.
listen deeplinks;

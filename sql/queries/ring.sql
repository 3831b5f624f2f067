-- Tell other server processes on this database that somebody ($1) has committed.
select pg_notify('deeplinks', $1::text);

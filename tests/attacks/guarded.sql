-- One number for every row outside of the space that is played in, and for the tables themselves.
select md5(concat(
    (select string_agg(l::text, ',' order by id) from deep.links l where _deep <> %(play)s::uuid),
    (select string_agg(d::text, ',' order by id) from deep.strings d where _deep <> %(play)s::uuid),
    (select string_agg(d::text, ',' order by id) from deep.numbers d where _deep <> %(play)s::uuid),
    (select string_agg(d::text, ',' order by id) from deep.functions d where _deep <> %(play)s::uuid),
    (select string_agg(d::text, ',' order by id) from deep.objects d where _deep <> %(play)s::uuid),
    (select string_agg(c::text, ',' order by n) from deep.changes c where _deep <> %(play)s::uuid),
    (select string_agg(oid::regclass::text, ',' order by oid) from pg_class where relnamespace = 'deep'::regnamespace),
    (select string_agg(rolname, ',' order by rolname) from pg_roles)
));

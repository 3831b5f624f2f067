-- Pruning the log of one space ($space): the floor rises first and shortly, then entries go by slices, and writers wait for none.

-- name: spaces
select id::text from deep.spaces s
where exists (select from deep.changes c where c._deep = s.id) and (%(space)s::uuid is null or s.id = %(space)s::uuid)
order by id;

-- name: floor
-- What either keeps stays, and the newest entry always: from it readers know that this is still the log they know.
with newest as (select max(n) as n from deep.changes where _deep = %(space)s),
wanted as (
    select least(
        n - 1,
        n - %(entries)s::bigint,
        (select c.n - 1 from deep.changes c
            where c._deep = %(space)s and c.at > clock_timestamp() - %(age)s::interval order by c.n limit 1)
    ) as floor from newest
)
update deep.spaces s set floor = wanted.floor from wanted where s.id = %(space)s and wanted.floor > s.floor;

-- name: entries
delete from deep.changes c using deep.spaces s
where s.id = %(space)s and c._deep = s.id and c.n <= s.floor
    and c.n < (select min(n) from deep.changes where _deep = %(space)s) + %(slice)s;

-- name: batches
-- The last batch of a client is kept for ever, or an old copy of it could be applied again.
delete from deep.batches b
where b._deep = %(space)s
    and b.at < (select c.at from deep.changes c where c._deep = %(space)s order by c.n limit 1)
    and exists (select from deep.batches l where l._deep = b._deep and l.client = b.client and l.seq > b.seq);

-- name: stand
select s.floor, (select count(*) from deep.changes c where c._deep = s.id) from deep.spaces s where s.id = %(space)s;

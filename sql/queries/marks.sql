-- Where each watched space ($1) stands: the n and tag of its newest change. Under '' what differs after any commit at all.
select w.space::text, concat_ws(' ', c.n, c.tag) from unnest($1::uuid[]) as w (space)
left join lateral (select n, tag from deep.changes where _deep = w.space order by n desc limit 1) c on true
union all
select '', pg_current_snapshot()::text;

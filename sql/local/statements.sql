-- The statements of the file in which a space is kept.

-- name: begin
begin immediate;

-- name: commit
commit;

-- name: move_log
pragma wal_checkpoint(passive);

-- name: set_fact
insert into facts (name, record, crc) values (?, ?, ?)
on conflict (name) do update set record = excluded.record, crc = excluded.crc;

-- name: facts
select name, record, crc from facts;

-- name: set_link
insert into links (id, i, age, record, crc) values (?, ?, ?, ?, ?)
on conflict (id) do update set i = excluded.i, age = excluded.age, record = excluded.record, crc = excluded.crc;

-- name: links
select id, i, record, crc from links order by i, id;

-- name: delete_link
delete from links where id = ?;

-- name: delete_data_of
delete from data where id = ?;

-- name: set_data
insert into data (id, kind, age, record, crc) values (?, ?, ?, ?, ?)
on conflict (id, kind) do update set age = excluded.age, record = excluded.record, crc = excluded.crc;

-- name: data
select id, kind, record, crc from data;

-- name: delete_data
delete from data where id = ? and kind = ?;

-- name: delete_old_links
delete from links where age < ?;

-- name: delete_old_data
delete from data where age < ?;

-- name: oldest
select 1 from links where age < ?1 union all select 1 from data where age < ?1 limit 1;

-- name: add_batch
insert into batches (client, seq, record, crc) values (?, ?, ?, ?);

-- name: batches
select client, seq, acknowledged, record, crc from batches order by place;

-- name: acknowledge_batch
update batches set acknowledged = 1 where client = ? and seq = ?;

-- name: delete_batch
delete from batches where client = ? and seq = ?;

-- name: set_change
insert into changes (id, field, n, record, crc) values (?, ?, ?, ?, ?)
on conflict (id, field) do update set record = excluded.record, crc = excluded.crc;

-- name: changes
select id, field, n, record, crc from changes order by n, id, field;

-- name: size_of_change
select length(record) from changes where id = ? and field = ?;

-- name: delete_changes_of
delete from changes where id = ? returning length(record);

-- name: newest_change
select coalesce(max(n), 0) from (select n from changes union all select n from marks);

-- name: size
select coalesce((select sum(length(record)) from changes), 0) + coalesce((select sum(length(record)) from batches), 0);

-- name: set_mark
insert into marks (id, n, record, crc) values (?, ?, ?, ?) on conflict (id) do nothing;

-- name: marks
select id, n, record, crc from marks order by n;

-- name: delete_mark
delete from marks where id = ?;

-- name: add_member
insert into members (id, band) values (?, ?) on conflict do nothing;

-- name: members
select id, band from members order by band, id;

-- name: newest_band
select coalesce(max(band), 0) from members;

-- name: delete_member
delete from members where id = ?;

-- name: set_refused
insert into refused (client, seq, record, crc) values (?, ?, ?, ?)
on conflict (client, seq) do update set record = excluded.record, crc = excluded.crc;

-- name: refused
select client, seq, record, crc from refused order by place;

-- name: delete_refused
delete from refused where client = ? and seq = ?;

-- name: clear_refused
delete from refused;

-- name: clear_batches
delete from batches;

-- name: clear_changes
delete from changes;

-- name: clear_marks
delete from marks;

-- name: clear_members
delete from members;

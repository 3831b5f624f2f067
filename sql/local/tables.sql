-- The file in which a space is kept: what is known of a storage (links, data), and what waits for it (batches, changes,
-- members of groups, marks), and what it refused. Every record has the crc32 of its key and its bytes.
create table if not exists facts (name text primary key, record blob not null, crc integer not null) without rowid;
create table if not exists links (
    id text primary key,
    i integer not null,
    age integer not null,
    record blob not null,
    crc integer not null
);
create table if not exists data (
    id text not null,
    kind text not null,
    age integer not null,
    record blob not null,
    crc integer not null,
    primary key (id, kind)
) without rowid;
create table if not exists batches (
    place integer primary key,
    client text not null,
    seq integer not null,
    acknowledged integer not null default 0,
    record blob not null,
    crc integer not null,
    unique (client, seq)
);
create table if not exists changes (
    id text not null,
    field text not null,
    n integer not null,
    record blob not null,
    crc integer not null,
    primary key (id, field)
) without rowid;
create table if not exists marks (id text primary key, n integer not null, record blob not null, crc integer not null);
create table if not exists members (id text not null, band integer not null, primary key (id, band)) without rowid;
create table if not exists refused (
    place integer primary key,
    client text not null,
    seq integer not null,
    record blob not null,
    crc integer not null,
    unique (client, seq)
);

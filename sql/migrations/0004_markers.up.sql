-- The built-in type of storage markers of people's own; beside those of 0001 and 0003, and there for the same reason.

-- A space of built-ins has no log: as in 0001, it is simply there.
alter table deep.links disable trigger links_log_insert;

insert into deep.links (_deep, id) values
    ('333f3f38-98ba-59b5-bf2e-cf045cb5fad8', '3a7dc05b-23c8-5c0f-849b-7e1d01bc26f6');  -- StorageMarker

alter table deep.links enable trigger links_log_insert;

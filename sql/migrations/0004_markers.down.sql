-- The built-in that 0004 planted goes; what people made of it stays, and refers to what is not there.

alter table deep.links disable trigger links_permanent;
alter table deep.links disable trigger links_log_delete;

delete from deep.links where _deep = '333f3f38-98ba-59b5-bf2e-cf045cb5fad8' and id = '3a7dc05b-23c8-5c0f-849b-7e1d01bc26f6';

alter table deep.links enable trigger links_permanent;
alter table deep.links enable trigger links_log_delete;

-- Everything that 0002 made goes: the log, the batches, the dead, the spaces. Links and their data stay.

drop trigger links_skip on deep.links;
drop trigger strings_skip on deep.strings;
drop trigger numbers_skip on deep.numbers;
drop trigger functions_skip on deep.functions;
drop trigger objects_skip on deep.objects;

drop trigger links_log_insert on deep.links;
drop trigger links_log_update on deep.links;
drop trigger links_log_delete on deep.links;
drop trigger strings_log_insert on deep.strings;
drop trigger strings_log_update on deep.strings;
drop trigger strings_log_delete on deep.strings;
drop trigger numbers_log_insert on deep.numbers;
drop trigger numbers_log_update on deep.numbers;
drop trigger numbers_log_delete on deep.numbers;
drop trigger functions_log_insert on deep.functions;
drop trigger functions_log_update on deep.functions;
drop trigger functions_log_delete on deep.functions;
drop trigger objects_log_insert on deep.objects;
drop trigger objects_log_update on deep.objects;
drop trigger objects_log_delete on deep.objects;

drop table deep.tombstones, deep.batches, deep.changes, deep.spaces;

drop function deep.capture(), deep.skip_dead(), deep.plant_root(), deep.admit(), deep.keep_last_batch(),
    deep.guard_space(), deep.refuse_floor(), deep.guard_prune(), deep.refuse_rewriting();
drop function deep.note(text, text, uuid[], uuid[], uuid[], jsonb[], jsonb[]);
drop function deep.outgrow(regclass);
drop function deep.one_datum(text, uuid[], uuid[]);
drop function deep.expect(uuid, jsonb);
drop function deep.answer_known(uuid, bigint, boolean, boolean, boolean);
drop function deep.refuse_dead(uuid[], uuid[]);
drop function deep.batch();
drop function deep.claim(uuid[]);
drop function deep.newest(uuid);

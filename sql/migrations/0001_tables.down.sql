-- Everything that 0001 made goes, and with it all links and their data. The schema stays: the record of migrations is in it.

drop table deep.objects, deep.functions, deep.numbers, deep.strings, deep.links;
drop function deep.refuse_delete(), deep.lift_order(), deep.fill_space(), deep.touch(), deep.refuse_truncate(), deep.refuse_fixed();

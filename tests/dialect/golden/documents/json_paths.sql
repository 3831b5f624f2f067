SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"name":' || coalesce(("_0"."_data" #> $1::text[])::text, 'null') || ',"root":' || coalesce(("_0"."_data" #> $2::text[])::text, 'null') || ',"index":' || coalesce(("_0"."_data" #> $3::text[])::text, 'null') || ',"past":' || coalesce(("_0"."_data" #> $4::text[])::text, 'null') || ',"quoted":' || coalesce(("_0"."_data" #> $5::text[])::text, 'null') || ',"through_text":' || coalesce(("_0"."_data" #> $6::text[])::text, 'null') || ',"variable":' || coalesce(("_0"."_data" #> $7::text[])::text, 'null') || ',"none":' || coalesce(("_0"."_data" #> $8::text[])::text, 'null') || ',"whole":' || coalesce(("_0"."_data" #> $9::text[])::text, 'null') || '}'
FROM "deep"."functions" "_0"
ORDER BY "_0"."id" ASC NULLS LAST) "_1"(text);
-- $1 = ['name']
-- $2 = ['n']
-- $3 = ['tags', '1']
-- $4 = ['tags', '9']
-- $5 = ['n', 'deep', '0']
-- $6 = ['name', 'x']
-- $7 = ['n', 'deep']
-- $8 = []
-- $9 = []

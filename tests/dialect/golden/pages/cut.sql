SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = '2'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
LIMIT $1::bigint) "_1"(text);
-- $1 = '0'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
ORDER BY "_0"."id" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
ORDER BY "_0"."id" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = None
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" DESC NULLS FIRST OFFSET $1::bigint) "_1"(text);
-- $1 = '13'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint OFFSET $2::bigint) "_1"(text);
-- $1 = '1'
-- $2 = '2'
SELECT '[' || coalesce(string_agg("_5".text, ','), '') || ']'
FROM (SELECT '{"typed":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")
ORDER BY "_1"."_i" DESC NULLS FIRST
LIMIT $1::bigint OFFSET $2::bigint) "_2"(text)) || ',"out":' || (SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_3"."_i"::text || '}'
FROM "deep"."links" "_3"
WHERE ("_3"."_from" = "_0"."id")
ORDER BY "_3"."_i" DESC NULLS FIRST
LIMIT $3::bigint) "_4"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = ANY($4::bigint[]))
ORDER BY "_0"."_i" ASC NULLS LAST) "_5"(text);
-- $1 = '1'
-- $2 = '1'
-- $3 = '1'
-- $4 = ['2', '4']

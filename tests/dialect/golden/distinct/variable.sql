SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_1"(text);

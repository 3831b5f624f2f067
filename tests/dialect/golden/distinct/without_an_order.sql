SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type", "_0"."_value") '{"_type":' || coalesce('"' || "_0"."_type"::text || '"', 'null') || ',"_value":' || coalesce('"' || "_0"."_value"::text || '"', 'null') || '}'
FROM "deep"."links" "_0"
WHERE (NOT ("_0"."_type" IS NULL))
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_value" ASC NULLS LAST) "_1"(text);

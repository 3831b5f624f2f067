-- The built-ins that 0003 planted go; what people made of them stays, and refers to what is not there.

alter table deep.links disable trigger links_permanent;
alter table deep.links disable trigger links_log_delete;

delete from deep.links where _deep = '333f3f38-98ba-59b5-bf2e-cf045cb5fad8' and id in (
    'f5bc0f5b-01c1-5b27-9330-cc9fb73c3ac2',
    'ae25be37-932c-5549-a9ce-fcb0a84b3b0f',
    'c8e5ee9f-bf76-51ad-be64-1a38c21a0960',
    'aac8c721-f038-5b9d-bca5-f0ac4a752bd6',
    '2d3fd539-4135-564c-a5d5-cbc3b298af21'
);

alter table deep.links enable trigger links_permanent;
alter table deep.links enable trigger links_log_delete;

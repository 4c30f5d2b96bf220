-- on_schema --
-- What others may do in a build's schema, as statements that give them the same in another's. Owners need no grant.
SELECT format(
    'GRANT %s ON SCHEMA %I TO %s%s',
    acl.privilege_type,
    $new::text,
    CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
    CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM pg_namespace AS schema
CROSS JOIN LATERAL aclexplode(schema.nspacl) AS acl
WHERE schema.nspname = $old
  AND acl.grantee <> schema.nspowner;

-- on_relations --
-- The same for its tables and views.
SELECT format(
    'GRANT %s ON %I.%I TO %s%s',
    acl.privilege_type,
    $new::text,
    relation.relname,
    CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END,
    CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM pg_class AS relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
CROSS JOIN LATERAL aclexplode(relation.relacl) AS acl
WHERE schema.nspname = $old
  AND relation.relkind IN ('r', 'v', 'm')
  AND acl.grantee <> relation.relowner
  AND to_regclass(format('%I.%I', $new::text, relation.relname)) IS NOT NULL;

-- row_security --
-- Tables on which policies count.
SELECT format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', $new::text, relation.relname)
FROM pg_class AS relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE schema.nspname = $old
  AND relation.relrowsecurity
  AND to_regclass(format('%I.%I', $new::text, relation.relname)) IS NOT NULL;

-- policies --
-- Which rows each role may see and change.
SELECT format(
    'CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s%s%s',
    policyname,
    $new::text,
    tablename,
    permissive,
    cmd,
    (
        SELECT string_agg(CASE WHEN role = 'public' THEN 'PUBLIC' ELSE quote_ident(role) END, ', ')
        FROM unnest(roles) AS role
    ),
    ' USING (' || qual || ')',
    ' WITH CHECK (' || with_check || ')'
)
FROM pg_policies
WHERE schemaname = $old
  AND to_regclass(format('%I.%I', $new::text, tablename)) IS NOT NULL;

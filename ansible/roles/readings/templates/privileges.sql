-- Within the database: the logger owns all, trader and pages read, and nobody else gets in.
SELECT 'REVOKE ALL ON DATABASE commonwatt FROM PUBLIC'
WHERE has_database_privilege('public', 'commonwatt', 'CONNECT') \gexec
SELECT 'GRANT CONNECT ON DATABASE commonwatt TO commonwatt'
WHERE NOT has_database_privilege('commonwatt', 'commonwatt', 'CONNECT') \gexec
SELECT 'ALTER DEFAULT PRIVILEGES FOR ROLE "cw-logger" GRANT SELECT ON TABLES TO commonwatt'
WHERE NOT EXISTS (SELECT FROM pg_default_acl) \gexec

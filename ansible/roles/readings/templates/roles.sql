-- Says what it does, and nothing where all is as it should be.
SELECT format('CREATE ROLE %I LOGIN', user_name)
FROM unnest(ARRAY['cw-logger', 'cw-trade', 'cw-dapp', 'root']) AS wanted (user_name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = user_name) \gexec
-- Whoever only reads.
SELECT 'CREATE ROLE commonwatt NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'commonwatt') \gexec
SELECT format('GRANT %I TO %I', held, holder)
FROM (VALUES ('commonwatt', 'cw-trade'), ('commonwatt', 'cw-dapp'), ('cw-logger', 'root')) AS wanted (held, holder)
WHERE NOT pg_has_role(holder::name, held::name, 'MEMBER') \gexec
-- What root puts back belongs to the logger.
SELECT 'ALTER ROLE root SET role = ''cw-logger'''
WHERE NOT EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole
    WHERE rolname = 'root' AND 'role=cw-logger' = ANY (setconfig)
) \gexec
SELECT 'CREATE DATABASE commonwatt OWNER "cw-logger" TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'commonwatt') \gexec

-- The role that sessions of the store are, and what it may. Safe to run again, also by two processes at once. A user who
-- may neither make roles nor grant is left as it is: then the policies hold that user itself.
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('herald_app', 0));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'herald_app')
       AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)) THEN
        BEGIN
            CREATE ROLE herald_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- made meanwhile, for another database of this server
        END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'herald_app') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO herald_app', current_schema());
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO herald_app', current_schema());
        EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO herald_app', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO herald_app', current_schema());
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO herald_app', current_schema());
    END IF;
END
$$;

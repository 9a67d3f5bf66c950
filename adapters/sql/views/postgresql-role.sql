-- PostgreSQL: the least that the connector needs. Run it after postgresql.sql, as the same owner.
-- Set the passwords with \password spsti_source, so that they stand in no script and no history; give them to the
-- connector by reference (password = "credential:NAME").

CREATE ROLE spsti_source LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 20;
GRANT USAGE ON SCHEMA spsti TO spsti_source;
GRANT SELECT ON spsti.spsti_record, spsti.spsti_document, spsti.spsti_counts TO spsti_source;
GRANT INSERT ON spsti.spsti_trace TO spsti_source;

-- Only where the connector also delivers; one role may be both.
CREATE ROLE spsti_sink LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 5;
GRANT USAGE ON SCHEMA spsti TO spsti_sink;
GRANT INSERT ON spsti.spsti_trace, spsti.spsti_received, spsti.spsti_told TO spsti_sink;
GRANT SELECT (id, matricule, oid, sha256) ON spsti.spsti_received TO spsti_sink;

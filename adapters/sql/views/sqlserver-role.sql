-- SQL Server: the least that the connector needs. Run it in the vendor's database after sqlserver.sql.
-- The login is made apart, by the administrator of the server and with a password of their own:
-- CREATE LOGIN spsti_source WITH PASSWORD = '…', CHECK_POLICY = ON;

CREATE USER spsti_source FOR LOGIN spsti_source;
GRANT SELECT ON spsti.spsti_record TO spsti_source;
GRANT SELECT ON spsti.spsti_document TO spsti_source;
GRANT SELECT ON spsti.spsti_counts TO spsti_source;
GRANT INSERT ON spsti.spsti_trace TO spsti_source;
-- There is no read-only transaction: what is not granted is also forbidden, whatever other roles would allow.
DENY UPDATE, DELETE ON SCHEMA::spsti TO spsti_source;
DENY INSERT, UPDATE, DELETE ON SCHEMA::dbo TO spsti_source;
GO

-- Only where the connector also delivers.
CREATE USER spsti_sink FOR LOGIN spsti_sink;
GRANT INSERT ON spsti.spsti_trace TO spsti_sink;
GRANT INSERT ON spsti.spsti_received TO spsti_sink;
GRANT SELECT ON spsti.spsti_received (id, matricule, oid, sha256) TO spsti_sink;
GRANT INSERT ON spsti.spsti_told TO spsti_sink;
DENY UPDATE, DELETE ON SCHEMA::spsti TO spsti_sink;
DENY INSERT, UPDATE, DELETE ON SCHEMA::dbo TO spsti_sink;
GO

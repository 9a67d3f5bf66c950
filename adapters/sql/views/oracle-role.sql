-- Oracle: the least that the connector needs. Run it after oracle.sql; replace DMST by the schema of the vendor.
-- The user is made without a way to log in (18c and newer; before, IDENTIFIED BY … ACCOUNT LOCK); the administrator
-- sets the password: ALTER USER spsti_source IDENTIFIED BY …

CREATE USER spsti_source NO AUTHENTICATION;
GRANT CREATE SESSION TO spsti_source;
GRANT READ ON DMST.spsti_record TO spsti_source;      -- READ, not SELECT: it cannot lock rows
GRANT READ ON DMST.spsti_document TO spsti_source;
GRANT READ ON DMST.spsti_counts TO spsti_source;
GRANT INSERT ON DMST.spsti_trace TO spsti_source;

-- Only where the connector also delivers. Oracle grants no reading of single columns: hence a view.
CREATE VIEW DMST.spsti_filed AS SELECT id, matricule, oid, sha256 FROM DMST.spsti_received;
CREATE USER spsti_sink NO AUTHENTICATION;
GRANT CREATE SESSION TO spsti_sink;
GRANT INSERT ON DMST.spsti_trace TO spsti_sink;
GRANT INSERT ON DMST.spsti_received TO spsti_sink;
GRANT INSERT ON DMST.spsti_told TO spsti_sink;
GRANT READ ON DMST.spsti_filed TO spsti_sink;
-- In the options: queries.filed = """SELECT id AS reference FROM DMST.spsti_filed
--   WHERE matricule = :matricule AND oid = :oid AND sha256 = :sha256"""

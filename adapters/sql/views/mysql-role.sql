-- MySQL or MariaDB: the least that the connector needs. Run it in the vendor's database after mysql.sql.
-- Replace 'connector.example' by the machine of the connector, and set the passwords with SET PASSWORD afterwards; an
-- account is locked until then.

CREATE USER 'spsti_source'@'connector.example' REQUIRE SSL ACCOUNT LOCK;
GRANT SELECT ON spsti_record TO 'spsti_source'@'connector.example';
GRANT SELECT ON spsti_document TO 'spsti_source'@'connector.example';
GRANT SELECT ON spsti_counts TO 'spsti_source'@'connector.example';
GRANT INSERT ON spsti_trace TO 'spsti_source'@'connector.example';

-- Only where the connector also delivers; one account may be both.
CREATE USER 'spsti_sink'@'connector.example' REQUIRE SSL ACCOUNT LOCK;
GRANT INSERT ON spsti_trace TO 'spsti_sink'@'connector.example';
GRANT INSERT ON spsti_received TO 'spsti_sink'@'connector.example';
GRANT SELECT (id, matricule, oid, sha256) ON spsti_received TO 'spsti_sink'@'connector.example';
GRANT INSERT ON spsti_told TO 'spsti_sink'@'connector.example';

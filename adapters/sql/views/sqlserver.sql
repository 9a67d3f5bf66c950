-- SQL Server 2016 or newer: what the connector reads and adds, over an EXAMPLE of a vendor's tables (README, "The
-- example"). Replace what stands left of each AS, and the tables, by those of your software; keep what stands right.
-- The schema must have the owner of the vendor's tables: then the role needs no right on those (ownership chain).
-- In the options: schema = "spsti". SQL Server has no read-only transaction: the role (sqlserver-role.sql) is what
-- keeps the connector from writing.

CREATE SCHEMA spsti AUTHORIZATION dbo;
GO

CREATE TABLE spsti.spsti_trace (
    trace_id          char(32)          NOT NULL PRIMARY KEY,
    accessed_at       datetimeoffset(0) NOT NULL,
    action            varchar(32)       NOT NULL,
    matricule         varchar(15)       NOT NULL,
    oid               varchar(32)       NOT NULL,
    member            varchar(64)       NOT NULL,
    practitioner_id   varchar(64)       NOT NULL,
    practitioner_name nvarchar(256)     NOT NULL,
    purpose_system    varchar(256)      NOT NULL,
    purpose_code      varchar(64)       NOT NULL,
    outcome           varchar(64)       NOT NULL
);
CREATE INDEX spsti_trace_by_worker ON spsti.spsti_trace (matricule, oid, accessed_at);
GO

-- Only where the connector also delivers ([sink]).
CREATE TABLE spsti.spsti_received (
    id                   bigint IDENTITY   NOT NULL PRIMARY KEY,
    matricule            varchar(15)       NOT NULL,
    oid                  varchar(32)       NOT NULL,
    member               varchar(64)       NOT NULL,
    member_name          nvarchar(256)     NOT NULL,
    last_act_on          date              NOT NULL,
    received_at          datetimeoffset(0) NOT NULL,
    document_type_system varchar(256)      NOT NULL,
    document_type_code   varchar(64)       NOT NULL,
    sha256               char(64)          NOT NULL,
    original_sha256      char(64),
    size_in_bytes        bigint            NOT NULL,
    content_type         varchar(128)      NOT NULL,
    content              varbinary(max)    NOT NULL,
    UNIQUE (matricule, oid, sha256)
);
CREATE TABLE spsti.spsti_told (
    matricule varchar(15)       NOT NULL,
    oid       varchar(32)       NOT NULL,
    told_at   datetimeoffset(0) NOT NULL,
    told_by   nvarchar(256)     NOT NULL,
    means     varchar(64)       NOT NULL,
    objects   varchar(3)        NOT NULL CHECK (objects IN ('yes', 'no')),
    UNIQUE (matricule, oid, told_at, told_by)
);
GO

-- One row per worker and INS by which they can be found: the active one, and each of the history.
CREATE VIEW spsti.spsti_record AS
SELECT k.matricule                       AS asked_matricule,
       k.oid                             AS asked_oid,
       s.ins_matricule                   AS ins_matricule,
       s.ins_oid                         AS ins_oid,
       s.statut_identite                 AS status,             -- PROV, RECUP, VALI or QUAL
       s.attribut_identite               AS attributes,         -- homonyme, douteux, fictif, with commas; or NULL
       s.ins_verifie_le                  AS verified_on,
       STUFF((SELECT ',' + h.oid + ' ' + h.matricule
              FROM dbo.ins_historique AS h WHERE h.salarie_id = s.id
              FOR XML PATH('')), 1, 1, '') AS former_ins,
       s.nom_naissance                   AS birth_name,
       s.prenoms_naissance               AS birth_given_names,
       s.sexe                            AS sex,
       s.date_naissance                  AS birth_date,         -- text YYYY-MM-DD: it may be lunar
       s.lieu_naissance_cog              AS birth_place,        -- COG code, text of 5 characters
       CASE                                                     -- NULL is unknown, and is never sent out
           WHEN EXISTS (SELECT 1 FROM spsti.spsti_told AS t
                        WHERE t.matricule = s.ins_matricule AND t.oid = s.ins_oid AND t.objects = 'yes'
                          AND NOT EXISTS (SELECT 1 FROM dbo.opposition AS o
                                          WHERE o.salarie_id = s.id AND o.recueillie_le >= t.told_at))
               THEN 'yes'
           ELSE (SELECT TOP 1 CASE o.reponse WHEN 's''oppose' THEN 'yes' WHEN 'ne s''oppose pas' THEN 'no' END
                 FROM dbo.opposition AS o WHERE o.salarie_id = s.id
                 ORDER BY o.recueillie_le DESC, o.id DESC)
       END                               AS opposition,
       v.id                              AS record_ref,
       v.numero                          AS version,
       v.date_dernier_acte               AS last_act_on,        -- day of the newest health act, no technical date
       v.enregistre_le                   AS updated_at,
       CASE v.etendue WHEN 'synthese' THEN 'summary' ELSE 'full' END AS extent,
       v.auteur                          AS author
FROM (SELECT id AS salarie_id, ins_matricule AS matricule, ins_oid AS oid
      FROM dbo.salarie WHERE ins_matricule IS NOT NULL
      UNION ALL
      SELECT salarie_id, matricule, oid FROM dbo.ins_historique) AS k
JOIN dbo.salarie AS s ON s.id = k.salarie_id
OUTER APPLY (SELECT TOP 1 d.*
             FROM dbo.dossier_version AS d
             WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1
             ORDER BY d.date_dernier_acte DESC, d.numero DESC) AS v;
GO

-- Only versions that may be given: one that was withdrawn since the look-up is gone.
CREATE VIEW spsti.spsti_document AS
SELECT v.id AS record_ref, v.numero AS version, p.contenu AS content
FROM dbo.dossier_version AS v
LEFT JOIN dbo.dossier_pdf AS p ON p.version_id = v.id
WHERE v.etat = 'valide' AND v.communicable = 1;
GO

-- Optional: queries.counts = "SELECT * FROM spsti.spsti_counts".
CREATE VIEW spsti.spsti_counts AS
SELECT count(*)                                                    AS workers,
       count(w.ins_matricule)                                      AS with_ins,
       sum(CASE WHEN w.statut_identite = 'QUAL' THEN 1 ELSE 0 END) AS qualified,
       count(w.reponse)                                            AS opposition_known,
       sum(w.donnable)                                             AS document_available,
       sum(CASE WHEN w.statut_identite = 'QUAL' AND w.reponse = 'ne s''oppose pas' THEN w.donnable ELSE 0 END)
                                                                   AS answerable
FROM (SELECT s.ins_matricule, s.statut_identite, o.reponse,
             CASE WHEN EXISTS (SELECT 1 FROM dbo.dossier_version AS d
                               WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1)
                  THEN 1 ELSE 0 END AS donnable
      FROM dbo.salarie AS s
      OUTER APPLY (SELECT TOP 1 a.reponse FROM dbo.opposition AS a WHERE a.salarie_id = s.id
                   ORDER BY a.recueillie_le DESC, a.id DESC) AS o) AS w;
GO

-- What the look-up needs, where the vendor's software has not made it (leave out what is there already).
CREATE INDEX salarie_by_ins ON dbo.salarie (ins_matricule, ins_oid);
CREATE INDEX ins_historique_by_ins ON dbo.ins_historique (matricule, oid);
CREATE INDEX ins_historique_by_worker ON dbo.ins_historique (salarie_id);
CREATE INDEX dossier_version_by_worker ON dbo.dossier_version (salarie_id, date_dernier_acte, numero);
CREATE INDEX opposition_by_worker ON dbo.opposition (salarie_id, recueillie_le);
GO

-- MySQL 8 or MariaDB 10.5 and newer: what the connector reads and adds, over an EXAMPLE of a vendor's tables (README,
-- "The example"). Replace what stands left of each AS, and the tables, by those of your software; keep what stands right.
-- Run it in the vendor's database as an account that may read its tables: views run with the rights of their definer.
-- Moments have no zone here: the option time_zone says which zone the vendor's columns mean, and the tables below keep
-- moments in that zone.

CREATE TABLE spsti_trace (
    trace_id          CHAR(32)     CHARACTER SET ascii NOT NULL PRIMARY KEY,
    accessed_at       DATETIME     NOT NULL,
    action            VARCHAR(32)  NOT NULL,
    matricule         VARCHAR(15)  CHARACTER SET ascii NOT NULL,
    oid               VARCHAR(32)  CHARACTER SET ascii NOT NULL,
    member            VARCHAR(64)  NOT NULL,
    practitioner_id   VARCHAR(64)  NOT NULL,
    practitioner_name VARCHAR(256) NOT NULL,
    purpose_system    VARCHAR(256) NOT NULL,
    purpose_code      VARCHAR(64)  NOT NULL,
    outcome           VARCHAR(64)  NOT NULL,
    INDEX spsti_trace_by_worker (matricule, oid, accessed_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- Only where the connector also delivers ([sink]). max_allowed_packet must be larger than a document.
CREATE TABLE spsti_received (
    id                   BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    matricule            VARCHAR(15)  CHARACTER SET ascii NOT NULL,
    oid                  VARCHAR(32)  CHARACTER SET ascii NOT NULL,
    member               VARCHAR(64)  NOT NULL,
    member_name          VARCHAR(256) NOT NULL,
    last_act_on          DATE         NOT NULL,
    received_at          DATETIME     NOT NULL,
    document_type_system VARCHAR(256) NOT NULL,
    document_type_code   VARCHAR(64)  NOT NULL,
    sha256               CHAR(64)     CHARACTER SET ascii NOT NULL,
    original_sha256      CHAR(64)     CHARACTER SET ascii,
    size_in_bytes        BIGINT       NOT NULL,
    content_type         VARCHAR(128) NOT NULL,
    content              LONGBLOB     NOT NULL,
    UNIQUE (matricule, oid, sha256)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

CREATE TABLE spsti_told (
    matricule VARCHAR(15)  CHARACTER SET ascii NOT NULL,
    oid       VARCHAR(32)  CHARACTER SET ascii NOT NULL,
    told_at   DATETIME     NOT NULL,
    told_by   VARCHAR(256) NOT NULL,
    means     VARCHAR(64)  NOT NULL,
    objects   VARCHAR(3)   NOT NULL CHECK (objects IN ('yes', 'no')),
    UNIQUE (matricule, oid, told_at, told_by)
) ENGINE = InnoDB CHARACTER SET utf8mb4;

-- One row per worker and INS by which they can be found: the active one, and each of the history. Rows that are alike
-- (a history that repeats the active INS) count as one; UNION ALL lets the question reach the indexes.
CREATE VIEW spsti_record AS
SELECT k.matricule                       AS asked_matricule,
       k.oid                             AS asked_oid,
       s.ins_matricule                   AS ins_matricule,
       s.ins_oid                         AS ins_oid,
       s.statut_identite                 AS status,             -- PROV, RECUP, VALI or QUAL
       s.attribut_identite               AS attributes,         -- homonyme, douteux, fictif, with commas; or NULL
       s.ins_verifie_le                  AS verified_on,
       (SELECT group_concat(concat(h.oid, ' ', h.matricule))
        FROM ins_historique h WHERE h.salarie_id = s.id) AS former_ins,
       s.nom_naissance                   AS birth_name,
       s.prenoms_naissance               AS birth_given_names,
       s.sexe                            AS sex,
       s.date_naissance                  AS birth_date,         -- text YYYY-MM-DD: it may be lunar
       s.lieu_naissance_cog              AS birth_place,        -- COG code, text of 5 characters
       CASE                                                     -- NULL is unknown, and is never sent out
           WHEN EXISTS (SELECT 1 FROM spsti_told t
                        WHERE t.matricule = s.ins_matricule AND t.oid = s.ins_oid AND t.objects = 'yes'
                          AND NOT EXISTS (SELECT 1 FROM opposition o
                                          WHERE o.salarie_id = s.id AND o.recueillie_le >= t.told_at))
               THEN 'yes'
           ELSE (SELECT CASE o.reponse WHEN 's''oppose' THEN 'yes' WHEN 'ne s''oppose pas' THEN 'no' END
                 FROM opposition o WHERE o.salarie_id = s.id
                 ORDER BY o.recueillie_le DESC, o.id DESC LIMIT 1)
       END                               AS opposition,
       v.id                              AS record_ref,
       v.numero                          AS version,
       v.date_dernier_acte               AS last_act_on,        -- day of the newest health act, no technical date
       v.enregistre_le                   AS updated_at,
       CASE v.etendue WHEN 'synthese' THEN 'summary' ELSE 'full' END AS extent,
       v.auteur                          AS author
FROM (SELECT id AS salarie_id, ins_matricule AS matricule, ins_oid AS oid
      FROM salarie WHERE ins_matricule IS NOT NULL
      UNION ALL
      SELECT salarie_id, matricule, oid FROM ins_historique) k
JOIN salarie s ON s.id = k.salarie_id
LEFT JOIN dossier_version v ON v.id = (
    SELECT d.id FROM dossier_version d
    WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1
    ORDER BY d.date_dernier_acte DESC, d.numero DESC LIMIT 1);

-- Only versions that may be given: one that was withdrawn since the look-up is gone.
CREATE VIEW spsti_document AS
SELECT v.id AS record_ref, v.numero AS version, p.contenu AS content
FROM dossier_version v
LEFT JOIN dossier_pdf p ON p.version_id = v.id
WHERE v.etat = 'valide' AND v.communicable = 1;

-- Optional: queries.counts = "SELECT * FROM spsti_counts". It reads the tables once and joins no row to another twice.
CREATE VIEW spsti_counts AS
SELECT count(*)                              AS workers,
       count(w.ins_matricule)                AS with_ins,
       sum(w.statut_identite = 'QUAL')       AS qualified,
       count(w.reponse)                      AS opposition_known,
       sum(w.donnable)                       AS document_available,
       sum(w.statut_identite = 'QUAL' AND coalesce(w.reponse, '') = 'ne s''oppose pas' AND w.donnable) AS answerable
FROM (SELECT s.ins_matricule, s.statut_identite,
             (SELECT o.reponse FROM opposition o WHERE o.salarie_id = s.id
              ORDER BY o.recueillie_le DESC, o.id DESC LIMIT 1) AS reponse,
             EXISTS (SELECT 1 FROM dossier_version d
                     WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1) AS donnable
      FROM salarie s) w;

-- What the look-up needs, where the vendor's software has not made it (leave out what is there already).
CREATE INDEX salarie_by_ins ON salarie (ins_matricule, ins_oid);
CREATE INDEX ins_historique_by_ins ON ins_historique (matricule, oid);
CREATE INDEX ins_historique_by_worker ON ins_historique (salarie_id);
CREATE INDEX dossier_version_by_worker ON dossier_version (salarie_id, date_dernier_acte, numero);
CREATE INDEX opposition_by_worker ON opposition (salarie_id, recueillie_le);

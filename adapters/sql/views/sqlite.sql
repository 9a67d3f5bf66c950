-- SQLite: what the connector reads and adds, over an EXAMPLE of a vendor's tables (README, "The example").
-- Replace what stands left of each AS, and the tables, by those of your software; keep what stands right of AS.
-- SQLite knows no roles: who may read and write is a matter of the file's rights. Texts hold moments in ISO 8601.

CREATE TABLE spsti_trace (
    trace_id          TEXT NOT NULL PRIMARY KEY,
    accessed_at       TEXT NOT NULL,
    action            TEXT NOT NULL,
    matricule         TEXT NOT NULL,
    oid               TEXT NOT NULL,
    member            TEXT NOT NULL,
    practitioner_id   TEXT NOT NULL,
    practitioner_name TEXT NOT NULL,
    purpose_system    TEXT NOT NULL,
    purpose_code      TEXT NOT NULL,
    outcome           TEXT NOT NULL
) STRICT;
CREATE INDEX spsti_trace_by_worker ON spsti_trace (matricule, oid, accessed_at);

-- Only where the connector also delivers ([sink]).
CREATE TABLE spsti_received (
    id                   INTEGER NOT NULL PRIMARY KEY,
    matricule            TEXT NOT NULL,
    oid                  TEXT NOT NULL,
    member               TEXT NOT NULL,
    member_name          TEXT NOT NULL,
    last_act_on          TEXT NOT NULL,
    received_at          TEXT NOT NULL,
    document_type_system TEXT NOT NULL,
    document_type_code   TEXT NOT NULL,
    sha256               TEXT NOT NULL,
    original_sha256      TEXT,
    size_in_bytes        INTEGER NOT NULL,
    content_type         TEXT NOT NULL,
    content              BLOB NOT NULL,
    UNIQUE (matricule, oid, sha256)
) STRICT;

CREATE TABLE spsti_told (
    matricule TEXT NOT NULL,
    oid       TEXT NOT NULL,
    told_at   TEXT NOT NULL,
    told_by   TEXT NOT NULL,
    means     TEXT NOT NULL,
    objects   TEXT NOT NULL CHECK (objects IN ('yes', 'no')),
    UNIQUE (matricule, oid, told_at, told_by)
) STRICT;

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
       (SELECT group_concat(h.oid || ' ' || h.matricule)
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

-- What the look-up needs, where the vendor's software has not made it.
CREATE INDEX IF NOT EXISTS salarie_by_ins ON salarie (ins_matricule, ins_oid);
CREATE INDEX IF NOT EXISTS ins_historique_by_ins ON ins_historique (matricule, oid);
CREATE INDEX IF NOT EXISTS ins_historique_by_worker ON ins_historique (salarie_id);
CREATE INDEX IF NOT EXISTS dossier_version_by_worker ON dossier_version (salarie_id, date_dernier_acte, numero);
CREATE INDEX IF NOT EXISTS opposition_by_worker ON opposition (salarie_id, recueillie_le);

-- Oracle 12.2 or newer: what the connector reads and adds, over an EXAMPLE of a vendor's tables (README, "The example").
-- Replace what stands left of each AS, and the tables, by those of your software; keep what stands right of AS.
-- Run it as the schema that owns the vendor's tables; in the options, schema is that schema's name.

CREATE TABLE spsti_trace (
    trace_id          CHAR(32)                    PRIMARY KEY,
    accessed_at       TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    action            VARCHAR2(32)                NOT NULL,
    matricule         VARCHAR2(15)                NOT NULL,
    oid               VARCHAR2(32)                NOT NULL,
    member            VARCHAR2(64)                NOT NULL,
    practitioner_id   VARCHAR2(64)                NOT NULL,
    practitioner_name VARCHAR2(256 CHAR),
    purpose_system    VARCHAR2(256)               NOT NULL,
    purpose_code      VARCHAR2(64)                NOT NULL,
    outcome           VARCHAR2(64)
);
CREATE INDEX spsti_trace_by_worker ON spsti_trace (matricule, oid, accessed_at);

-- Only where the connector also delivers ([sink]).
CREATE TABLE spsti_received (
    id                   NUMBER(19) GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    matricule            VARCHAR2(15)                NOT NULL,
    oid                  VARCHAR2(32)                NOT NULL,
    member               VARCHAR2(64)                NOT NULL,
    member_name          VARCHAR2(256 CHAR)          NOT NULL,
    last_act_on          DATE                        NOT NULL,
    received_at          TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    document_type_system VARCHAR2(256)               NOT NULL,
    document_type_code   VARCHAR2(64)                NOT NULL,
    sha256               CHAR(64)                    NOT NULL,
    original_sha256      CHAR(64),
    size_in_bytes        NUMBER(19)                  NOT NULL,
    content_type         VARCHAR2(128)               NOT NULL,
    content              BLOB                        NOT NULL,
    UNIQUE (matricule, oid, sha256)
);

CREATE TABLE spsti_told (
    matricule VARCHAR2(15)                NOT NULL,
    oid       VARCHAR2(32)                NOT NULL,
    told_at   TIMESTAMP(0) WITH TIME ZONE NOT NULL,
    told_by   VARCHAR2(256 CHAR)          NOT NULL,
    means     VARCHAR2(64)                NOT NULL,
    objects   VARCHAR2(3)                 NOT NULL CHECK (objects IN ('yes', 'no')),
    UNIQUE (matricule, oid, told_at, told_by)
);

-- One row per worker and INS by which they can be found: the active one, and each of the history.
CREATE VIEW spsti_record AS
SELECT k.matricule                       AS asked_matricule,
       k.oid                             AS asked_oid,
       s.ins_matricule                   AS ins_matricule,
       s.ins_oid                         AS ins_oid,
       s.statut_identite                 AS status,             -- PROV, RECUP, VALI or QUAL
       s.attribut_identite               AS attributes,         -- homonyme, douteux, fictif, with commas; or NULL
       s.ins_verifie_le                  AS verified_on,
       (SELECT LISTAGG(h.oid || ' ' || h.matricule, ',') WITHIN GROUP (ORDER BY h.matricule)
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
           ELSE r.reponse
       END                               AS opposition,
       v.id                              AS record_ref,
       v.numero                          AS version,
       v.date_dernier_acte               AS last_act_on,        -- day of the newest health act, no technical date
       TO_CHAR(FROM_TZ(CAST(v.enregistre_le AS TIMESTAMP), 'Europe/Paris'), 'YYYY-MM-DD"T"HH24:MI:SSTZH:TZM')
                                         AS updated_at,         -- a text with its zone: the driver drops zones
       CASE v.etendue WHEN 'synthese' THEN 'summary' ELSE 'full' END AS extent,
       v.auteur                          AS author
FROM (SELECT id AS salarie_id, ins_matricule AS matricule, ins_oid AS oid
      FROM salarie WHERE ins_matricule IS NOT NULL
      UNION ALL
      SELECT salarie_id, matricule, oid FROM ins_historique) k
JOIN salarie s ON s.id = k.salarie_id
OUTER APPLY (SELECT CASE o.reponse WHEN 's''oppose' THEN 'yes' WHEN 'ne s''oppose pas' THEN 'no' END AS reponse
             FROM opposition o WHERE o.salarie_id = s.id
             ORDER BY o.recueillie_le DESC, o.id DESC FETCH FIRST 1 ROW ONLY) r
OUTER APPLY (SELECT d.id, d.numero, d.date_dernier_acte, d.enregistre_le, d.etendue, d.auteur
             FROM dossier_version d
             WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1
             ORDER BY d.date_dernier_acte DESC, d.numero DESC FETCH FIRST 1 ROW ONLY) v;

-- Only versions that may be given: one that was withdrawn since the look-up is gone.
CREATE VIEW spsti_document AS
SELECT v.id AS record_ref, v.numero AS version, p.contenu AS content
FROM dossier_version v
LEFT JOIN dossier_pdf p ON p.version_id = v.id
WHERE v.etat = 'valide' AND v.communicable = 1;

-- Optional: queries.counts = "SELECT * FROM SCHEMA.spsti_counts".
CREATE VIEW spsti_counts AS
SELECT count(*)                                                    AS workers,
       count(w.ins_matricule)                                      AS with_ins,
       sum(CASE WHEN w.statut_identite = 'QUAL' THEN 1 ELSE 0 END) AS qualified,
       count(w.reponse)                                            AS opposition_known,
       sum(w.donnable)                                             AS document_available,
       sum(CASE WHEN w.statut_identite = 'QUAL' AND w.reponse = 'ne s''oppose pas' THEN w.donnable ELSE 0 END)
                                                                   AS answerable
FROM (SELECT s.ins_matricule, s.statut_identite, o.reponse,
             CASE WHEN EXISTS (SELECT 1 FROM dossier_version d
                               WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1)
                  THEN 1 ELSE 0 END AS donnable
      FROM salarie s
      OUTER APPLY (SELECT a.reponse FROM opposition a WHERE a.salarie_id = s.id
                   ORDER BY a.recueillie_le DESC, a.id DESC FETCH FIRST 1 ROW ONLY) o) w;

-- What the look-up needs, where the vendor's software has not made it (leave out what is there already).
CREATE INDEX salarie_by_ins ON salarie (ins_matricule, ins_oid);
CREATE INDEX ins_historique_by_ins ON ins_historique (matricule, oid);
CREATE INDEX ins_historique_by_worker ON ins_historique (salarie_id);
CREATE INDEX dossier_version_by_worker ON dossier_version (salarie_id, date_dernier_acte, numero);
CREATE INDEX opposition_by_worker ON opposition (salarie_id, recueillie_le);

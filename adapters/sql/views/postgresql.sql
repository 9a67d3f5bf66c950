-- PostgreSQL 13 or newer: what the connector reads and adds, over an EXAMPLE of a vendor's tables (README, "The example").
-- Replace what stands left of each AS, and the tables, by those of your software; keep what stands right of AS.
-- Run it as the owner of the vendor's tables: the connector's role then needs no right on them.
-- In the options: schema = "spsti".

CREATE SCHEMA spsti;

-- Accesses by other services, one row each; the role may add, never change or delete.
CREATE TABLE spsti.spsti_trace (
    trace_id          char(32)     PRIMARY KEY,
    accessed_at       timestamptz  NOT NULL,
    action            varchar(32)  NOT NULL,
    matricule         varchar(15)  NOT NULL,
    oid               varchar(32)  NOT NULL,
    member            varchar(64)  NOT NULL,
    practitioner_id   varchar(64)  NOT NULL,
    practitioner_name text         NOT NULL,
    purpose_system    text         NOT NULL,
    purpose_code      varchar(64)  NOT NULL,
    outcome           varchar(64)  NOT NULL
);
CREATE INDEX spsti_trace_by_worker ON spsti.spsti_trace (matricule, oid, accessed_at);

-- Only where the connector also delivers ([sink]): what arrived, and what workers were told and answered.
CREATE TABLE spsti.spsti_received (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    matricule            varchar(15)  NOT NULL,
    oid                  varchar(32)  NOT NULL,
    member               varchar(64)  NOT NULL,
    member_name          text         NOT NULL,
    last_act_on          date         NOT NULL,
    received_at          timestamptz  NOT NULL,
    document_type_system text         NOT NULL,
    document_type_code   varchar(64)  NOT NULL,
    sha256               char(64)     NOT NULL,
    original_sha256      char(64),
    size_in_bytes        bigint       NOT NULL,
    content_type         varchar(128) NOT NULL,
    content              bytea        NOT NULL,
    UNIQUE (matricule, oid, sha256)
);
ALTER TABLE spsti.spsti_received ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE spsti.spsti_told (
    matricule varchar(15) NOT NULL,
    oid       varchar(32) NOT NULL,
    told_at   timestamptz NOT NULL,
    told_by   varchar(256) NOT NULL,
    means     varchar(64) NOT NULL,
    objects   varchar(3)  NOT NULL CHECK (objects IN ('yes', 'no')),
    UNIQUE (matricule, oid, told_at, told_by)
);

-- One row per worker and INS by which they can be found: the active one, and each of the history.
CREATE VIEW spsti.spsti_record AS
SELECT k.matricule                       AS asked_matricule,
       k.oid                             AS asked_oid,
       s.ins_matricule                   AS ins_matricule,
       s.ins_oid                         AS ins_oid,
       s.statut_identite                 AS status,             -- PROV, RECUP, VALI or QUAL
       s.attribut_identite               AS attributes,         -- homonyme, douteux, fictif, with commas; or NULL
       s.ins_verifie_le                  AS verified_on,
       (SELECT string_agg(h.oid || ' ' || h.matricule, ',')
        FROM public.ins_historique h WHERE h.salarie_id = s.id) AS former_ins,
       s.nom_naissance                   AS birth_name,
       s.prenoms_naissance               AS birth_given_names,
       s.sexe                            AS sex,
       s.date_naissance                  AS birth_date,         -- text YYYY-MM-DD: it may be lunar
       s.lieu_naissance_cog              AS birth_place,        -- COG code, text of 5 characters
       CASE                                                     -- NULL is unknown, and is never sent out
           WHEN EXISTS (SELECT 1 FROM spsti.spsti_told t
                        WHERE t.matricule = s.ins_matricule AND t.oid = s.ins_oid AND t.objects = 'yes'
                          AND NOT EXISTS (SELECT 1 FROM public.opposition o
                                          WHERE o.salarie_id = s.id AND o.recueillie_le >= t.told_at))
               THEN 'yes'
           ELSE (SELECT CASE o.reponse WHEN 's''oppose' THEN 'yes' WHEN 'ne s''oppose pas' THEN 'no' END
                 FROM public.opposition o WHERE o.salarie_id = s.id
                 ORDER BY o.recueillie_le DESC, o.id DESC LIMIT 1)
       END                               AS opposition,
       v.id                              AS record_ref,
       v.numero                          AS version,
       v.date_dernier_acte               AS last_act_on,        -- day of the newest health act, no technical date
       v.enregistre_le                   AS updated_at,
       CASE v.etendue WHEN 'synthese' THEN 'summary' ELSE 'full' END AS extent,
       v.auteur                          AS author
FROM (SELECT id AS salarie_id, ins_matricule AS matricule, ins_oid AS oid
      FROM public.salarie WHERE ins_matricule IS NOT NULL
      UNION
      SELECT salarie_id, matricule, oid FROM public.ins_historique) k
JOIN public.salarie s ON s.id = k.salarie_id
LEFT JOIN public.dossier_version v ON v.id = (
    SELECT d.id FROM public.dossier_version d
    WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1
    ORDER BY d.date_dernier_acte DESC, d.numero DESC LIMIT 1);

-- Only versions that may be given: one that was withdrawn since the look-up is gone.
CREATE VIEW spsti.spsti_document AS
SELECT v.id AS record_ref, v.numero AS version, p.contenu AS content
FROM public.dossier_version v
LEFT JOIN public.dossier_pdf p ON p.version_id = v.id
WHERE v.etat = 'valide' AND v.communicable = 1;

-- Optional: queries.counts = "SELECT * FROM spsti.spsti_counts".
CREATE VIEW spsti.spsti_counts AS
SELECT count(*)                                                AS workers,
       count(r.ins_matricule)                                  AS with_ins,
       count(*) FILTER (WHERE r.status = 'QUAL')               AS qualified,
       count(r.opposition)                                     AS opposition_known,
       count(r.record_ref)                                     AS document_available,
       count(*) FILTER (WHERE r.status = 'QUAL' AND r.opposition = 'no' AND r.record_ref IS NOT NULL) AS answerable
FROM public.salarie s
LEFT JOIN spsti.spsti_record r ON r.asked_matricule = s.ins_matricule AND r.asked_oid = s.ins_oid;

-- What the look-up needs. Most software has the first already; without it each question reads the whole table.
CREATE INDEX IF NOT EXISTS salarie_by_ins ON public.salarie (ins_matricule, ins_oid);
CREATE INDEX IF NOT EXISTS ins_historique_by_ins ON public.ins_historique (matricule, oid);
CREATE INDEX IF NOT EXISTS ins_historique_by_worker ON public.ins_historique (salarie_id);
CREATE INDEX IF NOT EXISTS dossier_version_by_worker ON public.dossier_version (salarie_id, date_dernier_acte, numero);
CREATE INDEX IF NOT EXISTS opposition_by_worker ON public.opposition (salarie_id, recueillie_le);
-- A PDF does not compress: stored so, a piece of it is read without reading the whole (for rows written from now on).
ALTER TABLE public.dossier_pdf ALTER COLUMN contenu SET STORAGE EXTERNAL;

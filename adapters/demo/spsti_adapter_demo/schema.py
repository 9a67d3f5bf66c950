"""The demonstration vendor's database: tables and words as a French DMST software would have them.

A worker (`salarie`) has visits, versions of a DMST summary ready for other services (`dossier_version`, its PDF in
`dossier_pdf`), a recorded opposition of the 2° of R4624-45-6, and the accesses to it (R4624-45-5). A version has a
state: `valide` is the one to give, `remplace` was amended, `annule` withdrawn, `brouillon` not signed yet. Its
`date_dernier_acte` is the day of the newest act in it; `enregistre_le` is technical and means nothing to a peer.
"""

SCHEMA_VERSION = 1
"""Kept in `PRAGMA user_version`: the adapter refuses a database of another one."""

TABLES = """
CREATE TABLE entreprise (
    id INTEGER PRIMARY KEY,
    raison_sociale TEXT NOT NULL,
    secteur TEXT NOT NULL,
    commune TEXT NOT NULL
) STRICT;

CREATE TABLE salarie (
    id INTEGER PRIMARY KEY,
    entreprise_id INTEGER NOT NULL REFERENCES entreprise(id),
    poste TEXT NOT NULL,
    nom_naissance TEXT NOT NULL,
    prenoms_naissance TEXT NOT NULL,
    sexe TEXT NOT NULL CHECK (sexe IN ('M', 'F', 'I')),
    date_naissance TEXT NOT NULL,
    lieu_naissance_cog TEXT NOT NULL,
    nom_utilise TEXT,
    statut_identite TEXT NOT NULL CHECK (statut_identite IN ('PROV', 'RECUP', 'VALI', 'QUAL')),
    attribut_identite TEXT CHECK (attribut_identite IN ('homonyme', 'douteux', 'fictif')),
    ins_matricule TEXT,
    ins_oid TEXT,
    ins_verifie_le TEXT,
    cree_le TEXT NOT NULL,
    CHECK ((ins_matricule IS NULL) = (ins_oid IS NULL))
) STRICT;

CREATE TABLE ins_historique (
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    matricule TEXT NOT NULL,
    oid TEXT NOT NULL,
    jusqu_au TEXT,
    PRIMARY KEY (salarie_id, oid, matricule)
) STRICT, WITHOUT ROWID;

CREATE TABLE visite (
    id INTEGER PRIMARY KEY,
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    nature TEXT NOT NULL,
    faite_le TEXT NOT NULL,
    professionnel TEXT NOT NULL,
    conclusion TEXT NOT NULL
) STRICT;

CREATE TABLE dossier_version (
    id INTEGER PRIMARY KEY,
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    numero INTEGER NOT NULL,
    etat TEXT NOT NULL CHECK (etat IN ('valide', 'remplace', 'annule', 'brouillon')),
    communicable INTEGER NOT NULL CHECK (communicable IN (0, 1)),
    etendue TEXT NOT NULL CHECK (etendue IN ('complet', 'synthese')),
    date_dernier_acte TEXT,
    auteur TEXT NOT NULL,
    enregistre_le TEXT NOT NULL,
    UNIQUE (salarie_id, numero)
) STRICT;

CREATE TABLE dossier_pdf (
    version_id INTEGER PRIMARY KEY REFERENCES dossier_version(id),
    contenu BLOB NOT NULL
) STRICT;

CREATE TABLE opposition (
    id INTEGER PRIMARY KEY,
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    reponse TEXT NOT NULL CHECK (reponse IN ('s''oppose', 'ne s''oppose pas')),
    recueillie_le TEXT NOT NULL,
    moyen TEXT NOT NULL,
    recueillie_par TEXT NOT NULL
) STRICT;

CREATE TABLE acces (
    trace_id TEXT PRIMARY KEY,
    salarie_id INTEGER REFERENCES salarie(id),
    ins_matricule TEXT NOT NULL,
    ins_oid TEXT NOT NULL,
    survenu_le TEXT NOT NULL,
    action TEXT NOT NULL,
    service TEXT NOT NULL,
    professionnel_id TEXT NOT NULL,
    professionnel_nom TEXT NOT NULL,
    motif_systeme TEXT NOT NULL,
    motif_code TEXT NOT NULL,
    issue TEXT NOT NULL
) STRICT;

CREATE TABLE document_recu (
    id INTEGER PRIMARY KEY,
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    service TEXT NOT NULL,
    service_nom TEXT NOT NULL,
    date_dernier_acte TEXT NOT NULL,
    recu_le TEXT NOT NULL,
    type_systeme TEXT NOT NULL,
    type_code TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    sha256_original TEXT NOT NULL,
    taille INTEGER NOT NULL,
    format TEXT NOT NULL,
    contenu BLOB NOT NULL,
    UNIQUE (salarie_id, sha256)
) STRICT;

CREATE TABLE information_travailleur (
    id INTEGER PRIMARY KEY,
    salarie_id INTEGER NOT NULL REFERENCES salarie(id),
    informe_le TEXT NOT NULL,
    informe_par TEXT NOT NULL,
    moyen TEXT NOT NULL,
    s_oppose INTEGER NOT NULL CHECK (s_oppose IN (0, 1)),
    UNIQUE (salarie_id, informe_le, informe_par)
) STRICT;
"""

INDEXES = f"""
CREATE INDEX salarie_par_ins ON salarie (ins_matricule, ins_oid);
CREATE INDEX historique_par_ins ON ins_historique (matricule, oid);
CREATE INDEX visite_par_salarie ON visite (salarie_id, faite_le);
CREATE INDEX version_par_salarie ON dossier_version (salarie_id, date_dernier_acte DESC, numero DESC);
CREATE INDEX opposition_par_salarie ON opposition (salarie_id, recueillie_le DESC, id DESC);
CREATE INDEX acces_par_salarie ON acces (salarie_id, survenu_le);
PRAGMA user_version = {SCHEMA_VERSION};
"""
"""Made after a bulk load."""

LOOK = """
SELECT s.id, s.nom_naissance, s.prenoms_naissance, s.sexe, s.date_naissance, s.lieu_naissance_cog,
       s.statut_identite, s.attribut_identite, s.ins_matricule, s.ins_oid, s.ins_verifie_le,
       (SELECT group_concat(h.oid || ' ' || h.matricule, ',') FROM ins_historique h WHERE h.salarie_id = s.id),
       (SELECT o.reponse FROM opposition o WHERE o.salarie_id = s.id ORDER BY o.recueillie_le DESC, o.id DESC LIMIT 1),
       v.id, v.numero, v.etendue, v.date_dernier_acte, v.auteur, v.enregistre_le
FROM salarie s
LEFT JOIN dossier_version v ON v.id = (
    SELECT d.id FROM dossier_version d
    WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1
    ORDER BY d.date_dernier_acte DESC, d.numero DESC LIMIT 1)
WHERE s.id IN (
    SELECT id FROM salarie WHERE ins_matricule = :matricule AND ins_oid = :oid
    UNION ALL
    SELECT salarie_id FROM ins_historique WHERE matricule = :matricule AND oid = :oid)
LIMIT 2
"""
"""The one question in one read: two rows mean that two workers bear one INS."""

WORKER = """
SELECT id FROM salarie WHERE ins_matricule = :matricule AND ins_oid = :oid
UNION
SELECT salarie_id FROM ins_historique WHERE matricule = :matricule AND oid = :oid
LIMIT 2
"""

CURRENT_VERSION = """
SELECT v.numero, p.version_id FROM dossier_version v LEFT JOIN dossier_pdf p ON p.version_id = v.id
WHERE v.id = ? AND v.etat = 'valide' AND v.communicable = 1
"""

COUNTS = """
SELECT count(*), count(ins_matricule), sum(statut_identite = 'QUAL'), sum(connue), sum(donnable),
       sum(statut_identite = 'QUAL' AND libre AND donnable)
FROM (
    SELECT s.statut_identite, s.ins_matricule,
           o.reponse IS NOT NULL AS connue,
           coalesce(o.reponse = 'ne s''oppose pas', 0) AS libre,
           EXISTS (SELECT 1 FROM dossier_version d
                   WHERE d.salarie_id = s.id AND d.etat = 'valide' AND d.communicable = 1) AS donnable
    FROM salarie s
    LEFT JOIN opposition o ON o.id = (
        SELECT id FROM opposition WHERE salarie_id = s.id ORDER BY recueillie_le DESC, id DESC LIMIT 1))
"""

"""Les phrases françaises d'un rapport de preuve (the French sentences of an evidence report)."""

from connector.evidence.findings import Found, Verdict

TITLE = "Ce que prouve ce dossier de preuve"
MADE = "Exporté par {by} le {at}, pour {ref}. Vérifié à la date du {now}."
VERDICTS: dict[Verdict, str] = {
    Verdict.PROVEN: "PROUVÉ",
    Verdict.TIME_NOT_PROVEN: "SIGNATURE BONNE, DATE NON PROUVÉE",
    Verdict.NOT_PROVEN: "NON PROUVÉ",
    Verdict.ALTERED: "ALTÉRÉ",
    Verdict.NOTE: "À NOTER",
}
OVERALL: dict[Verdict, str] = {
    Verdict.PROVEN: "Tout ce que dit ce dossier est prouvé.",
    Verdict.TIME_NOT_PROVEN: "Toutes les signatures sont bonnes. Pour certaines, rien ne montre qu'elles ont été "
    "faites "
    "avant la fin de leur clé.",
    Verdict.NOT_PROVEN: "Un point de ce dossier n'est pas prouvé ; il est nommé ci-dessous.",
    Verdict.ALTERED: "Ce dossier n'est pas tel qu'il a été signé et inscrit. Parties altérées : {parts}.",
    Verdict.NOTE: "Ce dossier ne contient rien à prouver.",
}
WHY = {
    "expired": "elle a expiré",
    "stolen": "elle a été déclarée volée",
    "withdrawn": "son membre l'a retirée",
}
WHAT = {
    "mandate": "le mandat",
    "receipt": "le reçu",
    "ack": "l'accusé de réception",
    "checkpoint": "le point de contrôle du journal",
}
OUTCOMES = {
    "announced": "il a annoncé un dossier qui peut être transmis",
    "withheld": "il n'a pas de dossier qu'il puisse transmettre",
    "deferred": "une personne y décidera",
    "could_not_look": "il n'a pas pu chercher",
    "refused": "il a refusé ({code})",
    "rendering": "il préparait le document",
    "granted": "il a donné le document",
}
SENTENCES: dict[Found, str] = {
    Found.PART_WHOLE: "{by} a scellé ce dossier le {at} ; chaque partie est telle qu'elle a été scellée.",
    Found.PART_ALTERED: "Cette partie n'est pas celle qui a été scellée.",
    Found.MANIFEST_UNSIGNED: "Le sceau de l'exportateur ne se vérifie pas.",
    Found.DIRECTORY_BELIEVED: "L'annuaire {version}, en vigueur depuis le {since}, est authentique selon votre "
    "racine de "
    "confiance.",
    Found.DIRECTORY_REFUSED: "L'annuaire {version} n'est pas authentique selon votre racine de confiance ({why}).",
    Found.DIRECTORY_NOT_TRUSTED: "L'annuaire {version} n'est pas de ceux auxquels vous vous fiez : donnez --root ou "
    "--members.",
    Found.KEYS_DIFFER: "Cette ligne de clés n'est pas celle que l'annuaire donne pour {member}.",
    Found.ASKED: "Le {at}, {requester} a interrogé {holder} ({kind}){practitioner}{worker}{information}.",
    Found.PROBED: "Le {at}, {requester} a envoyé à {holder} une demande d'essai ({kind}) ne concernant personne.",
    Found.ANSWERED: "Le {at}, {holder} a répondu à {requester} : {answer}.",
    Found.HANDED_OVER: "Le {at}, {holder} s'est engagé à remettre à {requester} le document de {size} octets dont le "
    "SHA-256 est {sha256}.",
    Found.ACKNOWLEDGED: "Le {at}, {requester} a accusé réception de {size} octets dont le SHA-256 est {sha256}.",
    Found.REJECTED: "Le {at}, {requester} a accusé réception de {size} octets dont le SHA-256 est {sha256}, et les a "
    "rejetés ({code}).",
    Found.SIGNATURE_GOOD: "{member} a signé {what} avec sa clé {kid}, qui n'a pas pris fin.{seen}",
    Found.SIGNATURE_IN_TIME: "{member} a signé {what} avec sa clé {kid}. La clé a pris fin le {ended_at} ({why}) ; la "
    "signature est antérieure.{seen}",
    Found.SIGNATURE_TIME_NOT_PROVEN: "La clé {kid} de {member} a signé {what} : la signature est bonne, sa date "
    "n'est pas "
    "prouvée. La clé a pris fin le {ended_at} ({why}), et aucun tiers n'a vu la signature avant.{seen}",
    Found.SIGNATURE_AFTER_END: "La clé {kid} de {member} a signé {what}, qui se dit du {at} ; à cette date la clé ne "
    "valait pas (sa fin : {ended_at}, {why}).",
    Found.SIGNATURE_WRONG: "Aucune clé que l'annuaire donne pour {member} n'a signé {what} tel qu'il figure ici.",
    Found.SIGNER_UNKNOWN: "Aucun annuaire auquel vous vous fiez ne donne de clé pour {member} : qui a signé {what} "
    "n'est "
    "pas prouvé.",
    Found.NOT_OF_THIS_EXCHANGE: "Ici, {what} n'appartient pas au reste de cet échange.",
    Found.RECORDED_BY_HOLDER: "{member} a inscrit cette réponse dans son propre journal ({origin}, entrée {index} sur "
    "{size}), qu'il a signé.",
    Found.NOT_RECORDED_BY_HOLDER: "Le reçu ne mène pas à un journal signé par le détenteur.",
    Found.ENTRY_PROVEN: "Le journal de l'exportateur ({origin}) contient l'entrée {index}, « {type} » du {at}{told} "
    "; ce "
    "qui en est montré est ce qui a été inscrit.",
    Found.ENTRY_DESTROYED: "Le journal de l'exportateur ({origin}) contient l'entrée {index}. Ce qu'elle disait des "
    "personnes a été détruit comme prévu : seule sa place se vérifie, et ce qui figure à côté n'est pas prouvé par "
    "elle.",
    Found.ENTRY_ALTERED: "L'entrée {index} de {origin} n'est pas ce qui a été inscrit.",
    Found.LINK_ALTERED: "Ceci ne prouve pas que le journal {origin} n'a fait que croître.",
    Found.WITNESSED: "{witness} a signé le {at} qu'il avait vu le journal {origin} avec {size} entrées.",
    Found.WITNESS_WRONG: "{witness} n'a pas signé cette déclaration sous ce journal.",
    Found.WITNESS_UNKNOWN: "Aucun annuaire auquel vous vous fiez ne connaît {witness} : sa déclaration n'est pas "
    "retenue.",
    Found.STAMPED: "L'autorité d'horodatage {authority} a horodaté le journal {origin} avec {size} entrées le {at}.",
    Found.STAMP_WRONG: "L'horodatage ne se vérifie pas selon l'autorité à laquelle vous vous fiez.",
    Found.STAMP_NOT_TRUSTED: "Un horodatage est présent. Il n'est pas retenu : donnez la racine de l'autorité par "
    "--tsa-ca.",
    Found.TOKEN_DESTROYED: "Ici, {what} a été détruit comme prévu, ou n'a jamais été conservé.",
    Found.FORM_WRONG: "Cette partie n'a pas la forme attendue.",
}
PRACTITIONER = " pour {name} ({id})"
WORKER = ", au sujet du travailleur {birth_name} {birth_given_names}, né(e) le {birth_date}, INS {matricule}"
INFORMATION = " ; il a déclaré que le travailleur avait été informé le {at} par {by} et ne s'opposait pas"
TOLD = " ({outcome}{reason})"
SEEN = " Un tiers, {by}, l'avait vue au plus tard le {at}."
LIMITS_TITLE = "Ce que ceci ne prouve pas"
LIMITS = (
    "Que quelqu'un a lu le document : un accusé de réception porte sur des octets reçus.",
    (
        "Que le professionnel, l'information du travailleur et l'authentification sont tels que déclarés : le service "
        "demandeur les déclare, sous sa signature et sa responsabilité."
    ),
    "L'heure à la seconde : une date vaut par l'horloge de son signataire, et par un tiers là où il est nommé.",
    "Que rien d'autre n'a été échangé : un dossier prouve ce qu'il contient.",
)

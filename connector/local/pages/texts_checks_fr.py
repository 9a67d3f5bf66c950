"""Ce que la page d'état dit de chaque contrôle : ce qui ne va pas, et ce qu'il faut faire."""

from typing import Final

TEXTS: Final[dict[str, str]] = {
    "check.listening": "Écoute",
    "check.listening.bad": "Le connecteur démarre encore : il ne répond à personne pour l'instant.",
    "check.listening.bad.do": "Patientez quelques secondes et actualisez ; si cela dure, lisez son journal technique "
    "(journalctl -u spsti-connector).",
    "check.draining": "Arrêt",
    "check.draining.bad": "Le connecteur s'arrête : il termine ce qui est en cours et n'accepte rien de nouveau.",
    "check.draining.bad.do": "Si cet arrêt n'est pas voulu, redémarrez-le.",
    "check.state": "Base et journaux",
    "check.state.bad": "L'état du connecteur ne peut pas être écrit : sans journal, rien n'est demandé ni transmis.",
    "check.state.bad.do": "Libérez de l'espace sur le disque et vérifiez l'heure de la machine ; puis lancez "
    "spsti-connector check.",
    "check.source": "Lecture du logiciel métier",
    "check.source.bad": "Aucun adaptateur de lecture n'est configuré : toute demande des autres services reste sans "
    "dossier.",
    "check.source.bad.do": "Configurez [source] avec l'adaptateur de votre logiciel (docs/adapters.md), puis "
    "redémarrez.",
    "check.opposition": "Oppositions",
    "check.opposition.bad": "Le connecteur ne peut pas savoir si un travailleur s'oppose : il ne transmet donc rien.",
    "check.opposition.bad.do": "Dans [opposition], nommez une autorité qui tient vraiment les oppositions : le "
    "registre du connecteur ou votre logiciel.",
    "check.certificates": "Certificats",
    "check.certificates.bad": "Un certificat de ce service n'est pas valable en ce moment : aucun échange n'est "
    "possible.",
    "check.certificates.bad.do": "Renouvelez-le (docs/certificates.md), ou corrigez l'heure de la machine.",
    "check.certificates.warn": "Un certificat de ce service prend fin dans moins de 60 jours, ou peut être amélioré.",
    "check.certificates.warn.do": "Demandez son successeur dès maintenant : docs/certificates.md.",
    "check.signing": "Clé de signature",
    "check.signing.bad": "La clé qui signe nos demandes et nos reçus n'est pas accessible.",
    "check.signing.bad.do": "Remettez la carte ou le jeton en place, puis actualisez cette page.",
    "check.crls": "Listes de révocation",
    "check.crls.bad": "Une liste de révocation est périmée depuis trop longtemps : tout autre service est refusé.",
    "check.crls.bad.do": "Placez une liste récente là où l'indique [peer] crls, puis systemctl reload spsti-connector.",
    "check.crls.warn": "Une liste de révocation est périmée ou le sera bientôt ; ensuite, tout autre service sera "
    "refusé.",
    "check.crls.warn.do": "Vérifiez que ses adresses sont joignables d'ici, ou placez une liste récente là où "
    "l'indique "
    "[peer] crls.",
    "check.crls.none": "Aucune liste de révocation : un certificat révoqué serait cru.",
    "check.crls.none.do": "Renseignez [peer] crls, ou les adresses de [peer.crl].",
    "check.crls.unread": "Une liste de révocation n'a pas pu être relue ; la précédente vaut encore.",
    "check.crls.unread.do": "Vérifiez que ses adresses sont joignables d'ici (pare-feu, proxy).",
    "check.directory": "Annuaire des membres",
    "check.directory.bad": "L'annuaire des membres n'est plus en vigueur : sans lui, aucun service n'est reconnu.",
    "check.directory.bad.do": "Lancez spsti-connector directory refresh ; spsti-connector federation duty dit qui doit "
    "signer.",
    "check.directory.warn": "L'annuaire des membres vieillit et n'a pas pu être renouvelé.",
    "check.directory.warn.do": "Lancez spsti-connector directory refresh ; spsti-connector federation duty "
    "dit qui doit "
    "signer.",
    "check.membership": "Notre fiche dans l'annuaire",
    "check.membership.bad": "L'annuaire ne décrit pas ce service comme il est configuré : les autres ne nous "
    "reconnaîtront pas.",
    "check.membership.bad.do": "Comparez le détail ci-dessous avec la configuration, puis publiez la fiche corrigée ou "
    "corrigez la configuration.",
    "check.answering": "Réponses aux autres services",
    "check.answering.warn": "Ce service a suspendu ses réponses aux autres.",
    "check.answering.warn.do": "Pour les reprendre : spsti-connector answering resume.",
    "check.limits": "Limites",
    "check.limits.warn": "Un service a dépassé une limite, ici ou chez lui.",
    "check.limits.warn.do": "Voyez spsti-connector members limits show et la page Journal, puis appelez ce service.",
    "check.insi": "INSi",
    "check.insi.warn": "Le certificat pour INSi n'est pas valable en ce moment : aucune identité n'est vérifiée.",
    "check.insi.warn.do": "Renouvelez-le, puis redémarrez le connecteur.",
    "check.attestation": "Attestation de l'adaptateur",
    "check.attestation.warn": "Personne n'a attesté que ce que lit l'adaptateur peut partir vers un autre service.",
    "check.attestation.warn.do": "Renseignez attested_on et attested_by dans [source], ou retirez l'adaptateur.",
    "check.coverage": "Couverture",
    "check.coverage.warn": "On ne pourrait répondre que pour trop peu de travailleurs.",
    "check.coverage.warn.do": "Le tableau de couverture plus bas, ou spsti-connector adapter coverage, dit ce "
    "qui manque.",
    "check.witnesses": "Témoins",
    "check.witnesses.bad": "Nos journaux sont en retard sur ce que des témoins en ont vu : l'état a été remis en "
    "arrière.",
    "check.witnesses.bad.do": "Restaurez l'état le plus récent ; s'il n'y en a pas, deux personnes lancent "
    "spsti-connector journal succeed.",
    "check.witnesses.warn": "Aucun témoin récent, ou le journal d'un autre service est en défaut.",
    "check.witnesses.warn.do": "Voyez spsti-connector journal witnesses, et appelez les services qu'il nomme.",
}

"""The sentences of the doctor: what is found and what to do, in both languages. A test compares their values.

A fault of the configuration is worded by `core.fault_words`; what an adapter says of itself stands as it came, quoted.
"""

# ruff: noqa: E501 (a sentence stands on one line)

from typing import Final

from connector.core.fault_words import Language

_LET_NETWORK = "have the network let it through (check --flows)"
_OUVRIR = "faites ouvrir ce flux (check --flows)"

SENTENCES: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "config.right": {
        "en": ("{name} ({member}), {environment}: configuration is valid", ""),
        "fr": ("{name} ({member}), {environment} : la configuration est valide", ""),
    },
    "config.fault": {
        "en": ("{fault}", "put it right: the connector would not start"),
        "fr": ("{fault}", "corrigez : le connecteur ne démarrerait pas"),
    },
    "files.right": {
        "en": ("{count} secret files are readable by their owner only", ""),
        "fr": ("{count} fichiers secrets lisibles par leur seul propriétaire", ""),
    },
    "files.open": {
        "en": ("{path} is a secret and others may read it (mode {mode}, owner {owner})", "chmod 600 {path}"),
        "fr": (
            "{path} est un secret et d'autres peuvent le lire (droits {mode}, propriétaire {owner})",
            "chmod 600 {path}",
        ),
    },
    "files.unreadable": {
        "en": ("{path} cannot be read by {user} (mode {mode}, owner {owner})", "chown {user} {path}"),
        "fr": ("{path} n'est pas lisible par {user} (droits {mode}, propriétaire {owner})", "chown {user} {path}"),
    },
    "state.open": {
        "en": ("others may enter the state directory {path} (mode {mode})", "chmod 700 {path}"),
        "fr": ("d'autres peuvent entrer dans le répertoire d'état {path} (droits {mode})", "chmod 700 {path}"),
    },
    "state.none": {
        "en": ("there is no state yet in {path}", "it is made at the first start: spsti-connector run"),
        "fr": ("pas encore d'état dans {path}", "il est créé au premier démarrage : spsti-connector run"),
    },
    "certificate.right": {
        "en": ("{use} certificate: until {until}, {days} days; issued by {issuer}", ""),
        "fr": ("certificat {use} : jusqu'au {until}, {days} jours ; émis par {issuer}", ""),
    },
    "certificate.ending": {
        "en": (
            "the {use} certificate ends on {until}, in {days} days",
            "ask for its successor: spsti-connector keys rotate",
        ),
        "fr": (
            "le certificat {use} expire le {until}, dans {days} jours",
            "demandez son successeur : spsti-connector keys rotate",
        ),
    },
    "certificate.ended": {
        "en": ("the {use} certificate ended on {until}", "install its successor now, then reload"),
        "fr": ("le certificat {use} a expiré le {until}", "installez son successeur maintenant, puis rechargez"),
    },
    "certificate.other": {
        "en": ("{found:text}", "{found:remedy}"),
        "fr": ("{found:text}", "{found:remedy}"),
    },
    "chain.broken": {
        "en": (
            "the {use} certificate does not lead to a configured authority",
            "add the missing authority to [peer] trusted_cas",
        ),
        "fr": (
            "le certificat {use} ne remonte à aucune autorité configurée",
            "ajoutez l'autorité manquante à [peer] trusted_cas",
        ),
    },
    "crl.right": {
        "en": ("revocation lists: the first ends on {until}", ""),
        "fr": ("listes de révocation : la première expire le {until}", ""),
    },
    "crl.ending": {
        "en": ("a revocation list ends on {until}", "see that [peer.crl] can fetch the next one"),
        "fr": ("une liste de révocation expire le {until}", "vérifiez que [peer.crl] peut obtenir la suivante"),
    },
    "crl.speechless": {
        "en": (
            "{why:text}: nobody's certificate can be checked",
            "let the connector fetch it, or put it where [peer] crls says",
        ),
        "fr": (
            "{why:text} : aucun certificat ne peut être vérifié",
            "laissez le connecteur la chercher, ou déposez-la ([peer] crls)",
        ),
    },
    "clock.back": {
        "en": (
            "the clock stands {seconds} s behind the last instant that the state knows",
            "put the clock right (NTP), then start",
        ),
        "fr": (
            "l'horloge retarde de {seconds} s sur le dernier instant connu de l'état",
            "remettez l'horloge à l'heure (NTP), puis démarrez",
        ),
    },
    "clock.right": {
        "en": ("the clock differs by {seconds} s at most from the Date of {count} servers", ""),
        "fr": ("l'horloge diffère d'au plus {seconds} s de la date de {count} serveurs", ""),
    },
    "clock.off": {
        "en": (
            "the clock differs by {seconds} s from the Date of {host}",
            "see to NTP here; if only one differs, tell that service",
        ),
        "fr": (
            "l'horloge diffère de {seconds} s de la date de {host}",
            "vérifiez NTP ici ; si un seul diffère, prévenez ce service",
        ),
    },
    "clock.nobody": {
        "en": (
            "no server's Date was seen: the clock could not be compared",
            "let the network checks reach somebody, or compare it by hand",
        ),
        "fr": (
            "aucune date de serveur vue : horloge non comparée",
            "laissez les contrôles réseau joindre quelqu'un, ou comparez à la main",
        ),
    },
    "disk.right": {
        "en": ("{free} MB are free where the state is", ""),
        "fr": ("{free} Mo libres là où se trouve l'état", ""),
    },
    "disk.low": {
        "en": (
            "{free} MB are free where the state is, {needed} are needed",
            "free the disk, or enlarge it: below that nothing leaves",
        ),
        "fr": (
            "{free} Mo libres là où se trouve l'état, {needed} nécessaires",
            "libérez ou agrandissez le disque : en dessous, rien ne sort",
        ),
    },
    "ledger.right": {
        "en": ("ledgers: {entries} entries", ""),
        "fr": ("journaux : {entries} entrées", ""),
    },
    "ledger.unreadable": {
        "en": ("the state's database cannot be read ({why:text})", "check owner and disk; restore a backup"),
        "fr": (
            "la base de l'état est illisible ({why:text})",
            "vérifiez propriétaire et disque ; restaurez une sauvegarde",
        ),
    },
    "ledger.epochs": {
        "en": (
            "{folder} is not the directory of this state's epoch keys: the connector does not start",
            "mount it, or put it back whole; do not make an empty one. If it is lost, restore the newest backup with its epoch keys",
        ),
        "fr": (
            "{folder} n'est pas le répertoire des clés d'époque de cet état : le connecteur ne démarre pas",
            "montez-le, ou remettez-le entier ; n'en créez pas un vide. S'il est perdu, restaurez la sauvegarde la plus récente avec ses clés d'époque",
        ),
    },
    "ledger.differs": {
        "en": (
            "{why:text}: the connector does not start",
            "put the newest copy of the state directory in place; only where there is none, two people: spsti-connector journal succeed-offline",
        ),
        "fr": (
            "{why:text} : le connecteur ne démarre pas",
            "remettez la copie la plus récente du répertoire d'état ; s'il n'y en a pas, à deux : spsti-connector journal succeed-offline",
        ),
    },
    "ledger.behind": {
        "en": (
            "{why:text}: nobody is answered",
            "put the newest copy of the state directory in place; only where there is none, two people: spsti-connector journal succeed",
        ),
        "fr": (
            "{why:text} : personne n'obtient de réponse",
            "remettez la copie la plus récente du répertoire d'état ; s'il n'y en a pas, à deux : spsti-connector journal succeed",
        ),
    },
    "ledger.restored": {
        "en": (
            "this state was restored from a backup of {at}: nobody is answered",
            "two people: spsti-connector journal succeed",
        ),
        "fr": (
            "cet état vient d'une sauvegarde du {at} : personne n'obtient de réponse",
            "à deux : spsti-connector journal succeed",
        ),
    },
    "backup.right": {
        "en": ("last backup {hours} hours ago", ""),
        "fr": ("dernière sauvegarde il y a {hours} heures", ""),
    },
    "backup.none": {
        "en": ("no backup was ever taken here", "spsti-connector backup, every night, and rehearse its restoration"),
        "fr": (
            "aucune sauvegarde n'a jamais été faite ici",
            "spsti-connector backup chaque nuit, et répétez la restauration",
        ),
    },
    "backup.old": {
        "en": ("last backup {hours} hours ago", "see why the nightly spsti-connector backup does not run"),
        "fr": (
            "dernière sauvegarde il y a {hours} heures",
            "voyez pourquoi spsti-connector backup ne tourne plus la nuit",
        ),
    },
    "directory.right": {
        "en": ("{members} members in the list {version}", ""),
        "fr": ("{members} membres dans la liste {version}", ""),
    },
    "directory.trial": {
        "en": ("[members] is {what:text}", "join a federation: [directory]"),
        "fr": ("[members] : {what:text}", "rejoignez une fédération : [directory]"),
    },
    "directory.not-ready": {
        "en": (
            "{what:text}",
            "start the connector, or directory refresh; spsti-connector next says which steps are left",
        ),
        "fr": ("{what:text}", "démarrez, ou directory refresh ; spsti-connector next dit les étapes qui restent"),
    },
    "directory.difference": {
        "en": ("[{where}] {difference:text}", "{difference:remedy}"),
        "fr": ("[{where}] {difference:text}", "{difference:remedy}"),
    },
    "directory.stale": {
        "en": ("{what:text}", "directory refresh; federation duty says who must sign"),
        "fr": ("{what:text}", "directory refresh ; federation duty dit qui doit signer"),
    },
    "directory.copies": {
        "en": (
            "{copies} copies of the directory can be asked, members' own included, expected {wanted}",
            "add the operators' other addresses to [directory] urls",
        ),
        "fr": (
            "{copies} copies de l'annuaire interrogeables, celles des membres comprises, {wanted} attendues",
            "ajoutez les autres adresses à [directory] urls",
        ),
    },
    "announced.other": {
        "en": (
            "[network] announced is {wanted}, the member list gives {listed}",
            "correct your entry, or the configuration",
        ),
        "fr": (
            "[network] announced vaut {wanted}, la liste des membres donne {listed}",
            "corrigez votre fiche, ou la configuration",
        ),
    },
    "source.none": {
        "en": ("no [source]: peers will be told that this service could not look", "configure [source]"),
        "fr": ("pas de [source] : les pairs apprendront que ce service n'a pas pu chercher", "configurez [source]"),
    },
    "source.unattested": {
        "en": (
            "nobody has attested that what the source gives may go to another service",
            "set [source] attested_on and attested_by",
        ),
        "fr": (
            "personne n'a attesté que ce que donne la source peut aller à un autre service",
            "renseignez [source] attested_on et attested_by",
        ),
    },
    "coverage.low": {
        "en": (
            "{share} of workers could be answered about, expected {wanted} at least",
            "spsti-connector adapter coverage says what is lacking",
        ),
        "fr": (
            "réponse possible pour {share} des salariés, {wanted} attendus au moins",
            "spsti-connector adapter coverage dit ce qui manque",
        ),
    },
    "adapter.right": {
        "en": ("{half} {name} {version}: {what}", ""),
        "fr": ("{half} {name} {version} : {what}", ""),
    },
    "adapter.wrong": {
        "en": ("{half} {name}: {what}", "spsti-connector adapter check {name}"),
        "fr": ("{half} {name} : {what}", "spsti-connector adapter check {name}"),
    },
    "port.mine": {
        "en": ("the connector listens on {listen}", ""),
        "fr": ("le connecteur écoute sur {listen}", ""),
    },
    "port.free": {
        "en": ("the connector does not run; {listen} is free", "spsti-connector run"),
        "fr": ("le connecteur ne tourne pas ; {listen} est libre", "spsti-connector run"),
    },
    "port.taken": {
        "en": (
            "{listen} is taken by another program, or held by systemd for the connector that does not run",
            "systemctl list-sockets: one of spsti-connector is as it should be; else stop that program (ss -ltnp), or change the port",
        ),
        "fr": (
            "{listen} est occupé par un autre programme, ou tenu par systemd pour le connecteur qui ne tourne pas",
            "systemctl list-sockets : une socket de spsti-connector est normale ; sinon arrêtez ce programme (ss -ltnp), ou changez de port",
        ),
    },
    "port.foreign": {
        "en": ("{listen} is no address of this machine", "give an address that it has, or 0.0.0.0"),
        "fr": ("{listen} n'est pas une adresse de cette machine", "donnez une adresse qu'elle possède, ou 0.0.0.0"),
    },
    "port.silent": {
        "en": ("the connector runs, and nobody answers on {listen}", "see its log"),
        "fr": ("le connecteur tourne et personne ne répond sur {listen}", "voyez son journal technique"),
    },
    "dns.unresolved": {
        "en": ("the name {host} ({what}) cannot be resolved", "have the DNS of this machine know it"),
        "fr": ("le nom {host} ({what}) n'est pas résolu", "faites-le connaître au DNS de cette machine"),
    },
    "reach.right": {
        "en": ("{host}:{port} ({what}) answers", ""),
        "fr": ("{host}:{port} ({what}) répond", ""),
    },
    "reach.refused": {
        "en": (
            "{host}:{port} ({what}) refuses connections",
            "nothing listens there now, or a firewall rejects it: call that service; " + _LET_NETWORK,
        ),
        "fr": (
            "{host}:{port} ({what}) refuse les connexions",
            "rien n'écoute, ou un pare-feu rejette : appelez ce service ; " + _OUVRIR,
        ),
    },
    "reach.silent": {
        "en": (
            "{host}:{port} ({what}) does not answer within {seconds} s",
            "a firewall drops it, most likely: " + _LET_NETWORK,
        ),
        "fr": ("{host}:{port} ({what}) ne répond pas en {seconds} s", "un pare-feu le bloque sans doute : " + _OUVRIR),
    },
    "reach.proxy": {
        "en": (
            "the proxy {proxy} does not lead to {host}:{port} ({what}): {why:text}",
            "see [network], and that proxy's rules",
        ),
        "fr": (
            "le proxy {proxy} ne mène pas à {host}:{port} ({what}) : {why:text}",
            "voyez [network] et les règles de ce proxy",
        ),
    },
    "tls.inspected": {
        "en": (
            "a proxy inspects TLS on the way to {host}:{port} ({what}): the certificate seen there was issued by {issuer}, which is no configured authority",
            "have that proxy let this destination through untouched; its name is in that issuer",
        ),
        "fr": (
            "un proxy inspecte le TLS vers {host}:{port} ({what}) : le certificat vu a été émis par {issuer}, qui n'est pas une autorité configurée",
            "faites exempter cette destination sur ce proxy ; son nom est dans cet émetteur",
        ),
    },
    "tls.ended": {
        "en": (
            "something ends TLS before this connector: at {host}:{port} a certificate of {subject}, issued by {issuer}, is shown instead of ours",
            "have that load balancer or reverse proxy pass TCP through (layer 4): the client's certificate must arrive here",
        ),
        "fr": (
            "quelque chose termine le TLS avant ce connecteur : sur {host}:{port}, un certificat de {subject}, émis par {issuer}, remplace le nôtre",
            "faites passer le TCP tel quel (couche 4) par ce répartiteur ou proxy inverse : le certificat du client doit arriver ici",
        ),
    },
    "tls.none": {
        "en": (
            "{host}:{port} ({what}) answers and speaks no TLS 1.3 ({why:text})",
            "see what listens there: a proxy's page, or an older TLS?",
        ),
        "fr": (
            "{host}:{port} ({what}) répond sans parler TLS 1.3 ({why:text})",
            "voyez ce qui écoute là : page d'un proxy, TLS plus ancien ?",
        ),
    },
    "tls.other-member": {
        "en": (
            "at {host}:{port} ({what}) the certificate is of one of our authorities and not that member's",
            "compare the directory's entry with that service",
        ),
        "fr": (
            "sur {host}:{port} ({what}) le certificat vient d'une autorité connue mais n'est pas celui de ce membre",
            "comparez la fiche de l'annuaire avec ce service",
        ),
    },
    "web.untrusted": {
        "en": (
            "{host}:{port} ({what}): its certificate, issued by {issuer}, is not trusted here",
            "a proxy inspects TLS on the way, most likely: have it let this destination through",
        ),
        "fr": (
            "{host}:{port} ({what}) : son certificat, émis par {issuer}, n'est pas de confiance ici",
            "un proxy inspecte sans doute le TLS : faites exempter cette destination",
        ),
    },
    "probe.right": {
        "en": ("{name}: all four exchanges of the probe took place", ""),
        "fr": ("{name} : les quatre échanges de l'essai ont eu lieu", ""),
    },
    "probe.wrong": {
        "en": ("{name}: the probe failed at {step} ({why})", "spsti-connector members test {member}"),
        "fr": ("{name} : l'essai a échoué à l'étape {step} ({why})", "spsti-connector members test {member}"),
    },
    "probe.left": {
        "en": (
            "the probe of peers was left out: it takes a running connector and an API key",
            "spsti-connector check --key-file FILE",
        ),
        "fr": (
            "essai des pairs non fait : il faut un connecteur qui tourne et une clé d'API",
            "spsti-connector check --key-file FICHIER",
        ),
    },
}

"""Of how things stand: the directory's age, revocation lists, the state and its ledgers, what waits for a restart."""

# ruff: noqa: E501 (a sentence stands on one line)

from typing import Final

from connector.core.fault_words.form import Sentences

_ENDS_EN: Final = "the directory's {role} ends at {at}, and {who:term} must sign it again"
_ENDS_FR: Final = "le rôle {role} de l'annuaire expire le {at}, et {who:term} doivent le signer de nouveau"
_SIGNED_FR: Final = "attendu ce que dit son dernier point de contrôle signé"
_NEW_EN: Final = (
    "nothing is repaired: put the newest copy of the state directory in place; where there is none, "
    "two people begin new ledgers: spsti-connector journal succeed-offline"
)
_NEW_FR: Final = (
    "rien n'est réparé : remettez la copie la plus récente du répertoire d'état ; s'il n'y en a pas, "
    "à deux, commencez de nouveaux journaux : spsti-connector journal succeed-offline"
)
_DISK: Final = ("look at the disk of [state] directory", "vérifiez le disque de [state] directory")

STANDING: Final[Sentences] = {
    "age.trial": {
        "en": ("a local members file: for a trial between services that know each other, signed by nobody", ""),
        "fr": ("un fichier local de membres : pour un essai entre services qui se connaissent, signé par personne", ""),
    },
    "age.none": {
        "en": ("no version has been received yet: run directory refresh", ""),
        "fr": ("aucune version n'a encore été reçue : lancez directory refresh", ""),
    },
    "age.ending": {"en": (_ENDS_EN, ""), "fr": (_ENDS_FR, "")},
    "age.grace": {
        "en": ("expired, members known before stay until {closes}: " + _ENDS_EN, ""),
        "fr": ("expiré, les membres déjà connus restent jusqu'au {closes} : " + _ENDS_FR, ""),
    },
    "age.closed": {
        "en": ("closed, nobody is answered or asked: " + _ENDS_EN, ""),
        "fr": ("fermé, personne n'obtient de réponse ni n'est interrogé : " + _ENDS_FR, ""),
    },
    "archive.disk": {
        "en": ("directory archive: the disk refuses ({reason:term})", _DISK[0]),
        "fr": ("archive de l'annuaire : le disque refuse ({reason:term})", _DISK[1]),
    },
    "revocation.missing": {
        "en": ("no revocation list of {authority} is here", ""),
        "fr": ("aucune liste de révocation de {authority} n'est ici", ""),
    },
    "revocation.ended": {
        "en": ("a revocation list here ended {at}", ""),
        "fr": ("une liste de révocation a expiré ici le {at}", ""),
    },
    "state.unreadable": {
        "en": ("state: its database cannot be read ({error})", "check its owner and disk"),
        "fr": ("état : sa base est illisible ({error})", "vérifiez propriétaire et disque"),
    },
    "signer.silent": {
        "en": (
            "signing key: the token {token} does not sign ({text})",
            "put the token back; nothing is signed meanwhile, so nothing leaves",
        ),
        "fr": (
            "clé de signature : le jeton {token} ne signe pas",
            "remettez le jeton ; d'ici là rien n'est signé, donc rien ne sort",
        ),
    },
    "head.place": {
        "en": (
            "ledger {tree}: got a checkpoint of {got} entries in the place of {size}, expected what its last signed checkpoint says",
            _NEW_EN,
        ),
        "fr": ("journal {tree} : un point de contrôle de {got} entrées à la place de {size}, " + _SIGNED_FR, _NEW_FR),
    },
    "head.count": {
        "en": (
            "ledger {tree}: got {got} entries, {size} signed, expected what its last signed checkpoint says",
            _NEW_EN,
        ),
        "fr": ("journal {tree} : {got} entrées, {size} signées, " + _SIGNED_FR, _NEW_FR),
    },
    "head.root": {
        "en": (
            "ledger {tree}: got another root than the signed one over {size} entries, expected what its last signed checkpoint says",
            _NEW_EN,
        ),
        "fr": (
            "journal {tree} : une autre racine que celle qui a été signée sur {size} entrées, " + _SIGNED_FR,
            _NEW_FR,
        ),
    },
    "head.other": {
        "en": ("ledger {tree}: got {text}, expected what its last signed checkpoint says", _NEW_EN),
        "fr": (
            "journal {tree} : son dernier point de contrôle n'est pas le sien, ou aucune de nos clés ne l'a signé",
            _NEW_FR,
        ),
    },
    "witness.holder": {"en": (" ({member} holds it)", ""), "fr": (" ({member} le détient)", "")},
    "witness.fork": {
        "en": ("{ledger} signed two histories of {size} entries{told}", ""),
        "fr": ("{ledger} a signé deux histoires de {size} entrées{told}", ""),
    },
    "witness.not-consistent": {
        "en": (
            "{ledger} signed histories of {known} and of {shown} entries, and neither goes on from the other{told}",
            "",
        ),
        "fr": (
            "{ledger} a signé des histoires de {known} et de {shown} entrées, dont aucune ne prolonge l'autre{told}",
            "",
        ),
    },
    "witness.shortened": {
        "en": ("{ledger} had signed {most} entries{told} and shows {now}: an old copy of it, or its end was cut", ""),
        "fr": (
            "{ledger} avait signé {most} entrées{told} et en montre {now} : une copie ancienne, ou sa fin a été coupée",
            "",
        ),
    },
    "witness.false-head": {
        "en": ("{member} gives out a checkpoint of {ledger} that was never signed", ""),
        "fr": ("{member} diffuse un point de contrôle de {ledger} qui n'a jamais été signé", ""),
    },
    "witness.false-statement": {
        "en": ("{member} countersigned {ledger} with a signature that does not verify", ""),
        "fr": ("{member} a contresigné {ledger} d'une signature qui ne se vérifie pas", ""),
    },
    "way.unknown": {"en": ("its name is not known", ""), "fr": ("son nom n'est pas connu", "")},
    "way.refused": {"en": ("{reason:term}", ""), "fr": ("motif : {reason:term}", "")},
    "way.answered": {"en": ("it answered {status}", ""), "fr": ("il a répondu {status}", "")},
    "reload.waits": {
        "en": ("[{section}] changed and counts from the next restart on", ""),
        "fr": ("[{section}] a changé et comptera à partir du prochain redémarrage", ""),
    },
}

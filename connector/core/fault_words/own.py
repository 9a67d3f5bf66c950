"""Of this service's own certificates: what is right today and will not stay so, or could be better."""

# ruff: noqa: E501 (a sentence stands on one line)

from typing import Final

from connector.core.fault_words.form import Sentences

_ASK_EN: Final = "ask your IT for one from its authority"
_ASK_FR: Final = "demandez-en un à votre informatique, émis par son autorité"

OWN: Final[Sentences] = {
    "own.ended": {
        "en": ("the {use} certificate ended on {until}", "{do:term}"),
        "fr": ("le certificat {use} a expiré le {until}", "{do:term}"),
    },
    "own.ending": {
        "en": ("the {use} certificate ends on {until}, in {days} days", "{do:term}"),
        "fr": ("le certificat {use} expire le {until}, dans {days} jours", "{do:term}"),
    },
    "own.ending-soon": {
        "en": ("the {use} certificate ends on {until}, in {days} days", "now: {do:term}"),
        "fr": ("le certificat {use} expire le {until}, dans {days} jours", "maintenant : {do:term}"),
    },
    "own.ending-now": {
        "en": ("the {use} certificate ends on {until}, in {days} days: then nobody is answered", "urgent: {do:term}"),
        "fr": (
            "le certificat {use} expire le {until}, dans {days} jours : ensuite personne n'obtient de réponse",
            "urgent : {do:term}",
        ),
    },
    "own.other-host": {
        "en": (
            "the server certificate names {names}, and the list gives {host}: other services will refuse",
            "ask for a certificate with that DNS name, or correct the endpoint in your entry",
        ),
        "fr": (
            "le certificat server nomme {names}, et la liste donne {host} : les autres services refuseront",
            "demandez un certificat avec ce nom DNS, ou corrigez l'adresse de votre fiche",
        ),
    },
    "own.no-crl": {
        "en": (
            "no CRL is configured or named by the certificates: a revoked one would be believed",
            "set [peer] crls, or [peer.crl] addresses",
        ),
        "fr": (
            "aucune CRL n'est configurée ni nommée par les certificats : un certificat révoqué serait cru",
            "renseignez [peer] crls, ou [peer.crl] addresses",
        ),
    },
    "own.local-names": {
        "en": ("[local] certificate: it bears no subject alternative name, which browsers want", _ASK_EN),
        "fr": ("[local] certificate : sans nom alternatif (SAN), que les navigateurs exigent", _ASK_FR),
    },
    "own.local-self": {
        "en": (
            "[local] certificate: it is signed by itself: browsers warn of it unless it is installed on each machine",
            _ASK_EN,
        ),
        "fr": (
            "[local] certificate : signé par lui-même : les navigateurs alertent, sauf s'il est installé sur chaque poste",
            _ASK_FR,
        ),
    },
    "own.local-order": {
        "en": (
            "[local] certificate: its certificates do not stand in order, each followed by the authority that signed it",
            _ASK_EN,
        ),
        "fr": (
            "[local] certificate : ses certificats ne sont pas dans l'ordre, chacun suivi de l'autorité qui l'a signé",
            _ASK_FR,
        ),
    },
    "own.local-alone": {
        "en": (
            "[local] certificate: it stands alone in its file: unless a root signed it directly, add the authority that did",
            _ASK_EN,
        ),
        "fr": (
            "[local] certificate : seul dans son fichier : si une racine ne l'a pas signé elle-même, ajoutez l'autorité qui l'a fait",
            _ASK_FR,
        ),
    },
}

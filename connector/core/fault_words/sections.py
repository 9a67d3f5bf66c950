"""Of keys that belong together, or exclude each other."""

from typing import Final

from connector.core.fault_words.form import Sentences

SECTIONS: Final[Sentences] = {
    "section.key-pair": {
        "en": ("expected either certificate and key (PEM), or pkcs12", ""),
        "fr": ("attendu soit certificate et key (PEM), soit pkcs12", ""),
    },
    "section.signing-key": {
        "en": ("expected one of key (PEM), pkcs12 and pkcs11", ""),
        "fr": ("attendu une seule clé parmi key (PEM), pkcs12 et pkcs11", ""),
    },
    "section.launch-key": {
        "en": ("launch_vouches needs launch_key: the public key by which the vendor's software signs", ""),
        "fr": ("launch_vouches demande launch_key : la clé publique avec laquelle le logiciel de l'éditeur signe", ""),
    },
    "section.local-pair": {
        "en": ("expected certificate and key together", ""),
        "fr": ("attendu certificate et key ensemble", ""),
    },
    "section.local-open": {
        "en": ("listening beyond loopback needs certificate and key: identities travel on it", ""),
        "fr": ("écouter hors de la boucle locale demande certificate et key : des identités y passent", ""),
    },
    "section.client-proof": {
        "en": ("expected exactly one of client_secret and client_key (private_key_jwt)", ""),
        "fr": ("attendu soit client_secret, soit client_key (private_key_jwt), et un seul", ""),
    },
    "section.provider-tls": {
        "en": ("expected tls_certificate and tls_key together", ""),
        "fr": ("attendu tls_certificate et tls_key ensemble", ""),
    },
    "section.provider-twice": {
        "en": ("two providers have the same name: it stands in the address to which they send people back", ""),
        "fr": ("deux fournisseurs portent le même nom : il figure dans l'adresse où ils renvoient les personnes", ""),
    },
    "section.provider-address": {
        "en": ("providers need address: where browsers reach this connector, to be sent back there", ""),
        "fr": ("des fournisseurs demandent address : là où les navigateurs joignent ce connecteur, pour y revenir", ""),
    },
    "section.attestation": {
        "en": ("expected attested_on and attested_by together: a date without a name attests nothing", ""),
        "fr": ("attendu attested_on et attested_by ensemble : une date sans nom n'atteste rien", ""),
    },
    "section.stamp": {
        "en": ("expected tsa_url and tsa_ca together: a stamp is believed by the authority's root certificate", ""),
        "fr": (
            "attendu tsa_url et tsa_ca ensemble : un horodatage se croit par le certificat racine de l'autorité",
            "",
        ),
    },
    "section.webhook": {
        "en": ("expected webhook and webhook_key together: whoever gets an alert must be able to tell whose it is", ""),
        "fr": ("attendu webhook et webhook_key ensemble : qui reçoit une alerte doit savoir de qui elle vient", ""),
    },
    "section.one-directory": {
        "en": (
            "expected exactly one of [directory], a federation's signed list, and [members], a file for a trial",
            "",
        ),
        "fr": (
            "attendu soit [directory], la liste signée d'une fédération, soit [members], un fichier pour un essai",
            "",
        ),
    },
    "section.no-directory": {
        "en": ("expected [directory] or [members]", ""),
        "fr": ("attendu [directory] ou [members]", ""),
    },
    "section.plain-copies": {
        "en": ("urls: plain http:// is for tests", "give the operators' https:// addresses"),
        "fr": ("urls : http:// sans TLS est pour les essais", "donnez les adresses https:// des opérateurs"),
    },
    "section.insi-incomplete": {
        "en": ("enabled, and without {missing}: give these, or set enabled = false", ""),
        "fr": ("activé, et sans {missing} : donnez ces clés, ou mettez enabled = false", ""),
    },
}

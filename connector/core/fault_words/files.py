"""Of the configuration file itself, and of the files and credentials that it names."""

# ruff: noqa: E501 (a sentence stands on one line)

from typing import Final

from connector.core.fault_words.form import Sentences

_RIGHTS_EN: Final = "{path} must be readable by the user {user}: chown root:{user} {path}; chmod 640 {path}"
_RIGHTS_FR: Final = "{path} doit être lisible par l'utilisateur {user} : chown root:{user} {path} ; chmod 640 {path}"
_PUT_EN: Final = "put it into {place}, for root alone, then restart"
_PUT_FR: Final = "déposez-le dans {place}, lisible de root seul, puis redémarrez"

FILES: Final[Sentences] = {
    "unworded": {
        "en": ("{text}", "{hint}"),
        "fr": (
            "ce qui est nommé ici est refusé, et le détail n'existe qu'en anglais",
            "relancez avec --language en (ou LC_ALL=C), et donnez le message à qui administre le connecteur",
        ),
    },
    "stopped": {
        "en": ("{text}", "{hint}"),
        "fr": ("{code:term} ({code})", "voyez ce code dans docs/errors.md"),
    },
    "file.unreadable": {
        "en": ("cannot be read ({reason:term})", "name an existing file that this user may read: --config FILE"),
        "fr": (
            "illisible ({reason:term})",
            "nommez un fichier qui existe et que cet utilisateur peut lire : --config FICHIER",
        ),
    },
    "file.forbidden": {
        "en": ("cannot be read ({reason:term})", _RIGHTS_EN),
        "fr": ("illisible ({reason:term})", _RIGHTS_FR),
    },
    "file.not-utf8": {
        "en": ("is not UTF-8", "save it as UTF-8"),
        "fr": ("n'est pas en UTF-8", "enregistrez-le en UTF-8"),
    },
    "file.not-toml": {
        "en": ("not TOML: {text}", "see config.example.toml"),
        "fr": ("n'est pas du TOML : {problem:term}", "voyez config.example.toml"),
    },
    "reference.slash": {
        "en": ("{reference}: expected credential:NAME without a slash", ""),
        "fr": ("{reference} : credential:NOM attendu, sans barre oblique", ""),
    },
    "reference.no-credentials": {
        "en": (
            "{reference}: no systemd credentials here",
            "start it by systemd with LoadCredential={name}:PATH, or give a path; by hand, as root",
        ),
        "fr": (
            "{reference} : pas de secrets systemd ici",
            "démarrez par systemd avec LoadCredential={name}:CHEMIN, ou donnez un chemin ; à la main, en root",
        ),
    },
    "reference.empty": {
        "en": ("{reference}: it is empty", _PUT_EN),
        "fr": ("{reference} : le fichier est vide", _PUT_FR),
    },
    "reference.absent": {"en": ("{reference}: it is not there", _PUT_EN), "fr": ("{reference} : absent", _PUT_FR)},
    "reference.unreadable": {
        "en": ("{reference}: cannot be read ({reason:term})", "check that {path} exists and its rights"),
        "fr": ("{reference} : illisible ({reason:term})", "vérifiez que {path} existe, et ses droits"),
    },
    "reference.forbidden": {
        "en": ("{reference}: cannot be read ({reason:term})", _RIGHTS_EN),
        "fr": ("{reference} : illisible ({reason:term})", _RIGHTS_FR),
    },
    "reference.file-unreadable": {
        "en": ("{path}: cannot be read ({reason:term})", "check the path and its rights"),
        "fr": ("{path} : illisible ({reason:term})", "vérifiez le chemin et ses droits"),
    },
    "master-key.open": {
        "en": ("master key: {path} can be read by everybody on this machine", "chmod 600 {path}"),
        "fr": ("clé maîtresse : {path} est lisible par tous sur cette machine", "chmod 600 {path}"),
    },
    "master-key.forbidden": {
        "en": (
            "master key: {path} cannot be read ({reason:term})",
            "it must belong to the user that runs the connector, or come as a credential",
        ),
        "fr": (
            "clé maîtresse : {path} illisible ({reason:term})",
            "elle doit appartenir à l'utilisateur qui exécute le connecteur, ou venir par credential:",
        ),
    },
    "master-key.unreadable": {
        "en": (
            "master key: {path} cannot be read ({reason:term})",
            "restore it from where it was kept; without it the state cannot be opened",
        ),
        "fr": (
            "clé maîtresse : {path} illisible ({reason:term})",
            "restaurez-la de là où elle est gardée ; sans elle, l'état ne peut pas être ouvert",
        ),
    },
    "master-key.form": {
        "en": (
            "master key: {path} does not hold {size} bytes in base64url",
            "restore it from where it was kept; without it the state cannot be opened",
        ),
        "fr": (
            "clé maîtresse : {path} ne contient pas {size} octets en base64url",
            "restaurez-la de là où elle est gardée ; sans elle, l'état ne peut pas être ouvert",
        ),
    },
    "alerts.key": {
        "en": (
            "[alerts] webhook_key: {text}",
            "make one: printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" > FILE, and give it to the receiver",
        ),
        "fr": (
            "[alerts] webhook_key : attendu whsec_ suivi de 24 à 64 octets en base64",
            "faites-en une : printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" > FICHIER, et donnez-la au destinataire",
        ),
    },
    "alerts.authority": {
        "en": ("[alerts] webhook_ca: got no certificate, expected PEM of the receiver's CA", ""),
        "fr": ("[alerts] webhook_ca : pas de certificat, attendu le PEM de l'autorité du destinataire", ""),
    },
    "evidence.unreadable": {
        "en": ("[evidence] tsa_ca: cannot be read ({reason:term})", ""),
        "fr": ("[evidence] tsa_ca : illisible ({reason:term})", "vérifiez le chemin et ses droits"),
    },
    "evidence.empty": {
        "en": ("{name}: holds no certificate", "give the authority's root certificate as PEM"),
        "fr": ("{name} : ne contient pas de certificat", "donnez le certificat racine de l'autorité, en PEM"),
    },
}

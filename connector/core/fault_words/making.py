"""Of what `federation`, `init`, `keys rotate` and `backup` make, and of the keys that sign an entry."""

from typing import Final

from connector.core.fault_words.form import Sentences

MAKING: Final[Sentences] = {
    "folder.unwritten": {
        "en": (
            "{file}: cannot be written ({reason:term})",
            "what was there before is whole: make room or give access, then try again",
        ),
        "fr": (
            "{file} : écriture impossible ({reason:term})",
            "ce qui y était avant est entier : faites de la place ou donnez les droits, puis recommencez",
        ),
    },
    "folder.unreadable": {
        "en": ("{file}: cannot be read ({reason:term})", "check its owner and disk, or copy the folder whole"),
        "fr": ("{file} : illisible ({reason:term})", "vérifiez propriétaire et disque, ou copiez le dossier entier"),
    },
    "init.exists": {
        "en": ("{paths} exists already", "choose another --directory, or move it away yourself"),
        "fr": ("{paths} existe déjà", "choisissez un autre --directory, ou écartez-le vous-même"),
    },
    "init.unwritten": {
        "en": ("{path} cannot be written ({reason:term})", "check its folder's rights and the disk"),
        "fr": ("{path} ne peut pas être écrit ({reason:term})", "vérifiez les droits du dossier et le disque"),
    },
    "init.folder-system": {
        "en": ("{folder}: cannot be written to", "as root; and before that: install the package"),
        "fr": ("{folder} : écriture impossible", "en root ; et d'abord : installez le paquet"),
    },
    "init.folder-instance": {
        "en": (
            "{folder}: cannot be written to",
            "as root; and before that: spsti-connector-instance create {instance}",
        ),
        "fr": ("{folder} : écriture impossible", "en root ; et d'abord : spsti-connector-instance create {instance}"),
    },
    "init.signing": {
        "en": ("signing: {path} will not do: {why}", "{why:remedy}"),
        "fr": ("signing : {path} ne convient pas : {why}", "{why:remedy}"),
    },
    "init.signing-credential": {
        "en": (
            "signing: {reference}: init cannot open a systemd credential, and your entry lists the key in it",
            "give the files by their paths; name the credential in [signing] afterwards",
        ),
        "fr": (
            "signing : {reference} : init n'ouvre pas un secret systemd, et votre fiche donne la clé qu'il contient",
            "donnez les fichiers par leurs chemins ; nommez le secret dans [signing] ensuite",
        ),
    },
    "init.signing-unreadable": {
        "en": ("signing: {path} cannot be read ({reason:term})", ""),
        "fr": ("signing : {path} illisible ({reason:term})", "vérifiez le chemin et ses droits"),
    },
    "init.instance": {
        "en": (
            "instance: expected 1 to 20 of a-z, 0-9 and -, beginning with a letter",
            "take the name that spsti-connector-instance create was given",
        ),
        "fr": (
            "instance : attendu 1 à 20 caractères parmi a-z, 0-9 et -, le premier une lettre",
            "prenez le nom qui a été donné à spsti-connector-instance create",
        ),
    },
    "rotate.prepared": {
        "en": ("[{section}.next]: a change is prepared already", "spsti-connector keys show says how far it is"),
        "fr": ("[{section}.next] : un changement est déjà préparé", "spsti-connector keys show dit où il en est"),
    },
    "rotate.pins": {
        "en": ("entry: lists {count} pins already, at most {limit}", "take the one out that is not used"),
        "fr": ("fiche : elle a déjà {count} empreintes, {limit} au plus", "retirez celle qui ne sert pas"),
    },
    "rotate.no-entry": {
        "en": ("{path}: is not there", "name your entry, which init wrote, with --entry"),
        "fr": ("{path} : absent", "nommez votre fiche, que init a écrite, par --entry"),
    },
    "rotate.foreign-entry": {
        "en": ("{path}: does not list {member}", ""),
        "fr": ("{path} : ne contient pas {member}", "nommez votre propre fiche par --entry"),
    },
    "rotate.exists": {
        "en": ("{path}: exists already", "move it away yourself, or give a name by --kid"),
        "fr": ("{path} : existe déjà", "écartez-le vous-même, ou donnez un nom par --kid"),
    },
    "rotate.unwritten": {
        "en": ("{path}: cannot be written ({reason:term})", "check its folder's rights and the disk"),
        "fr": ("{path} : ne peut pas être écrit ({reason:term})", "vérifiez les droits de son dossier et le disque"),
    },
    "backup.recipient": {
        "en": ("recipient: expected an X25519 public key as PEM", "openssl pkey -pubout -in KEY"),
        "fr": ("destinataire : attendu une clé publique X25519 en PEM", "openssl pkey -pubout -in CLÉ"),
    },
    "backup.identity": {
        "en": ("identity: expected an X25519 private key as PEM", "openssl genpkey -algorithm x25519"),
        "fr": ("identité : attendu une clé privée X25519 en PEM", "openssl genpkey -algorithm x25519"),
    },
    "backup.passphrase": {
        "en": (
            "passphrase: it has {got} characters, expected {limit} or more",
            "take six words that belong to nobody's life",
        ),
        "fr": (
            "phrase de passe : {got} caractères, attendu {limit} ou plus",
            "prenez six mots qui n'appartiennent à la vie de personne",
        ),
    },
    "entry.other-key": {
        "en": ("key {kid}: its signer holds another key than the entry lists", "compare kid and key file"),
        "fr": ("clé {kid} : qui signe a une autre clé que celle de la fiche", "comparez kid et fichier de clé"),
    },
    "entry.key-kind": {
        "en": ("{name}: a kind of key that signs no metadata", ""),
        "fr": ("{name} : une sorte de clé qui ne signe pas de métadonnées", ""),
    },
    "request.key": {
        "en": ("certificate request: got an Ed25519 key, expected P-256 or RSA", ""),
        "fr": ("demande de certificat : clé Ed25519, attendu P-256 ou RSA", ""),
    },
}

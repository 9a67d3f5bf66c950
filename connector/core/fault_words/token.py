"""Of a key in a PKCS#11 token."""

from typing import Final

from connector.core.fault_words.form import Sentences

TOKEN: Final[Sentences] = {
    "token.driver": {
        "en": (
            "PKCS#11 driver {module}: cannot be loaded ({error})",
            "name the shared library of your token's maker",
        ),
        "fr": (
            "pilote PKCS#11 {module} : ne se charge pas ({error})",
            "nommez la bibliothèque partagée du fabricant de votre jeton",
        ),
    },
    "token.library": {
        "en": ("[signing.pkcs11]: the library for tokens is not installed", "install spsti-connector[pkcs11]"),
        "fr": (
            "[signing.pkcs11] : la bibliothèque des jetons n'est pas installée",
            "installez spsti-connector[pkcs11]",
        ),
    },
    "token.absent": {
        "en": ("token {token}: is not there", "plug it in; pkcs11-tool -L lists"),
        "fr": ("jeton {token} : absent", "branchez-le ; pkcs11-tool -L en fait la liste"),
    },
    "token.no-key": {
        "en": ("token {token}: holds no private key {key}", "pkcs11-tool -O --login lists its keys"),
        "fr": ("jeton {token} : sans clé privée {key}", "pkcs11-tool -O --login fait la liste de ses clés"),
    },
    "token.several": {
        "en": (
            "token {token}: there are several of that name, or of key {key}",
            "give each a label of its own",
        ),
        "fr": (
            "jeton {token} : plusieurs de ce nom, ou de la clé {key}",
            "donnez à chacun un libellé qui lui soit propre",
        ),
    },
    "token.pin-locked": {
        "en": ("token {token}: its PIN is locked", "unlock it with the security officer's PIN"),
        "fr": ("jeton {token} : son code PIN est bloqué", "débloquez-le avec le code de l'officier de sécurité"),
    },
    "token.pin": {
        "en": ("token {token}: the PIN is refused", "check [signing.pkcs11] pin before you try again"),
        "fr": ("jeton {token} : code PIN refusé", "vérifiez [signing.pkcs11] pin avant de réessayer"),
    },
    "token.silent": {
        "en": ("token {token}: does not answer ({error})", ""),
        "fr": ("jeton {token} : ne répond pas ({error})", "débranchez-le et rebranchez-le, puis voyez son pilote"),
    },
    "token.no-public": {
        "en": (
            "token {token}: neither public key nor certificate {key} beside its private key",
            "store one of them under the same label",
        ),
        "fr": (
            "jeton {token} : ni clé publique ni certificat {key} à côté de sa clé privée",
            "enregistrez l'un des deux sous le même libellé",
        ),
    },
    "token.public-unreadable": {
        "en": ("token: its public key cannot be read", ""),
        "fr": ("jeton : sa clé publique est illisible", ""),
    },
    "token.key-kind": {
        "en": ("token: a key of kind {got}, expected EC P-256 or RSA of 2048 bits or more", ""),
        "fr": ("jeton : clé de type {got}, attendu EC P-256 ou RSA de 2048 bits ou plus", ""),
    },
    "token.key-other": {
        "en": ("token: a key of another kind, expected EC P-256 or RSA of 2048 bits or more", ""),
        "fr": ("jeton : clé d'un autre type, attendu EC P-256 ou RSA de 2048 bits ou plus", ""),
    },
}

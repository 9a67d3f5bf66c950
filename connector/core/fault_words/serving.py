"""Of sockets that systemd hands over, providers of sign-in, and what only a running connector learns."""

from typing import Final

from connector.core.fault_words.form import Sentences

SERVING: Final[Sentences] = {
    "socket.elsewhere": {
        "en": (
            "[{section}] listen: the socket handed over listens on {got}, the configuration says {listen}",
            "make the two agree: ListenStream= of the .socket unit (systemctl edit), or listen",
        ),
        "fr": (
            "[{section}] listen : la socket remise écoute sur {got}, la configuration dit {listen}",
            "accordez les deux : ListenStream= de l'unité .socket (systemctl edit), ou listen",
        ),
    },
    "socket.name": {
        "en": (
            'socket activation: got a descriptor named "{name}", expected one of each name: {allowed}',
            "see the .socket units of the package: FileDescriptorName=peer and FileDescriptorName=local",
        ),
        "fr": (
            "activation par socket : descripteur nommé « {name} », attendu un de chaque nom : {allowed}",
            "voyez les unités .socket du paquet : FileDescriptorName=peer et FileDescriptorName=local",
        ),
    },
    "socket.unusable": {
        "en": (
            "socket activation: descriptor {descriptor} ({name}) cannot be used ({reason:term})",
            "see the .socket units of the package: FileDescriptorName=peer and FileDescriptorName=local",
        ),
        "fr": (
            "activation par socket : descripteur {descriptor} ({name}) inutilisable ({reason:term})",
            "voyez les unités .socket du paquet : FileDescriptorName=peer et FileDescriptorName=local",
        ),
    },
    "socket.not-listening": {
        "en": (
            "socket activation: descriptor {descriptor} ({name}) is no listening TCP socket",
            "the .socket unit takes ListenStream=ADDRESS:PORT, and Accept=no",
        ),
        "fr": (
            "activation par socket : le descripteur {descriptor} ({name}) n'est pas une socket TCP qui écoute",
            "l'unité .socket prend ListenStream=ADRESSE:PORT, et Accept=no",
        ),
    },
    "provider.key": {
        "en": (
            "[[sign_in.providers]] {name}: client_key is no key for {algorithm}",
            "set client_key_algorithm to what the key is for",
        ),
        "fr": (
            "[[sign_in.providers]] {name} : client_key n'est pas une clé pour {algorithm}",
            "mettez dans client_key_algorithm ce à quoi la clé sert",
        ),
    },
    "provider.secret": {
        "en": ("{reference}: expected a secret in UTF-8", ""),
        "fr": ("{reference} : attendu un secret en UTF-8", ""),
    },
    "provider.certificates": {
        "en": (
            "[[sign_in.providers]] {name}: certificates cannot be used ({reason:term})",
            "trusted_cas, tls_certificate and tls_key are PEM files, the last two a pair",
        ),
        "fr": (
            "[[sign_in.providers]] {name} : certificats inutilisables ({reason:term})",
            "trusted_cas, tls_certificate et tls_key sont des fichiers PEM, les deux derniers vont ensemble",
        ),
    },
}

"""Of the section `[insi]` against its platform and its certificate."""

from typing import Final

from connector.core.fault_words.form import Sentences

_DO_EN: Final = "correct the section [insi], or set enabled = false: the vendor then supplies the identities"
_DO_FR: Final = "corrigez la section [insi], ou mettez enabled = false : l'éditeur fournit alors les identités"

INSI: Final[Sentences] = {
    "insi.library": {
        "en": (
            "insi: lxml is not installed, without which INSi cannot be called",
            "install spsti-connector[insi], or set enabled = false",
        ),
        "fr": (
            "insi : lxml n'est pas installé, sans quoi INSi ne peut pas être appelé",
            "installez spsti-connector[insi], ou mettez enabled = false",
        ),
    },
    "insi.platform": {
        "en": ("platform {platform} belongs to a connector of {wanted}, this is {environment}", _DO_EN),
        "fr": ("la plateforme {platform} va avec un connecteur de {wanted}, celui-ci est de {environment}", _DO_FR),
    },
    "insi.endpoint": {
        "en": ("got another form, expected https://HOST[:PORT]/PATH", _DO_EN),
        "fr": ("autre forme, attendu https://HÔTE[:PORT]/CHEMIN", _DO_FR),
    },
    "insi.endpoint-other": {
        "en": ("its host is the one of {other}, the platform is {platform}", _DO_EN),
        "fr": ("son hôte est celui de {other}, la plateforme est {platform}", _DO_FR),
    },
    "insi.server-name": {
        "en": ("got a name outside ameli.fr for a platform of INSi", _DO_EN),
        "fr": ("nom hors de ameli.fr pour une plateforme d'INSi", _DO_FR),
    },
    "insi.certificate-name": {
        "en": (
            "its CN is {got:term}, INSi expects {allowed:either} (else fault desir_560): order one of that name",
            _DO_EN,
        ),
        "fr": (
            "son CN est {got:term}, INSi attend {allowed:either} (sinon erreur desir_560) : commandez-en un de ce nom",
            _DO_FR,
        ),
    },
    "insi.certificate-issuer": {
        "en": ("issued by {got:term}, platform {platform} expects {wanted}", _DO_EN),
        "fr": ("émis par {got:term}, la plateforme {platform} attend {wanted}", _DO_FR),
    },
    "insi.certificate-units": {
        "en": ("it has not exactly one OU to take the emitter from: set emitter", _DO_EN),
        "fr": ("il n'a pas un OU et un seul d'où prendre l'émetteur : renseignez emitter", _DO_FR),
    },
    "insi.emitter-other": {
        "en": ("it is not the structure identifier in the certificate's OU", _DO_EN),
        "fr": ("ce n'est pas l'identifiant de structure de l'OU du certificat", _DO_FR),
    },
    "insi.emitter-form": {
        "en": ("got another form, expected the structure identifier, 8 to 15 digits or letters", _DO_EN),
        "fr": ("autre forme, attendu l'identifiant de structure, 8 à 15 chiffres ou lettres", _DO_FR),
    },
    "insi.software": {
        "en": ("got another form, expected {expected:term}", _DO_EN),
        "fr": ("autre forme, attendu {expected:term}", _DO_FR),
    },
    "insi.number": {
        "en": ("got {got}, expected {low} to {high}", _DO_EN),
        "fr": ("{got} donné, attendu de {low} à {high}", _DO_FR),
    },
}

"""Of the members file, the federation's directory, and what either says of this service."""

from typing import Final

from connector.core.fault_words.form import Sentences

MEMBERS: Final[Sentences] = {
    "members.unreadable": {
        "en": ("cannot be read ({reason:term})", ""),
        "fr": ("illisible ({reason:term})", "vérifiez le chemin et ses droits"),
    },
    "members.not-toml": {
        "en": ("not TOML in UTF-8: {text}", ""),
        "fr": ("n'est pas du TOML en UTF-8 : {problem:term}", "ligne {line}, colonne {column}"),
    },
    "members.not-utf8": {
        "en": ("not TOML in UTF-8: a byte is none of UTF-8", "save it as UTF-8"),
        "fr": ("n'est pas du TOML en UTF-8 : un octet n'est pas de l'UTF-8", "enregistrez-le en UTF-8"),
    },
    "members.none": {
        "en": ("expected at least one [[member]]", ""),
        "fr": ("attendu au moins un [[member]]", ""),
    },
    "members.twice": {
        "en": ("{member} is listed twice", ""),
        "fr": ("{member} figure deux fois", ""),
    },
    "members.shared-key": {
        "en": ("key {kid} is also a key of {other}", ""),
        "fr": ("la clé {kid} est aussi une clé de {other}", ""),
    },
    "members.same-kid": {
        "en": ("two keys have the same kid", ""),
        "fr": ("deux clés ont le même kid", ""),
    },
    "members.id": {
        "en": ("{text}", ""),
        "fr": ("n'est pas un Struct_IdNat (3 + SIRET, ou 1 + FINESS)", "vérifiez chaque chiffre"),
    },
    "members.endpoint": {
        "en": ("expected https://HOST[:PORT]", ""),
        "fr": ("attendu https://HÔTE[:PORT]", ""),
    },
    "members.loopback": {
        "en": ("is on loopback, which no other service can reach", ""),
        "fr": ("est sur la boucle locale, qu'aucun autre service ne peut joindre", ""),
    },
    "members.pins": {
        "en": ("expected at most four SHA-256 of 43 base64url characters", ""),
        "fr": ("attendu au plus quatre SHA-256 de 43 caractères base64url", ""),
    },
    "members.algorithm": {
        "en": ("expected {allowed:either} to {use}", ""),
        "fr": ("attendu {allowed:either} pour l'usage {use}", ""),
    },
    "members.public": {
        "en": ("expected the base64 of a SubjectPublicKeyInfo in DER", ""),
        "fr": ("attendu le base64 d'un SubjectPublicKeyInfo en DER", ""),
    },
    "members.validity": {
        "en": ("expected valid_from and valid_until", ""),
        "fr": ("attendu valid_from et valid_until", ""),
    },
    "members.text": {"en": ("expected a text", ""), "fr": ("attendu un texte", "")},
    "members.texts": {"en": ("expected a list of texts", ""), "fr": ("attendu une liste de textes", "")},
    "members.one-of": {
        "en": ("expected one of {allowed}", ""),
        "fr": ("attendu l'une de ces valeurs : {allowed}", ""),
    },
    "members.instant": {
        "en": ("expected a date and time with zone, such as 2026-01-01T00:00:00Z", ""),
        "fr": ("attendu une date et une heure avec fuseau, comme 2026-01-01T00:00:00Z", ""),
    },
    "members.unknown": {"en": ('unknown key "{name}"', ""), "fr": ("clé inconnue « {name} »", "retirez-la")},
    "directory.root-unreadable": {
        "en": ("[directory] root: cannot be read ({reason:term})", ""),
        "fr": ("[directory] root : illisible ({reason:term})", "vérifiez le chemin et ses droits"),
    },
    "directory.root-refused": {
        "en": ("[directory] root: {text}", "ask the operators for the federation's root file again"),
        "fr": (
            "[directory] root : refusé ({refusal})",
            "redemandez aux opérateurs le fichier racine de la fédération",
        ),
    },
    "directory.root-foreign": {
        "en": (
            "[directory] root: is not root {version} of the federation in {archive}",
            "a wrong root file, or the archive of another federation: move one of the two away",
        ),
        "fr": (
            "[directory] root : n'est pas la racine {version} de la fédération gardée dans {archive}",
            "un mauvais fichier racine, ou l'archive d'une autre fédération : écartez l'un des deux",
        ),
    },
    "listing.absent": {
        "en": ("{member} is not in it", "{do:term}"),
        "fr": ("{member} n'y figure pas", "{do:term}"),
    },
    "listing.unpublished": {
        "en": ("{member} has no published entry yet", "spsti-connector next says why"),
        "fr": ("la fiche de {member} n'est pas encore publiée", "spsti-connector next dit pourquoi"),
    },
    "listing.status": {
        "en": ("{member} stands as {status}", "ask the operators of the federation"),
        "fr": ("{member} a l'état {status:term}", "demandez aux opérateurs de la fédération"),
    },
    "listing.certificate-nobody": {
        "en": (
            "the certificate is of no member of the list, expected {member}'s",
            "its subject OU must be the member id, or its key be pinned in the members list",
        ),
        "fr": (
            "le certificat n'est celui d'aucun membre de la liste, attendu celui de {member}",
            "son OU doit être l'identifiant du membre, ou sa clé être épinglée dans la liste des membres",
        ),
    },
    "listing.certificate-other": {
        "en": (
            "the certificate is {owner}'s, expected {member}'s",
            "its subject OU must be the member id, or its key be pinned in the members list",
        ),
        "fr": (
            "le certificat est celui de {owner}, attendu celui de {member}",
            "son OU doit être l'identifiant du membre, ou sa clé être épinglée dans la liste des membres",
        ),
    },
    "listing.key": {
        "en": (
            "the members list has no {use} key {kid} that is this one",
            "update your entry there, or name the key that is listed",
        ),
        "fr": (
            "la liste des membres n'a pas de clé {kid} (usage {use}) qui soit celle-ci",
            "mettez votre fiche à jour, ou nommez la clé qui y figure",
        ),
    },
    "listing.algorithm": {
        "en": (
            "the members list says {listed} for {kid}",
            "set algorithm to what is listed, or update your entry there",
        ),
        "fr": (
            "la liste des membres dit {listed} pour {kid}",
            "mettez dans algorithm ce qui y figure, ou corrigez votre fiche",
        ),
    },
    "listing.key-ended": {
        "en": ("the members list says that {kid} is not valid now", "list a new key"),
        "fr": ("la liste des membres dit que {kid} n'est pas valide en ce moment", "inscrivez une nouvelle clé"),
    },
}

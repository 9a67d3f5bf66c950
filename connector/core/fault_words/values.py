"""Of a key's name, and of the form of its value."""

from typing import Final

from connector.core.fault_words.form import Sentences

VALUES: Final[Sentences] = {
    "key.missing": {
        "en": ("is missing", "add it; config.example.toml shows it"),
        "fr": ("manque", "ajoutez cette clé ; config.example.toml la montre"),
    },
    "key.unknown": {
        "en": ('unknown key "{name}"', "remove it; config.example.toml has all keys"),
        "fr": ("clé inconnue « {name} »", "retirez-la ; config.example.toml a toutes les clés"),
    },
    "key.unknown-near": {
        "en": ('unknown key "{name}"', 'did you mean "{nearest}"?'),
        "fr": ("clé inconnue « {name} »", "vouliez-vous dire « {nearest} » ?"),
    },
    "key.unknown-elsewhere": {
        "en": ('unknown key "{name}"', "one of that name belongs to {sections:either}"),
        "fr": ("clé inconnue « {name} »", "une clé de ce nom va dans {sections:either}"),
    },
    "key.unknown-both": {
        "en": ('unknown key "{name}"', 'did you mean "{nearest}"? one of that name belongs to {sections:either}'),
        "fr": (
            "clé inconnue « {name} »",
            "vouliez-vous dire « {nearest} » ? une clé de ce nom va dans {sections:either}",
        ),
    },
    "value.type": {
        "en": ("got {got:term}, expected {expected:term}", ""),
        "fr": ("{got:term}, attendu {expected:term}", ""),
    },
    "value.one-of": {
        "en": ("expected one of {allowed:quoted}", ""),
        "fr": ("attendu l'une de ces valeurs : {allowed:quoted}", ""),
    },
    "value.at-least": {
        "en": ("expected a number greater than or equal to {limit}", ""),
        "fr": ("attendu un nombre d'au moins {limit}", ""),
    },
    "value.above": {
        "en": ("expected a number greater than {limit}", ""),
        "fr": ("attendu un nombre supérieur à {limit}", ""),
    },
    "value.at-most": {
        "en": ("expected a number less than or equal to {limit}", ""),
        "fr": ("attendu un nombre d'au plus {limit}", ""),
    },
    "value.empty": {
        "en": ("is empty", "give it a value"),
        "fr": ("est vide", "donnez-lui une valeur"),
    },
    "value.too-short": {
        "en": ("expected a text of {limit} characters or more", ""),
        "fr": ("attendu un texte d'au moins {limit} caractères", ""),
    },
    "value.too-long": {
        "en": ("expected a text of {limit} characters or fewer", ""),
        "fr": ("attendu un texte d'au plus {limit} caractères", ""),
    },
    "value.too-few": {
        "en": ("expected a list of {limit} or more", ""),
        "fr": ("attendu une liste d'au moins {limit} éléments", ""),
    },
    "value.too-many": {
        "en": ("expected a list of {limit} at most", ""),
        "fr": ("attendu une liste d'au plus {limit} éléments", ""),
    },
    "value.form": {
        "en": ("has another form than the pattern {pattern}", "config.example.toml shows one"),
        "fr": ("n'a pas la forme du motif {pattern}", "config.example.toml en montre un exemple"),
    },
    "value.date": {
        "en": ("expected a date such as 2026-01-05, without quotes and without a time", ""),
        "fr": ("attendu une date comme 2026-01-05, sans guillemets ni heure", ""),
    },
    "value.wrong": {
        "en": ("cannot be used ({type})", "config.example.toml shows what is expected"),
        "fr": ("ne convient pas ({type})", "config.example.toml montre ce qui est attendu"),
    },
    "value.member-id": {
        "en": ("expected Struct_IdNat: 3 + SIRET, or 1 + FINESS", ""),
        "fr": ("attendu un Struct_IdNat : 3 + SIRET, ou 1 + FINESS", ""),
    },
    "value.member-id-check": {
        "en": ("is no number that was ever given: its check digit is wrong", "check the SIRET or FINESS"),
        "fr": ("ce Struct_IdNat n'existe pas : sa clé de contrôle est fausse", "vérifiez le SIRET ou le FINESS"),
    },
    "value.practitioner-id": {
        "en": ("expected PS_IdNat: 8 + RPPS, or 3 or 5 + register number", ""),
        "fr": ("attendu un PS_IdNat : 8 + RPPS, ou 3 ou 5 + numéro d'inscription", ""),
    },
    "value.listen-address": {
        "en": ("expected ADDRESS:PORT with a numeric address, such as 127.0.0.1:8480 or [::1]:8480", ""),
        "fr": ("attendu ADRESSE:PORT avec une adresse numérique, comme 127.0.0.1:8480 ou [::1]:8480", ""),
    },
    "value.listen-port": {
        "en": ("expected ADDRESS:PORT with a port from 0 (any free one) to 65535", ""),
        "fr": ("attendu ADRESSE:PORT avec un port de 0 (n'importe lequel de libre) à 65535", ""),
    },
    "value.https-origin": {
        "en": ("expected https://HOST[:PORT], nothing after it", ""),
        "fr": ("attendu https://HÔTE[:PORT], sans rien après", ""),
    },
    "value.https-path": {
        "en": ("expected https://HOST[:PORT] without a path: the protocol fixes the paths", ""),
        "fr": ("attendu https://HÔTE[:PORT] sans chemin : le protocole fixe les chemins", ""),
    },
    "value.proxy": {
        "en": ("expected http://HOST:PORT of a forward proxy, without a name or password in it", ""),
        "fr": ("attendu http://HÔTE:PORT d'un mandataire (proxy), sans nom ni mot de passe", ""),
    },
    "value.proxy-login": {
        "en": ("expected http://HOST:PORT: a proxy that wants a login cannot be used", ""),
        "fr": ("attendu http://HÔTE:PORT : un mandataire (proxy) à mot de passe ne peut pas servir", ""),
    },
    "value.copy": {
        "en": ("expected https://HOST[:PORT]/PATH/, the address of a copy of the directory", ""),
        "fr": ("attendu https://HÔTE[:PORT]/CHEMIN/, l'adresse d'une copie de l'annuaire", ""),
    },
    "value.web": {
        "en": ("expected http://HOST[:PORT]/PATH or https://, without a name or password in it", ""),
        "fr": ("attendu http://HÔTE[:PORT]/CHEMIN ou https://, sans nom ni mot de passe", ""),
    },
    "value.origin-plain": {
        "en": ("expected https://HOST[:PORT], or http:// on loopback", ""),
        "fr": ("attendu https://HÔTE[:PORT], ou http:// sur la boucle locale", ""),
    },
    "value.provider": {
        "en": ("expected https://HOST[:PORT]/PATH as the provider writes it, or http:// on loopback", ""),
        "fr": (
            "attendu https://HÔTE[:PORT]/CHEMIN tel que le fournisseur l'écrit, ou http:// sur la boucle locale",
            "",
        ),
    },
}

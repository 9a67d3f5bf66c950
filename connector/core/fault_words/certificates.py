"""Of keys, certificates, authorities and revocation lists."""

from typing import Final

from connector.core.fault_words.form import Sentences

_FILE_EN: Final = "name the file of your {wanted:term} certificate here"
_FILE_FR: Final = "nommez ici le fichier de votre certificat {wanted:term}"

CERTIFICATES: Final[Sentences] = {
    "private-key.no-password": {
        "en": ("private key: got no password for an encrypted key", "set or remove the key's password file"),
        "fr": ("clé privée : chiffrée, et sans mot de passe donné", "nommez le fichier du mot de passe, ou retirez-le"),
    },
    "private-key.password": {
        "en": ("private key: got a password, and the key is not encrypted", "set or remove the key's password file"),
        "fr": ("clé privée : non chiffrée, et un mot de passe est donné", "retirez le fichier du mot de passe"),
    },
    "private-key.unreadable": {
        "en": ("private key: not readable as PEM with this password", "check the file and its password"),
        "fr": ("clé privée : illisible comme PEM avec ce mot de passe", "vérifiez le fichier et son mot de passe"),
    },
    "pkcs12.unreadable": {
        "en": (
            "PKCS#12 file: not readable with this password",
            "check the password; an old file with RC2 encryption must be exported again with AES",
        ),
        "fr": (
            "fichier PKCS#12 : illisible avec ce mot de passe",
            "vérifiez le mot de passe ; un ancien fichier chiffré en RC2 doit être réexporté en AES",
        ),
    },
    "pkcs12.no-key": {
        "en": ("PKCS#12 file: holds no private key", "export key and certificate together"),
        "fr": ("fichier PKCS#12 : ne contient pas de clé privée", "exportez clé et certificat ensemble"),
    },
    "pkcs12.no-certificate": {
        "en": ("PKCS#12 file: holds no certificate of its key", "export key and certificate together"),
        "fr": ("fichier PKCS#12 : ne contient pas de certificat de sa clé", "exportez clé et certificat ensemble"),
    },
    "key.cannot-sign": {
        "en": (
            "signing key: got {got:key}, which cannot sign {algorithm}",
            "ES256 needs P-256, PS256 needs RSA of 2048 bits or more, EdDSA needs Ed25519",
        ),
        "fr": (
            "clé de signature : {got:key}, qui ne peut pas signer en {algorithm}",
            "ES256 demande P-256, PS256 demande RSA de 2048 bits ou plus, EdDSA demande Ed25519",
        ),
    },
    "key.other": {
        "en": (
            "key: got {got:key}, expected EC P-256, P-384 or P-521, RSA of 2048 bits or more, or Ed25519",
            "",
        ),
        "fr": (
            "clé : {got:key}, attendu EC P-256, P-384 ou P-521, RSA de 2048 bits ou plus, ou Ed25519",
            "",
        ),
    },
    "public-key.pem": {
        "en": ("public key: not readable as PEM SubjectPublicKeyInfo", ""),
        "fr": ("clé publique : illisible comme SubjectPublicKeyInfo en PEM", ""),
    },
    "public-key.der": {
        "en": ("public key: not readable as DER SubjectPublicKeyInfo", ""),
        "fr": ("clé publique : illisible comme SubjectPublicKeyInfo en DER", ""),
    },
    "launch-key.other": {
        "en": ("launch_key of {name}: expected a key for ES256 (EC P-256) or PS256 (RSA)", ""),
        "fr": ("launch_key de {name} : attendu une clé pour ES256 (EC P-256) ou PS256 (RSA)", ""),
    },
    "certificate.unreadable": {
        "en": ("certificate file: not readable as PEM or DER", "it must hold X.509 certificates"),
        "fr": ("fichier de certificat : illisible comme PEM ou DER", "il doit contenir des certificats X.509"),
    },
    "certificate.not-x509": {
        "en": ("certificate: not readable as X.509", ""),
        "fr": ("certificat : illisible comme X.509", ""),
    },
    "certificate.none": {
        "en": ("certificate file: holds no PEM certificate", ""),
        "fr": ("fichier de certificat : ne contient pas de certificat PEM", ""),
    },
    "certificate.extensions": {
        "en": ("certificate: its extensions cannot be read", "ask its authority for another"),
        "fr": ("certificat : ses extensions sont illisibles", "demandez-en un autre à son autorité"),
    },
    "certificate.now": {
        "en": ("certificate is not valid now", "renew it, or look at this machine's clock"),
        "fr": ("le certificat n'est pas valide en ce moment", "renouvelez-le, ou voyez l'horloge de cette machine"),
    },
    "certificate.no-names": {
        "en": (
            "certificate: bears no subject alternative name, and a host in its CN alone does not count",
            "ask its authority for one that names the host of your endpoint as DNS name",
        ),
        "fr": (
            "certificat : sans nom alternatif (SAN), et un hôte dans son seul CN ne compte pas",
            "demandez-en un à son autorité qui nomme l'hôte de votre adresse comme nom DNS",
        ),
    },
    "certificate.no-server": {
        "en": ("certificate: {article:term} is no TLS server; it is {product} ({about:term})", _FILE_EN),
        "fr": ("certificat : ce n'est pas un serveur TLS, c'est {product:term} ({about:term})", _FILE_FR),
    },
    "certificate.no-client": {
        "en": ("certificate: {article:term} is no TLS client; it is {product} ({about:term})", _FILE_EN),
        "fr": ("certificat : ce n'est pas un client TLS, c'est {product:term} ({about:term})", _FILE_FR),
    },
    "certificate.no-signer": {
        "en": ("certificate: its key usage does not allow signatures; it is {product} ({about:term})", _FILE_EN),
        "fr": (
            "certificat : son usage de clé ne permet pas de signer, c'est {product:term} ({about:term})",
            _FILE_FR,
        ),
    },
    "authorities.none": {
        "en": ("authorities: no certificate is configured", "name the CA files of IGC-Santé"),
        "fr": ("autorités : aucun certificat configuré", "nommez les fichiers des autorités de l'IGC-Santé"),
    },
    "authorities.no-authority": {
        "en": (
            "authorities: certificate {serial} is not one of an authority",
            "name the CA files here, not those of a service",
        ),
        "fr": (
            "autorités : le certificat {serial} n'est pas celui d'une autorité",
            "nommez ici les fichiers des autorités, pas ceux d'un service",
        ),
    },
    "crl.unreadable": {
        "en": ("CRL file: not readable as PEM or DER", "download it again from its issuer"),
        "fr": ("fichier de CRL : illisible comme PEM ou DER", "téléchargez-le de nouveau chez son émetteur"),
    },
    "crl.missing": {
        "en": ("CRL: none of authority {authority}", "lists of both the root and the issuing authority are needed"),
        "fr": (
            "CRL : aucune de l'autorité {authority}",
            "il faut les listes de l'autorité racine et de l'autorité émettrice",
        ),
    },
    "crl.no-end": {
        "en": ("CRL: says no date of the next one", "RFC 5280 section 5.1.2.5 wants it"),
        "fr": ("CRL : ne donne pas la date de la suivante", "la RFC 5280 section 5.1.2.5 l'exige"),
    },
    "crl.no-authority": {
        "en": ("CRL: no authority is configured that could have signed one", ""),
        "fr": ("CRL : aucune autorité configurée n'a pu en signer une", ""),
    },
    "crl.foreign": {
        "en": (
            "CRL: issued by {issuer}, which is no configured authority",
            "remove the file, or configure that authority",
        ),
        "fr": (
            "CRL : émise par {issuer}, qui n'est pas une autorité configurée",
            "retirez le fichier, ou configurez cette autorité",
        ),
    },
    "crl.signature": {
        "en": ("CRL: not signed by {issuer}", "download it again; never use it unverified"),
        "fr": ("CRL : non signée par {issuer}", "téléchargez-la de nouveau ; ne l'utilisez jamais non vérifiée"),
    },
    "crl.extension": {
        "en": ("CRL: critical extension {oid} is not understood", "use the full list, not a delta list"),
        "fr": ("CRL : extension critique {oid} non comprise", "prenez la liste complète, pas une liste delta"),
    },
    "crl.partial": {
        "en": ("CRL: covers a part of its authority's certificates", "use the full list"),
        "fr": ("CRL : ne couvre qu'une partie des certificats de son autorité", "prenez la liste complète"),
    },
    "tls.refused": {
        "en": (
            "TLS: OpenSSL refuses the certificate, its key, an authority or a CRL ({reason})",
            "certificate and key must be a pair, authorities and CRLs PEM or DER",
        ),
        "fr": (
            "TLS : OpenSSL refuse le certificat, sa clé, une autorité ou une CRL ({reason})",
            "certificat et clé doivent aller ensemble, autorités et CRL être en PEM ou DER",
        ),
    },
    "local.certificate": {
        "en": (
            "[local] certificate and key cannot be used ({reason:term})",
            "they must be PEM, readable, and a pair",
        ),
        "fr": (
            "[local] certificate et key inutilisables ({reason:term})",
            "ils doivent être en PEM, lisibles, et aller ensemble",
        ),
    },
}

"""The French sentences of `connector.local.words`: what happened, and what to do next."""

from connector.core.codes import Code
from connector.core.fetch import Reply
from connector.core.inspection import FindingKind
from connector.core.states import FetchState
from connector.requester.notes import Note

_OPERATOR = "Prévenez la personne qui administre le connecteur."
_THEIR_SIDE = (
    "Demandez aux autres services entre-temps ; les administrateurs des deux connecteurs trouveront la cause "
    "grâce au code."
)
_LATER = "Réessayez plus tard."
_INSI_LATER = "L'identité reste telle quelle : réessayez dans quelques minutes."

REPLIES: dict[Reply, tuple[str, str]] = {
    Reply.PENDING: ("{member} n'a pas encore répondu.", "Veuillez patienter."),
    Reply.ANNOUNCED: ("{member} a un dossier dont le dernier acte de santé est du {day}.", ""),
    Reply.WITHHELD: (
        "{member} n'a transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas.",
        "Vous pouvez interroger le travailleur, ou ce service par courrier ou messagerie sécurisée.",
    ),
    Reply.DEFERRED: (
        "Une personne de {member} va répondre.",
        "Vous pouvez quitter : la demande continue et se retrouve ensuite.",
    ),
    Reply.COULD_NOT_LOOK: ("{member} n'a pas pu chercher.", "Son logiciel n'a pas répondu. " + _LATER),
    Reply.REFUSED: ("{member} a refusé la demande.", "Le motif indique ce qu'il faut corriger."),
    Reply.LIMITED: (
        "{member} a reçu trop de demandes de votre service.",
        "Réessayez demain, ou appelez {member}, qui peut modifier cette limite.",
    ),
    Reply.UNAVAILABLE: ("{member} ne peut pas répondre en ce moment.", _LATER),
    Reply.UNREACHABLE: ("{member} est injoignable.", _LATER + " La page d'état permet de tester ce service."),
    Reply.TOO_LATE: ("{member} n'a pas répondu à temps.", _LATER),
    Reply.MISBEHAVED: ("La réponse de {member} n'a pas pu être vérifiée ; elle n'a pas été utilisée.", _THEIR_SIDE),
}

NOT_ASKED = ("{member} n'a pas encore été interrogé.", "")
NOT_AWAITED: dict[Reply, tuple[str, str]] = {
    Reply.PENDING: ("{member} n'avait pas répondu.", ""),
    Reply.DEFERRED: (
        "Une personne de {member} devait répondre ; cette demande ne l'attend plus.",
        "Faites plus tard une nouvelle demande à ce service.",
    ),
}

STATES: dict[FetchState, tuple[str, str]] = {
    FetchState.PREPARED: (
        "Préparée ; aucun service n'a encore été interrogé.",
        "Un médecin, un infirmier ou un interne peut la lancer.",
    ),
    FetchState.ASKING: ("Les services sont interrogés.", "Veuillez patienter."),
    FetchState.WAITING: (
        "Un service répondra plus tard.",
        "Vous pouvez quitter : la demande continue et se retrouve ensuite.",
    ),
    FetchState.CHOOSING: ("Les services ont répondu.", "Choisissez le dossier à recevoir."),
    FetchState.DOWNLOADING: ("Le dossier est en cours de réception.", "Veuillez patienter."),
    FetchState.CHECKING: ("Le dossier est arrivé ; il est en cours de vérification.", "Veuillez patienter."),
    FetchState.READY: ("Le dossier est arrivé et vérifié.", "Vous pouvez le lire, l'imprimer ou le classer."),
    FetchState.FILED: (
        "Le dossier est classé dans votre logiciel.",
        "Il reste lisible ici jusqu'à sa suppression.",
    ),
    FetchState.NO_RECORD_GIVEN: (
        "Les services interrogés n'ont transmis aucun dossier. Cela ne veut pas dire qu'il n'en existe pas.",
        "Vous pouvez interroger le travailleur, ou les services par courrier ou messagerie sécurisée.",
    ),
    FetchState.FAILED: ("La demande a échoué.", "Le motif indique quoi faire ; faites ensuite une nouvelle demande."),
    FetchState.CANCELLED: ("La demande a été annulée.", "Faites-en une nouvelle si besoin."),
    FetchState.EXPIRED: (
        "La demande a expiré.",
        "Faites-en une nouvelle, après avoir de nouveau informé le travailleur.",
    ),
    FetchState.PURGED: ("La copie reçue a été supprimée.", "Faites une nouvelle demande pour la lire."),
}

CODES: dict[Code, tuple[str, str]] = {
    Code.MANDATE_MALFORMED: ("La demande n'a pas pu être lue par ce service.", _THEIR_SIDE),
    Code.MANDATE_SIGNATURE: ("La signature de votre service n'a pas été acceptée.", _OPERATOR),
    Code.MANDATE_EXPIRED: (
        "La demande est arrivée trop tard.",
        "Réessayez ; si cela se répète, les deux horloges diffèrent.",
    ),
    Code.MANDATE_NOT_YET_VALID: ("La demande semble venir du futur.", "Les deux horloges diffèrent. " + _OPERATOR),
    Code.MANDATE_REPLAYED: ("La même demande est arrivée deux fois.", "Réessayez."),
    Code.MANDATE_AUDIENCE: ("La demande a atteint un autre service que son destinataire.", _OPERATOR),
    Code.MANDATE_KIND: ("La demande ne correspond pas à l'étape en cours.", _THEIR_SIDE),
    Code.MANDATE_CERTIFICATE: ("La demande est passée par une autre connexion que la sienne.", _OPERATOR),
    Code.MANDATE_MEMBER: ("La demande est signée au nom d'un autre service.", _OPERATOR),
    Code.MANDATE_CLAIM_MISSING: ("Il manque à la demande un élément nécessaire.", _THEIR_SIDE),
    Code.MEMBER_UNKNOWN: ("Ce service n'est pas dans la liste des membres.", _OPERATOR),
    Code.MEMBER_SUSPENDED: ("Ce membre est suspendu pour le moment.", "Appelez les opérateurs de la fédération."),
    Code.PRACTITIONER_PROFESSION: (
        "Cette profession ne peut pas lire un dossier complet.",
        "Un médecin, un interne ou un infirmier peut faire la demande.",
    ),
    Code.PRACTITIONER_AUTH_LEVEL: (
        "Ce service exige une connexion plus forte.",
        "Connectez-vous par Pro Santé Connect ou un second facteur, puis recommencez.",
    ),
    Code.FOLLOW_UP_DECLARED: (
        "Ce service ne répond que pour les travailleurs enregistrés chez le demandeur.",
        "Enregistrez d'abord le travailleur dans votre logiciel, puis recommencez.",
    ),
    Code.UNATTENDED_REFUSED: ("Ce service ne répond que si le praticien attend.", "Recommencez et patientez."),
    Code.IDENTITY_MALFORMED: ("Un élément de l'identité est mal écrit.", "Corrigez le champ indiqué."),
    Code.IDENTITY_OID: ("Ce type d'INS n'a pas sa place ici.", "Utilisez l'INS donné par INSi, avec son OID."),
    Code.IDENTITY_NOT_QUALIFIED: (
        "L'identité du travailleur n'est pas qualifiée.",
        "Récupérée : contrôlez une pièce à haut niveau de confiance. Provisoire ou validée : interrogez INSi.",
    ),
    Code.PURPOSE_UNKNOWN: ("Ce service ne participe pas à ce type d'échange.", _OPERATOR),
    Code.VERSION_UNSUPPORTED: (
        "Les deux connecteurs n'ont pas la même version.",
        "L'un des deux doit être mis à jour. " + _OPERATOR,
    ),
    Code.REQUEST_MALFORMED: ("La demande n'a pas pu être lue.", _THEIR_SIDE),
    Code.REQUEST_TOO_LARGE: ("La demande est trop volumineuse.", "Réduisez-la ; la documentation donne la limite."),
    Code.REQUEST_NOT_SUPPORTED: ("Ce qui est demandé n'est pas proposé.", "Consultez la documentation."),
    Code.HANDOVER_NOT_AVAILABLE: ("Le dossier ne peut plus être transmis.", "Faites une nouvelle demande."),
    Code.DOCUMENT_CHANGED: (
        "Le dossier a changé entre-temps.",
        "Faites une nouvelle demande pour recevoir la version à jour.",
    ),
    Code.LIMIT_EXCEEDED: ("Trop de demandes.", "Attendez la durée indiquée."),
    Code.LEDGER_UNAVAILABLE: ("Le journal ne peut pas être écrit : rien ne sort.", _OPERATOR),
    Code.PEER_UNREACHABLE: ("Le service est injoignable.", _LATER),
    Code.PEER_TIMEOUT: ("Le service n'a pas répondu à temps.", _LATER),
    Code.PEER_TLS: ("La connexion sécurisée avec ce service a échoué.", _OPERATOR),
    Code.CRL_UNAVAILABLE: (
        "Les certificats ne peuvent pas être vérifiés ici pour le moment : personne n'a été interrogé.",
        _OPERATOR,
    ),
    Code.CRL_REFUSED: ("Une liste de révocation téléchargée n'a pas été crue.", _OPERATOR),
    Code.SIGNER_UNAVAILABLE: (
        "La clé de signature de notre service ne répond pas : personne n'a été interrogé.",
        _OPERATOR,
    ),
    Code.PEER_REFUSED_US: ("Ce service n'accepte pas le certificat du vôtre.", _OPERATOR),
    Code.PEER_MISBEHAVED: ("Ce service n'a pas suivi le protocole.", _THEIR_SIDE),
    Code.PEER_UNAVAILABLE: ("Ce service ne peut pas répondre en ce moment.", _LATER),
    Code.RECEIPT_MALFORMED: ("La réponse signée du service n'a pas pu être lue.", _THEIR_SIDE),
    Code.RECEIPT_SIGNATURE: ("La signature de la réponse n'est pas bonne.", _THEIR_SIDE),
    Code.RECEIPT_MISMATCH: ("La réponse signée ne correspond pas à la demande.", _THEIR_SIDE),
    Code.RECEIPT_NOT_IN_LEDGER: ("Le service n'a pas prouvé qu'il a journalisé sa réponse.", _THEIR_SIDE),
    Code.ACK_MALFORMED: ("L'accusé de réception n'a pas pu être lu.", _THEIR_SIDE),
    Code.ACK_SIGNATURE: ("La signature de l'accusé de réception n'est pas bonne.", _THEIR_SIDE),
    Code.ACK_MISMATCH: ("L'accusé de réception ne correspond pas à ce dossier.", _THEIR_SIDE),
    Code.DOCUMENT_DIGEST: (
        "Le dossier arrivé n'est pas celui qui était annoncé ; il n'est pas affiché.",
        "Faites une nouvelle demande.",
    ),
    Code.DOCUMENT_SIZE: (
        "Le dossier arrivé n'a pas la taille annoncée ; il n'est pas affiché.",
        "Faites une nouvelle demande.",
    ),
    Code.DOCUMENT_EMPTY: ("Le dossier arrivé est vide.", _THEIR_SIDE),
    Code.DOCUMENT_NOT_PDF: ("Ce qui est arrivé n'est pas un PDF ; il n'est pas affiché.", _THEIR_SIDE),
    Code.DOCUMENT_TOO_LARGE: ("Le dossier dépasse la taille acceptée ici.", _OPERATOR),
    Code.DOCUMENT_ACTIVE_CONTENT: ("Le PDF contient du contenu actif ; il n'est pas affiché tel quel.", _THEIR_SIDE),
    Code.DOCUMENT_ENCRYPTED: ("Le PDF ne s'ouvre qu'avec un mot de passe ; il n'est pas affiché.", _THEIR_SIDE),
    Code.DOCUMENT_UNREADABLE: ("Le PDF est trop abîmé pour être affiché sans risque.", _THEIR_SIDE),
    Code.DOCUMENT_INSPECTION_FAILED: (
        "Le PDF n'a pas pu être examiné ; il n'est pas affiché.",
        "Réessayez. " + _THEIR_SIDE,
    ),
    Code.ADAPTER_ABSENT: ("La liaison avec votre logiciel n'est pas configurée.", _OPERATOR),
    Code.ADAPTER_FAILED: (
        "Votre logiciel a répondu par une erreur.",
        _LATER + " Si cela persiste, appelez votre éditeur.",
    ),
    Code.ADAPTER_TIMEOUT: ("Votre logiciel n'a pas répondu à temps.", _LATER),
    Code.ADAPTER_BUSY: ("Votre logiciel est trop sollicité.", _LATER),
    Code.ADAPTER_CONTRACT: ("La réponse de votre logiciel est inutilisable.", "Appelez votre éditeur."),
    Code.VAULT_UNAVAILABLE: ("Le coffre des documents reçus est indisponible.", _OPERATOR),
    Code.VAULT_DAMAGED: (
        "La copie conservée ici est endommagée ; elle n'est pas affichée.",
        "Faites une nouvelle demande. " + _OPERATOR,
    ),
    Code.STATE_UNAVAILABLE: ("La base du connecteur est indisponible.", _OPERATOR),
    Code.CLOCK_BACKWARDS: ("L'horloge de cette machine a reculé : rien ne sort.", _OPERATOR),
    Code.ANSWERING_PAUSED: ("Ce service ne répond à personne pour l'instant, par sa propre décision.", _OPERATOR),
    Code.DIRECTORY_UNAVAILABLE: ("La liste des membres est indisponible.", _OPERATOR),
    Code.DIRECTORY_EXPIRED: ("La liste des membres est trop ancienne pour être fiable.", _OPERATOR),
    Code.DIRECTORY_REFUSED: ("La liste des membres proposée n'est pas digne de confiance.", _OPERATOR),
    Code.INSI_OFF: ("INSi n'est pas utilisé ici.", "Qualifiez l'identité dans votre logiciel."),
    Code.INSI_UNREACHABLE: ("INSi est injoignable.", _INSI_LATER),
    Code.INSI_TIMEOUT: ("INSi n'a pas répondu à temps.", _INSI_LATER),
    Code.INSI_TLS: ("La connexion sécurisée avec INSi a échoué.", _OPERATOR),
    Code.INSI_BUSY: ("INSi demande d'espacer les appels.", _INSI_LATER),
    Code.INSI_UNAVAILABLE: ("INSi est en panne pour le moment.", _INSI_LATER),
    Code.INSI_NOT_AUTHORISED: ("INSi n'admet pas ce service ou son logiciel.", _OPERATOR),
    Code.INSI_REQUEST_REFUSED: ("INSi n'accepte pas la recherche telle qu'envoyée.", _OPERATOR),
    Code.INSI_UNREADABLE: ("La réponse d'INSi n'a pas pu être lue.", _LATER + " Si cela persiste : " + _OPERATOR),
    Code.INSI_ANSWER_INVALID: ("INSi a répondu par une identité qui n'est pas valide.", _OPERATOR),
    Code.INSI_ANSWER_OID: ("INSi a répondu par un type d'INS qui n'a pas sa place ici.", _OPERATOR),
    Code.INSI_OTHER_PERSON: (
        "INSi a répondu à propos d'une autre personne que celle demandée.",
        "Vérifiez les traits ; n'utilisez aucune des deux identités.",
    ),
    Code.INSI_NONE: (
        "L'INSi ne connaît personne avec ces traits.",
        (
            "Comparez nom de naissance, prénoms, sexe, date et lieu avec une pièce d'identité, corrigez, cherchez de "
            "nouveau ; le nom utilisé n'est pas le nom de naissance. D'ici là l'identité reste provisoire."
        ),
    ),
    Code.INSI_SEVERAL: (
        "L'INSi connaît plusieurs personnes avec ces traits.",
        (
            "Ajoutez tous les prénoms et le lieu de naissance de la pièce d'identité, cherchez de nouveau. "
            "Ne choisissez jamais au hasard."
        ),
    ),
    Code.IDENTITY_DISCREPANCY: (
        "L'identité diffère de celle que donne INSi ou que connaît votre logiciel.",
        (
            "Comparez les traits nommés avec une pièce d'identité, corrigez votre logiciel, vérifiez de nouveau. "
            "Une alerte d'identité est ouverte."
        ),
    ),
    Code.IDENTITY_CALL_FORBIDDEN: (
        "INSi ne peut pas être appelé pour cette identité.",
        "Levez d'abord l'attribut de l'identité.",
    ),
    Code.IDENTITY_STATUS: (
        "Le statut de l'identité ne le permet pas.",
        "Relisez l'identité et son statut.",
    ),
    Code.IDENTITY_EVIDENCE: (
        "Il manque une pièce d'identité à haut niveau de confiance.",
        "Contrôlez-en une, et indiquez laquelle.",
    ),
    Code.DATAMATRIX_MALFORMED: (
        "L'étiquette lue n'est pas une étiquette INS.",
        "Relisez-la, ou saisissez l'identité.",
    ),
    Code.DATAMATRIX_AMBIGUOUS: (
        "L'étiquette peut se lire de deux façons : le lecteur a perdu ses séparateurs.",
        "Saisissez l'identité, ou réglez le lecteur pour qu'il envoie les séparateurs.",
    ),
    Code.CONFIG_FAULT: ("La configuration est inutilisable.", "Lancez : spsti-connector check"),
    Code.LOCAL_MALFORMED: ("L'appel n'a pas été compris.", "Corrigez ce que la réponse indique."),
    Code.LOCAL_UNAUTHENTICATED: (
        "L'appel ne porte aucune clé d'API connue ici.",
        "Envoyez : Authorization: Bearer <clé d'API>",
    ),
    Code.LOCAL_FORBIDDEN: (
        "Cette clé ou ce praticien n'en a pas le droit.",
        "La configuration du connecteur accorde ce droit.",
    ),
    Code.LOCAL_NOT_FOUND: ("Introuvable ici, ou pas avec cette clé.", "Vérifiez l'identifiant, puis la clé."),
    Code.LOCAL_CONFLICT: (
        "Cette Idempotency-Key a déjà servi à autre chose.",
        "Prenez une nouvelle clé pour une nouvelle demande.",
    ),
    Code.SIGN_IN_REQUIRED: ("Personne n'est connecté ici.", "Connectez-vous."),
    Code.SIGN_IN_LOCKED: (
        "La session est verrouillée, faute d'activité ou parce que l'adresse du poste a changé.",
        "Prouvez à nouveau qui vous êtes : les demandes lancées continuent ; un formulaire non envoyé est à refaire.",
    ),
    Code.SIGN_IN_OTHER_BROWSER: (
        "Cette session a été ouverte dans un autre navigateur : elle est fermée, et le journal le note.",
        "Connectez-vous de nouveau. Si ce n'était pas vous, prévenez le responsable informatique.",
    ),
    Code.SIGN_IN_WITHDRAWN: (
        "Votre accès à ce service a été suspendu, ou a pris fin.",
        "Adressez-vous à la personne qui tient la liste des personnes du service.",
    ),
    Code.SIGN_IN_NOT_LISTED: (
        "Votre identité est prouvée, mais vous n'êtes pas sur la liste de ce service.",
        "Demandez à la personne qui tient la liste de vous y ajouter.",
    ),
    Code.SIGN_IN_ROLE: (
        "Cette page n'est pas ouverte à votre rôle.",
        "Si vous en avez besoin, demandez ce rôle à la personne qui tient la liste.",
    ),
    Code.SIGN_IN_FORGED: (
        "Cette demande ne vient pas d'une page ouverte ici, ou la page est trop ancienne.",
        "Rechargez la page et recommencez.",
    ),
    Code.SIGN_IN_FAILED: (
        "L'identifiant, le mot de passe ou le code ne convient pas.",
        "Vérifiez les trois, et attendez un nouveau code : chacun ne sert qu'une fois.",
    ),
    Code.SIGN_IN_LOCKED_OUT: (
        "Trop d'essais sans succès : la connexion est bloquée pour un moment.",
        "Attendez un quart d'heure, ou appelez le responsable informatique.",
    ),
    Code.SIGN_IN_ENROLMENT: (
        "Ce code d'inscription n'existe pas, a servi, ou n'est plus valable.",
        "Demandez un nouveau code à la personne qui administre le connecteur.",
    ),
    Code.SIGN_IN_PASSWORD: (
        "Ce mot de passe est trop facile à trouver.",
        "Choisissez au moins douze caractères, sans votre identifiant et sans suite évidente.",
    ),
    Code.SIGN_IN_INTERRUPTED: (
        "Cette connexion n'a pas été commencée dans ce navigateur, ou il y a trop longtemps.",
        "Recommencez depuis la page de connexion.",
    ),
    Code.SIGN_IN_UNPROVEN: (
        "La réponse du fournisseur d'identité ne peut pas être acceptée.",
        "Recommencez ; si cela se répète, prévenez le responsable informatique.",
    ),
    Code.SIGN_IN_NOT_FRESH: (
        "Le fournisseur d'identité ne dit pas que vous venez de vous y connecter : rien n'a été ouvert.",
        "Recommencez en y prouvant qui vous êtes ; s'il ne vous le demande pas, prévenez le responsable informatique.",
    ),
    Code.SIGN_IN_PROVIDER: (
        "Le fournisseur d'identité ne répond pas.",
        "Réessayez dans un moment, ou connectez-vous autrement.",
    ),
    Code.LAUNCH_MALFORMED: (
        "L'appel de votre logiciel n'a pas été compris.",
        "Ouvrez la demande à la main, et prévenez l'éditeur de votre logiciel.",
    ),
    Code.LAUNCH_SIGNATURE: (
        "L'appel ne vient pas d'un logiciel connu de ce service.",
        "Ouvrez la demande à la main, et prévenez le responsable informatique.",
    ),
    Code.LAUNCH_EXPIRED: (
        "L'appel de votre logiciel est trop ancien.",
        "Revenez à votre logiciel et recommencez ; sinon, comparez les horloges des deux postes.",
    ),
    Code.LAUNCH_REPLAYED: (
        "Cet appel de votre logiciel a déjà servi.",
        "Revenez à votre logiciel et recommencez.",
    ),
    Code.LAUNCH_AUDIENCE: (
        "L'appel de votre logiciel est destiné à un autre service.",
        "Prévenez l'éditeur de votre logiciel : l'adresse ou l'identifiant du service n'est pas le bon.",
    ),
    Code.LAUNCH_PERSON: (
        "L'appel de votre logiciel est fait au nom d'un autre professionnel.",
        "Connectez-vous à ce nom, ou ouvrez la demande à la main.",
    ),
    Code.FETCH_TOO_MANY_MEMBERS: ("Trop de services sont désignés.", "Choisissez-en moins."),
    Code.FETCH_OPPOSED: (
        "Le travailleur s'oppose à cette demande.",
        "Son opposition est respectée : rien n'est demandé.",
    ),
    Code.FETCH_NOT_FOLLOWED: (
        "Ce travailleur n'est pas enregistré dans votre logiciel.",
        "Enregistrez-le, ou indiquez pourquoi vous le suivez.",
    ),
    Code.FETCH_COPY_KEPT: (
        "Une copie vérifiée de ce dossier est encore conservée : aucun service n'est interrogé de nouveau.",
        "Lisez cette copie dans vos demandes ; qui l'a demandée peut la supprimer, puis redemander.",
    ),
    Code.FETCH_STATE: ("La demande n'en est pas à ce stade.", "Relisez la demande."),
    Code.FETCH_EXPIRED: (
        "La demande a expiré.",
        "Faites-en une nouvelle, après avoir de nouveau informé le travailleur.",
    ),
    Code.FETCH_NO_DOCUMENT: ("Cette demande n'a pas de dossier à lire.", "Son état indique pourquoi."),
    Code.DOCUMENT_REPLACED: (
        "Un autre dossier a été reçu depuis pour cette demande : rien n'a été affiché ni classé.",
        "Rechargez la page de la demande, et voyez de quel service vient le dossier, et sa date.",
    ),
    Code.INTERNAL: ("Le connecteur a rencontré un défaut.", "Donnez le numéro d'incident à son administrateur."),
}

FINDINGS: dict[FindingKind, str] = {
    FindingKind.SCRIPTS: "scripts",
    FindingKind.LAUNCH: "actions qui lancent des programmes",
    FindingKind.EMBEDDED_FILES: "fichiers joints",
    FindingKind.EXTERNAL_REFERENCES: "renvois vers l'extérieur",
    FindingKind.MEDIA: "son, film ou 3D",
    FindingKind.XFA: "formulaire XML",
    FindingKind.ENCRYPTION: "chiffrement sans mot de passe",
    FindingKind.FOREIGN_DATA: "données d'un autre format",
    FindingKind.DAMAGE: "défauts, des parties peuvent manquer",
}

PROGRESS = "{received} octets reçus sur {size}."
SOMETHING_HAPPENED = "La demande a avancé."

NOTES: dict[Note, str] = {
    Note.NEWEST: "Le dossier le plus récent est du {day} ; services ayant répondu : {answered} sur {asked}.",
    Note.EQUAL_DAYS: (
        "{count} dossiers sont les plus récents, tous du {day} ; services ayant répondu : {answered} sur {asked}."
    ),
    Note.RENDERING: "{member} prépare le document.",
    Note.RESUMED: "La connexion avec {member} a été coupée ; la réception reprend où elle s'était arrêtée.",
    Note.STARTED_OVER: "La réception depuis {member} recommence depuis le début.",
    Note.ASKED_AGAIN: "{member} est de nouveau interrogé.",
    Note.IDENTITY_CHECKED: "L'identité est d'abord vérifiée auprès d'INSi.",
    Note.IDENTITY_VERIFIED: "INSi confirme l'identité.",
    Note.IDENTITY_DIFFERS: "L'identité diffère de celle d'INSi sur : {traits}. Aucun service n'a été interrogé.",
    Note.RESTARTED: "Le connecteur a redémarré ; la demande continue.",
    Note.COPY_SHOWN: (
        "Le PDF de {member} contenait autre chose que des pages ({findings}) : une copie sans cela est affichée. "
        "Le journal garde les deux empreintes."
    ),
    Note.FOUND_IN_IT: (
        "Le PDF de {member} contient autre chose que des pages ({findings}) ; il est affiché tel qu'il est arrivé."
    ),
    Note.CHOSEN_FAILED: (
        "Le dossier de {member} n'a pas pu être reçu. {count} autre(s) dossier(s) au choix ; "
        "services ayant répondu : {answered} sur {asked}."
    ),
    Note.COPY_STAYS: "Le dossier de {member} n'a pas pu être reçu ; celui qui était déjà là peut être lu.",
    Note.CHOICE_CANCELLED: "La réception du dossier de {member} est annulée ; celui qui était déjà là peut être lu.",
}

MOST_RECENT = "le plus récent de {answered} services ayant répondu sur {asked}"
MOST_RECENT_OF_ONE = "le plus récent de {answered} service ayant répondu sur {asked}"
MOST_RECENT_SHARED = "les plus récents ({count} du même jour) ; services ayant répondu : {answered} sur {asked}"
NO_OFFER = "services ayant répondu : {answered} sur {asked}"

LABELS: dict[str, str] = {
    "service": "Service",
    "answer": "Réponse",
    "newest_act": "Dernier acte",
    "time": "Durée",
    "state": "État",
    "record": "Dossier",
    "from": "De",
    "updated": "PDF mis à jour",
    "arrived": "Arrivé",
    "kept_until": "Conservé jusqu'au",
    "size": "Taille",
    "written_to": "Écrit dans",
    "receipt": "Reçu",
    "found": "Trouvé dedans",
    "copy_shown": "Affiché : une copie sans cela",
    "next": "Que faire",
    "reason": "Motif",
    "fetch": "Demande",
    "choose": "Quel dossier ? Donnez son numéro",
    "goes_on": "La demande continue. Retrouvez-la par :",
    "matricule": "INS, 15 caractères avec sa clé",
    "birth_name": "Nom de naissance",
    "birth_given_names": "Prénoms de naissance, tous, séparés par des espaces",
    "sex": "Sexe (M ou F)",
    "birth_date": "Date de naissance (AAAA-MM-JJ)",
    "birth_place": "Lieu de naissance (code COG)",
    "ins": "l'INS",
    "trait_birth_name": "nom de naissance",
    "trait_birth_given_names": "prénoms de naissance",
    "trait_sex": "sexe",
    "trait_birth_date": "date de naissance",
    "trait_birth_place": "lieu de naissance",
    "verified_on": "Vérifiée auprès d'INSi le (AAAA-MM-JJ)",
    "is_qualified": "Cette identité est-elle qualifiée ?",
    "informed_by": "Informé par (rôle ou PS_IdNat)",
    "informed_means": "Informé comment",
    "informed_at": "Informé quand (RFC 3339, ou now)",
    "does_not_object": "Le travailleur a été informé et ne s'oppose pas. Est-ce exact ?",
}

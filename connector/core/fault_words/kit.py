"""What the conformance kit tells: whom or what it looked at, what it found, and why something was not checked.

A vendor's remark stands in these sentences as it came, marked as the adapter's own words.
"""

# ruff: noqa: E501 (a sentence stands on one line)

from typing import Final

from connector.core.fault_words.form import Sentences

_ABOUT: Final = {
    "kit.health": ("health", "santé"),
    "kit.set-up": ("set up", "mise en place"),
    "kit.known": ("known worker {place}", "salarié connu {place}"),
    "kit.known-again": ("known worker {place}, again", "salarié connu {place}, une seconde fois"),
    "kit.unknown": ("unknown worker {place}", "salarié inconnu {place}"),
    "kit.records": ("records", "dossiers"),
    "kit.opposition": ("opposition", "oppositions"),
    "kit.traits": ("traits of known worker {place}", "traits du salarié connu {place}"),
    "kit.newest": ("newest record of known worker {place}", "dossier le plus récent du salarié connu {place}"),
    "kit.other-oid": ("same matricule, other OID", "même matricule, autre OID"),
    "kit.steadiness": ("steadiness", "constance"),
    "kit.concurrency": ("concurrency", "demandes simultanées"),
    "kit.document": ("document of known worker {place}", "document du salarié connu {place}"),
    "kit.streaming": ("{document}, streaming", "{document}, par morceaux"),
    "kit.broken-off": ("readings broken off", "lectures interrompues"),
    "kit.broken-off-at": ("readings broken off, {count} in a row", "lectures interrompues, {count} de suite"),
    "kit.counts": ("counts", "effectifs"),
    "kit.latency-known": ("latency, known workers", "temps de réponse, salariés connus"),
    "kit.latency-unknown": ("latency, unknown workers", "temps de réponse, salariés inconnus"),
    "kit.floor": ("time floor", "temps plancher"),
    "kit.connection": ("connection lost and back", "connexion perdue et retrouvée"),
    "kit.trace": ("trace", "trace d'accès"),
    "kit.rest": ("everything else", "tout le reste"),
    "kit.newest-case": ("newest of {case} records", "le plus récent, dossiers {case:term}"),
    "kit.sink": ("sink", "destination"),
    "kit.sink-health": ("sink, health", "destination, santé"),
}

_FOUND: Final = {
    "kit.got-nobody": ("got nobody, expected an identity", "personne n'a été trouvé, une identité était attendue"),
    "kit.status": ("status {status}", "statut {status}"),
    "kit.former": (
        "status {status}, asked by a former INS, which the history holds",
        "statut {status}, demandé par un ancien INS, que l'historique contient",
    ),
    "kit.not-qualified": (
        "status {status}: only QUAL is ever answered to a peer",
        "statut {status} : on ne répond jamais à un pair que pour QUAL",
    ),
    "kit.given": (
        "{given} of {count} known workers have a record that may be given",
        "{given} salariés connus sur {count} ont un dossier qui peut être donné",
    ),
    "kit.case-refused": (
        "{case} records: nothing is given: {what}",
        "dossiers {case:term} : rien n'est donné : {what}",
    ),
    "kit.no-opposition": (
        "not kept by this software: the service needs the connector's register",
        "ce logiciel n'en tient pas : le service a besoin du registre du connecteur",
    ),
    "kit.oppositions": (
        "{yes} yes, {no} no, {unknown} unknown",
        "oui : {yes}, non : {no}, inconnu : {unknown}",
    ),
    "kit.all-unknown": (
        "{yes} yes, {no} no, {unknown} unknown: unknown for all lets no record leave",
        "oui : {yes}, non : {no}, inconnu : {unknown} ; inconnu pour tous ne laisse partir aucun dossier",
    ),
    "kit.traits-unfit": (
        "the identity cannot travel as it is: {what}",
        "l'identité ne peut pas voyager telle quelle ; la règle enfreinte est : {rule}",
    ),
    "kit.traits-right": (
        "the five of them, written as INSi writes them",
        "tous les cinq, écrits comme l'INSi les écrit",
    ),
    "kit.traits-undated": (
        "the five of them, written as INSi writes them; when INSi confirmed them is not given",
        "tous les cinq, écrits comme l'INSi les écrit ; la date de leur confirmation par l'INSi n'est pas donnée",
    ),
    "kit.none-expected": (
        "none may be given, expected one of {expected}",
        "aucun ne peut être donné, un du {expected} était attendu",
    ),
    "kit.compare": (
        "newest act of {day}, {extent}: compare it with what you see in the software",
        "dernier acte du {day}, {extent:term} : à comparer avec ce que vous voyez dans le logiciel",
    ),
    "kit.newest-right": ("newest act of {day}, {extent}", "dernier acte du {day}, {extent:term}"),
    "kit.newest-other": (
        "newest act of {day}, {extent}, expected {expected}: another version was chosen",
        "dernier acte du {day}, {extent:term}, {expected} attendu : une autre version a été choisie",
    ),
    "kit.newest-same-day": (
        "newest act of {day}, {extent}, recorded at another time: another version of that day was chosen",
        "dernier acte du {day}, {extent:term}, enregistré à une autre heure : une autre version de ce jour a été choisie",
    ),
    "kit.nobody": ("got nobody", "personne n'a été trouvé"),
    "kit.oid-not-asked": (
        "got a worker: the OID is not asked",
        "un salarié a été trouvé : l'OID n'est pas pris en compte",
    ),
    "kit.unsteady": ("got another answer the second time", "la seconde réponse est différente"),
    "kit.steady": ("the second answer equals the first", "la seconde réponse est égale à la première"),
    "kit.at-once": ("{count} looks at once", "{count} recherches à la fois"),
    "kit.at-once-wrong": (
        "{count} looks at once, {wrong} of them failed or differ",
        "{count} recherches à la fois, {wrong} ont échoué ou diffèrent",
    ),
    "kit.updated-ahead": ("updated_at lies in the future", "updated_at est dans le futur"),
    "kit.act-ahead": (
        "last_act_on lies after updated_at: an act before it took place",
        "last_act_on est après updated_at : un acte avant qu'il ait eu lieu",
    ),
    "kit.same-bytes": (
        "the same version gives the same bytes the second time",
        "la même version donne les mêmes octets la seconde fois",
    ),
    "kit.other-bytes": (
        "the same version gives other bytes the second time",
        "la même version donne d'autres octets la seconde fois",
    ),
    "kit.pieces": (
        "{size} bytes, largest piece {largest} of {most} at most",
        "{size} octets, plus grand morceau de {largest} pour {most} au plus",
    ),
    "kit.pdf": ("a PDF with beginning and end", "un PDF avec début et fin"),
    "kit.no-pdf": ("no PDF, or a cut one", "pas un PDF, ou un PDF coupé"),
    "kit.too-few": (
        "first piece after {first} ms, all after {whole} ms; {size} bytes are too few to tell whether it is held whole: give a worker whose document has {large} MiB or more",
        "premier morceau après {first} ms, tout après {whole} ms ; {size} octets ne suffisent pas pour dire s'il est gardé entier en mémoire : donnez un salarié dont le document a {large} Mio ou plus",
    ),
    "kit.streamed": (
        "first piece after {first} ms, all after {whole} ms; reading {size} MiB took {grown} MiB of memory",
        "premier morceau après {first} ms, tout après {whole} ms ; lire {size} Mio a pris {grown} Mio de mémoire",
    ),
    "kit.held-whole": (
        "first piece after {first} ms, all after {whole} ms; reading {size} MiB took {grown} MiB of memory: it is held whole, give it piece by piece",
        "premier morceau après {first} ms, tout après {whole} ms ; lire {size} Mio a pris {grown} Mio de mémoire : il est gardé entier, donnez-le morceau par morceau",
    ),
    "kit.next-whole": (
        "{count} in a row, and the next one is whole",
        "{count} de suite, et la suivante est entière",
    ),
    "kit.no-counts": (
        "not given: nobody can say in advance how many workers could be answered about",
        "non donnés : personne ne peut dire d'avance pour combien de salariés on pourrait répondre",
    ),
    "kit.counted": ("{count} workers", "{count} salariés"),
    "kit.counted-few": ("{count} workers, fewer than were found", "{count} salariés, moins qu'il n'en a été trouvé"),
    "kit.times": (
        "half within {half} ms, 99 of 100 within {late}",
        "la moitié en {half} ms, 99 sur 100 en {late} ms",
    ),
    "kit.floor-needed": (
        "99 of 100 looks within {late} ms: [holder] withheld_floor_ms should be {needed} at least",
        "99 recherches sur 100 en {late} ms : [holder] withheld_floor_ms devrait valoir au moins {needed}",
    ),
    "kit.floor-is": (
        "99 of 100 looks within {late} ms: [holder] withheld_floor_ms should be {needed} at least, it is {configured}",
        "99 recherches sur 100 en {late} ms : [holder] withheld_floor_ms devrait valoir au moins {needed}, il vaut {configured}",
    ),
    "kit.telling": (
        "known and unknown workers take visibly different times: the floor hides it, one way is better",
        "les temps des salariés connus et inconnus diffèrent visiblement : le plancher le cache, un même chemin vaut mieux",
    ),
    "kit.taken-twice": (
        "taken, and taken a second time: see in the DMST that it is there once",
        "prise, et prise une seconde fois : voyez dans le DMST qu'elle n'y est qu'une fois",
    ),
    "kit.cut-same": (
        "while it was cut, the right answer came all the same: kept by the adapter, or it goes another way",
        "pendant la coupure, la bonne réponse est venue quand même : l'adaptateur l'avait gardée, ou elle passe par un autre chemin",
    ),
    "kit.cut-fault": ("while it was cut: {what}", "pendant la coupure : {what}"),
    "kit.cut-nobody": (
        "while it was cut it answered nobody: expected a fault",
        "pendant la coupure, il a répondu qu'il n'y a personne : une erreur était attendue",
    ),
    "kit.cut-other": (
        "while it was cut it answered another answer: expected a fault",
        "pendant la coupure, il a donné une autre réponse : une erreur était attendue",
    ),
    "kit.back": (
        "answered again by itself after {seconds} s",
        "a de nouveau répondu de lui-même après {seconds} s",
    ),
    "kit.not-back": (
        "no answer within {seconds} s after the connection was back",
        "pas de réponse dans les {seconds} s après le retour de la connexion",
    ),
    "kit.not-back-but": (
        "no answer within {seconds} s after the connection was back ({what})",
        "pas de réponse dans les {seconds} s après le retour de la connexion ({what})",
    ),
}

_LEFT: Final = {
    "kit.see-health": ("see health", "voyez la santé"),
    "kit.would-write": ("it would write", "ce serait écrire"),
    "kit.nothing-filed": ("nothing was filed: that would write", "rien n'a été versé : ce serait écrire"),
    "kit.case-unseen": (
        "what a person sees was not given",
        "ce qu'une personne voit n'a pas été donné",
    ),
    "kit.case-unnamed": (
        "no worker with such records was named",
        "aucun salarié avec de tels dossiers n'a été nommé",
    ),
    "kit.no-known": ("no known worker was found", "aucun salarié connu n'a été trouvé"),
    "kit.cannot-cut": ("nothing here can cut it", "rien ici ne peut la couper"),
    "kit.no-functions": (
        "no `cut` and `mend` were given",
        "`cut` et `mend` n'ont pas été donnés",
    ),
    "kit.not-tried": ("cannot be tried: {what}", "l'essai est impossible : {what}"),
    "kit.another-way": (
        "cannot be tried: this way gets another answer",
        "l'essai est impossible : ce chemin donne une autre réponse",
    ),
    "kit.nobody-to-ask": (
        "nobody is there to be asked to interrupt it",
        "personne n'est là à qui demander de l'interrompre",
    ),
    "kit.left-out": (
        "left out: interrupt it by hand with --interrupt ask",
        "laissé de côté : interrompez-la à la main avec --interrupt ask",
    ),
    "kit.no-relay": (
        "no relay fits between (no url, or TLS by name): interrupt it by hand with --interrupt ask",
        "aucun relais ne s'insère (pas d'url, ou TLS par nom) : interrompez-la à la main avec --interrupt ask",
    ),
    "kit.relay-refused": (
        "not through a relay ({what}): use --interrupt ask",
        "pas par un relais ({what}) : utilisez --interrupt ask",
    ),
}

KIT: Final[Sentences] = {
    kind: {"en": (english, ""), "fr": (french, "")}
    for told in (_ABOUT, _FOUND, _LEFT)
    for kind, (english, french) in told.items()
}

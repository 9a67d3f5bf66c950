"""What stands in a synthetic DMST: jobs with their exposures, visits, opinions, letters, after R4624-45-4.

A value, so that the vendor's tables and the PDF tell the same story. All of it is made up, and coherent enough to be
read: a welder is exposed to fumes and noise and has an audiogram, not a keyboard.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from connector.core.days import Day
from spsti_sandbox.names import EMPLOYERS


@dataclass(frozen=True, slots=True)
class Job:
    """A post with what goes with it."""

    title: str
    sectors: tuple[str, ...]
    follow_up: str
    exposures: tuple[tuple[str, str, str], ...]
    examinations: tuple[str, ...]
    complaints: tuple[str, ...]
    advice: tuple[str, ...]

    @property
    def is_reinforced(self) -> bool:
        """Whether the follow-up is the reinforced one, by examinations of aptitude (R4624-22 and following)."""
        return self.follow_up.endswith("(SIR)")


_LOAD = ("Manutention de charges", "25 kg au plus, plusieurs fois par heure", "Aides mécaniques, formation PRAP")
_NOISE = ("Bruit", "85 à 90 dB(A) sur 8 h", "Protections auditives moulées, contrôle annuel")
_SCREEN = ("Travail sur écran", "6 h par jour", "Écran réglable, siège adapté, pauses")
_BACK = "Lombalgies basses occasionnelles, sans irradiation ; mobilité conservée."
_NECK = "Cervicalgies en fin de journée ; examen neurologique normal."
_SHOULDER = "Douleur de l'épaule droite à l'élévation, arc douloureux à 90° ; pas de déficit."
_AUDIO = "Audiogramme : perte de 25 dB à 4 000 Hz à droite, stable depuis l'examen précédent."
_SPIRO = "Spirométrie : VEMS 96 % de la théorique, rapport VEMS/CVF 81 %."

JOBS = (
    Job(
        "Soudeur MIG/MAG",
        ("Métallurgie", "Travaux du bâtiment"),
        "Suivi individuel renforcé (SIR)",
        (
            ("Fumées de soudage (chrome VI, nickel)", "Quotidienne, 4 h", "Torche aspirante, ventilation, masque P3"),
            _NOISE,
            ("Rayonnement ultraviolet", "Quotidienne", "Cagoule à obscurcissement automatique, écrans"),
        ),
        (_SPIRO, _AUDIO, "Biométrologie urinaire (chrome, nickel) en fin de poste : sous les valeurs de référence."),
        (_BACK, "Conjonctive calme, pas de coup d'arc récent."),
        ("Maintien de l'aspiration à la source ; contrôle annuel du débit.", "Rotation des postes en espace confiné."),
    ),
    Job(
        "Aide-soignante de nuit",
        ("Hébergement de personnes âgées",),
        "Suivi individuel adapté (travail de nuit)",
        (
            ("Travail de nuit", "10 nuits par mois", "Cycle régulier, entretien tous les trois ans au plus"),
            _LOAD,
            ("Agents biologiques (groupe 2 et 3)", "Quotidienne", "Précautions standard, vaccinations"),
        ),
        (
            "Anticorps anti-HBs : 240 UI/L, immunité acquise.",
            "Questionnaire du sommeil : somnolence modérée.",
        ),
        (_BACK, "Sommeil diurne fractionné, cinq heures en moyenne."),
        ("Lève-personne pour tout transfert ; binôme la nuit.", "Passage en poste de jour à envisager si persistance."),
    ),
    Job(
        "Menuisier d'agencement",
        ("Travaux du bâtiment", "Travail du bois"),
        "Suivi individuel renforcé (SIR)",
        (
            ("Poussières de bois", "Quotidienne, 3 h", "Captage sur machines, FFP3 au ponçage"),
            _NOISE,
            ("Colles et vernis (solvants)", "Hebdomadaire", "Cabine ventilée, gants nitrile"),
        ),
        ("Examen ORL : muqueuse nasale sans lésion visible.", _SPIRO, _AUDIO),
        (_SHOULDER, "Rhinorrhée intermittente, sans épistaxis."),
        ("Suivi ORL post-exposition à prévoir en fin de carrière.", "Vérifier le captage de la scie à format."),
    ),
    Job(
        "Conducteur routier de nuit",
        ("Transport routier",),
        "Suivi individuel adapté (travail de nuit)",
        (
            ("Conduite prolongée", "9 h par jour", "Temps de repos, siège à suspension"),
            ("Vibrations du corps entier", "0,4 m/s² A(8)", "Entretien du siège et des pneumatiques"),
            _LOAD,
        ),
        ("Acuité visuelle corrigée : 10/10 des deux yeux.", "Score d'Epworth : 7."),
        (_BACK, "Tension artérielle 138/84 mmHg, surveillance par le médecin traitant."),
        ("Déchargement au transpalette électrique exclusivement.", "Avis du médecin traitant demandé sur la tension."),
    ),
    Job(
        "Opérateur de plasturgie",
        ("Plasturgie", "Industrie agroalimentaire"),
        "Suivi individuel simple",
        (
            ("Gestes répétitifs du membre supérieur", "30 cycles par minute", "Rotation toutes les deux heures"),
            _NOISE,
            ("Chaleur", "28 °C près des presses", "Boissons, ventilation, pauses"),
        ),
        (_AUDIO, "Test de Phalen négatif des deux côtés."),
        ("Paresthésies nocturnes de la main droite, deux fois par semaine.", _SHOULDER),
        ("Réglage de la hauteur du tapis ; étude de poste faite.", "Électromyogramme proposé au médecin traitant."),
    ),
    Job(
        "Comptable",
        ("Activités comptables", "Commerce de détail", "Entreposage"),
        "Suivi individuel simple",
        (_SCREEN, ("Charge mentale", "Périodes de clôture", "Planification, renforts saisonniers")),
        ("Acuité visuelle à 60 cm : correction adaptée.", "Pas d'examen complémentaire."),
        (_NECK, "Fatigue visuelle en fin de journée."),
        ("Second écran à la même hauteur ; repose-pieds.", "Un jour de télétravail par semaine compatible."),
    ),
    Job(
        "Agent d'entretien",
        ("Nettoyage", "Aide à domicile", "Commerce de détail"),
        "Suivi individuel simple",
        (
            ("Produits irritants (dégraissants, javel)", "Quotidienne", "Gants, dosage automatique, pas de mélange"),
            _LOAD,
            ("Travail isolé, horaires décalés", "Cinq jours par semaine", "Dispositif d'alarme, téléphone"),
        ),
        ("Examen cutané : dermatose d'irritation des mains, légère.", "Pas d'examen complémentaire."),
        ("Mains sèches et fissurées en hiver.", _BACK),
        ("Gants de coton sous les gants de ménage ; crème émolliente.", "Chariot ergonomique à fournir."),
    ),
    Job(
        "Monteur en lunetterie",
        ("Fabrication de lunettes", "Horlogerie", "Réparation automobile", "Imprimerie"),
        "Suivi individuel simple",
        (
            ("Travail de précision, posture penchée", "7 h par jour", "Plan incliné, éclairage orientable"),
            ("Solvants de dégraissage (acétone)", "Plusieurs fois par jour", "Flacon verseur, aspiration de table"),
        ),
        ("Acuité visuelle de près : correction à revoir.", "Test de Finkelstein négatif."),
        (_NECK, "Gêne visuelle de près depuis six mois."),
        ("Consultation ophtalmologique conseillée.", "Alternance des tâches assises et debout."),
    ),
)

_KINDS = (
    "Visite d'information et de prévention initiale",
    "Visite d'information et de prévention périodique",
    "Examen médical d'aptitude périodique",
    "Visite de reprise",
    "Visite à la demande du salarié",
    "Visite de mi-carrière",
)
_APTITUDE_FIRST = "Examen médical d'aptitude à l'embauche"
_APTITUDE = (_APTITUDE_FIRST, _KINDS[2])
_HISTORY = (
    "Appendicectomie dans l'enfance.",
    "Fracture du poignet gauche, consolidée sans séquelle.",
    "Asthme dans l'enfance, sans crise depuis plus de dix ans.",
    "Hypothyroïdie substituée, suivie par le médecin traitant.",
    "Aucun antécédent chirurgical déclaré.",
    "Tabac : sevré depuis plusieurs années.",
    "Pas d'accident du travail ni de maladie professionnelle déclarés.",
    "Accident du travail : plaie de la main, dix jours d'arrêt, guérison sans séquelle.",
)
_GENERAL = (
    "Poste bien vécu ; relations de travail décrites comme bonnes.",
    "Charge de travail en hausse depuis la réorganisation de l'atelier ; sommeil conservé.",
    "Auscultation cardiaque et pulmonaire normale ; pas d'œdème.",
    "Examen du rachis : souplesse conservée, distance mains-sol 10 cm.",
    "Port des équipements de protection régulier ; notice du poste relue ensemble.",
    "Conseils donnés sur l'hydratation, les gestes et postures et l'activité physique.",
    "Fiche d'entreprise consultée ; étude du poste faite avec l'intervenant en prévention.",
    "Pas de traitement en cours déclaré.",
)
_PHYSICIANS = ("Vernier", "Grosjean", "Pasteau", "Lamy", "Bouhelier")
_MESSAGES = (
    ("Médecin traitant", "Demande d'avis sur la tension artérielle ; réponse reçue, traitement adapté."),
    ("Médecin traitant", "Information, avec l'accord du salarié, sur les aménagements de poste proposés."),
    ("Service de pathologie professionnelle du CHU", "Consultation demandée ; compte rendu joint au dossier."),
    ("Kinésithérapeute", "Programme de renforcement du dos, dix séances, bonne évolution."),
    ("Médecin-conseil", "Visite de préreprise préparée ensemble, reprise à temps partiel thérapeutique."),
)
VACCINES = (
    ("Diphtérie-tétanos-poliomyélite", 9),
    ("Coqueluche", 9),
    ("Hépatite B (schéma complet)", 15),
    ("Grippe saisonnière", 1),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit or examination."""

    on: Day
    kind: str
    professional: str
    findings: tuple[str, ...]
    conclusion: str


@dataclass(frozen=True, slots=True)
class Career:
    """One post held: employer, sector, title, from and until (years, None for today)."""

    employer: str
    sector: str
    title: str
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """The whole of one worker's synthetic record at one service."""

    job: Job
    career: tuple[Career, ...]
    history: tuple[str, ...]
    earlier_exposures: tuple[tuple[str, str, str], ...]
    visits: tuple[Visit, ...]
    opinions: tuple[tuple[Day, str, str], ...]
    letters: tuple[tuple[Day, str, str], ...]
    vaccines: tuple[tuple[str, int], ...]
    attending_physician: str
    informed_on: Day
    employer_index: int

    @property
    def last_act_on(self) -> Day:
        """The day of the newest act."""
        return self.visits[-1].on


def content_of(rng: random.Random, *, born_in: int, last_act_on: Day, professionals: tuple[str, ...]) -> Content:
    """Make a record whose newest act lies on that day."""
    job = rng.choice(JOBS)
    employer_index = rng.choice([i for i, (_, sector) in enumerate(EMPLOYERS) if sector in job.sectors])
    visits = _visits(rng, job, last_act_on, professionals)
    first = visits[0].on
    career = _career(rng, job, employer_index, born_in, first)
    return Content(
        job=job,
        career=career,
        history=tuple(rng.sample(_HISTORY, 3)),
        earlier_exposures=tuple(
            (f"{post.since}-{post.until}", post.title, " ; ".join(risk for risk, _, _ in other.exposures))
            for post in career[:-1]
            for other in JOBS
            if other.title == post.title
        ),
        visits=visits,
        opinions=tuple(
            (visit.on, _opinion_kind(visit), advice)
            for visit, advice in zip(visits[-3:], (*job.advice, "Pas d'aménagement nécessaire."), strict=False)
        ),
        letters=tuple(
            sorted(
                (_before(visit.on, -rng.randint(3, 30), last_act_on), who, text)
                for visit, (who, text) in zip(visits[-3:], rng.sample(_MESSAGES, 3), strict=False)
            )
        ),
        vaccines=tuple((name, last_act_on.year - rng.randint(0, years)) for name, years in VACCINES),
        attending_physician=f"Dr {rng.choice('ABCDEFGHJLMPRST')}. {rng.choice(_PHYSICIANS)}",
        informed_on=first,
        employer_index=employer_index,
    )


def _visits(rng: random.Random, job: Job, last: Day, professionals: tuple[str, ...]) -> tuple[Visit, ...]:
    days = [last]
    for _ in range(rng.randint(5, 8)):
        days.append(_before(days[-1], rng.randint(120, 640), last))
    days.reverse()
    visits: list[Visit] = []
    weight = rng.randint(54, 92)
    for index, day in enumerate(days):
        if index == 0:
            kind = _APTITUDE_FIRST if job.is_reinforced else _KINDS[0]
        elif job.is_reinforced and index % 2 == 0:
            kind = _KINDS[2]
        else:
            kind = rng.choice(_KINDS[1:])
        findings = (
            f"Poids {weight + rng.randint(-2, 2)} kg, tension {rng.randint(112, 142)}/{rng.randint(66, 88)} mmHg.",
            *rng.sample(_GENERAL, 2),
            rng.choice(job.complaints),
            rng.choice(job.examinations),
        )
        # A nurse may make visits of information and prevention; examinations are the physician's, named first.
        by = rng.choice(professionals) if kind in _KINDS[:2] else professionals[0]
        visits.append(Visit(day, kind, by, findings, _conclusion(rng, job, kind)))
    return tuple(visits)


def _conclusion(rng: random.Random, job: Job, kind: str) -> str:
    if kind in _APTITUDE:
        return "Apte" if rng.random() < 0.8 else "Apte avec proposition d'aménagement"
    if rng.random() < 0.2:
        return "Attestation de suivi avec proposition de mesures : " + job.advice[0].rstrip(".").lower()
    return "Attestation de suivi délivrée"


def _opinion_kind(visit: Visit) -> str:
    if visit.kind in _APTITUDE:
        return "Avis d'aptitude"
    return "Attestation de suivi" if "Attestation" in visit.conclusion else "Proposition de mesures individuelles"


def _career(rng: random.Random, job: Job, employer_index: int, born_in: int, first: Day) -> tuple[Career, ...]:
    employer, sector = EMPLOYERS[employer_index]
    since = first.year - rng.randint(0, 2)
    posts = [Career(employer, sector, job.title, since, None)]
    until = since
    while len(posts) < 4 and until - (born_in + 18) > 3:
        start = max(until - rng.randint(2, 9), born_in + 18)
        other = rng.choice(JOBS)
        name, other_sector = rng.choice([one for one in EMPLOYERS if one[1] in other.sectors])
        posts.append(Career(name, other_sector, other.title, start, until))
        until = start
    return tuple(reversed(posts))


def _before(day: Day, days: int, last: Day) -> Day:
    return min(Day.of(day.to_date() - timedelta(days=days)), last)

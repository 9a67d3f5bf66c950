"""Names and birth places that synthetic workers are made of, in INSi's spelling; the difficult ones included.

The lists are our own: common French names, and those that break software (particles, apostrophes, hyphens, the double
hyphen of double names, one letter, a long one). Places are COG codes of communes, or 99 and a country.
"""

BIRTH_NAMES = tuple(
    """
    MARTIN BERNARD THOMAS PETIT ROBERT RICHARD DURAND DUBOIS MOREAU LAURENT SIMON MICHEL LEFEBVRE LEROY ROUX DAVID
    BERTRAND MOREL FOURNIER GIRARD BONNET DUPONT LAMBERT FONTAINE ROUSSEAU VINCENT MULLER LEFEVRE FAURE ANDRE MERCIER
    BLANC GUERIN BOYER GARNIER CHEVALIER FRANCOIS LEGRAND GAUTHIER GARCIA PERRIN ROBIN CLEMENT MORIN NICOLAS HENRY
    ROUSSEL MATHIEU GAUTIER MASSON MARCHAND DUVAL DENIS DUMONT MARIE LEMAIRE NOEL MEYER DUFOUR MEUNIER BRUN BLANCHARD
    GIRAUD JOLY RIVIERE LUCAS BRUNET GAILLARD BARBIER ARNAUD MARTINEZ GERARD ROCHE RENARD SCHMITT ROY LEROUX COLIN
    VIDAL CARON PICARD ROGER FABRE AUBERT LEMOINE RENAUD DUMAS LACROIX OLIVIER PHILIPPE BOURGEOIS PIERRE BENOIT REY
    LECLERC PAYET ROLLAND LECLERCQ GUILLAUME LECOMTE LOPEZ JEAN DUPUY GUILLOT HUBERT BERGER CARPENTIER SANCHEZ DUPUIS
    MOULIN LOUIS DESCHAMPS HUET VASSEUR PEREZ BOUCHER FLEURY ROYER KLEIN JACQUET ADAM PARIS POIRIER MARTY AUBRY GUYOT
    CARRE CHARLES RENAULT CHARPENTIER MENARD MAILLARD BARON BERTIN BAILLY HERVE SCHNEIDER FERNANDEZ COLLET LEGER
    BOUVIER JULIEN PREVOST MILLET PERROT DANIEL COUSIN GERMAIN BRETON BESSON LANGLOIS REMY PELLETIER LEVEQUE PERRIER
    LEBLANC BARRE LEBRUN MARCHAL WEBER MALLET HAMON BOULANGER JACOB MONNIER MICHAUD RODRIGUEZ GUICHARD GILLET ETIENNE
    GRONDIN POULAIN TESSIER CHEVALLIER COLLIN CHAUVIN BOUCHET GAY LEMAITRE BENARD MARECHAL HUMBERT REYNAUD ANTOINE
    BENALI HADDAD DIALLO TRAORE NGUYEN TRAN FERREIRA DA-SILVA KAYA YILMAZ KOWALSKI POPESCU ROSSI CASANOVA COLONNA
    """.split()  # noqa: SIM905  read as a list of names, not as code
)

DIFFICULT_BIRTH_NAMES = (
    "D'ALMEIDA",
    "N'DIAYE",
    "L'HUILLIER",
    "LE GOFF",
    "LE ROUX DE KERMEL",
    "DE LA TOUR",
    "DU PLESSIS",
    "DES MOUTIS",
    "VAN DEN BROECK",
    "BEN SALAH",
    "EL AMRANI",
    "SAINT-ANDRE",
    "MARTIN--DURAND",
    "PETIT--LE GALL",
    "O'CONNOR",
    "D'HAUTEVILLE-MONTCLAR",
    "ABDOUL-KARIM",
    "RAKOTOMALALA-ANDRIANTSOA",
    "DE OLIVEIRA DOS SANTOS",
    "D'ARGENT--DE L'ISLE",
    "YU",
    "O",
)

MALE_GIVEN_NAMES = tuple(
    """
    JEAN PIERRE MICHEL PHILIPPE ALAIN PATRICK CHRISTOPHE NICOLAS STEPHANE LAURENT ERIC FREDERIC DAVID OLIVIER THIERRY
    SEBASTIEN JULIEN THOMAS ALEXANDRE MAXIME KEVIN ANTHONY GUILLAUME ROMAIN ANTOINE FRANCOIS VINCENT BRUNO PASCAL MARC
    JEROME FABRICE MATHIEU BENOIT CEDRIC YANN HUGO LUCAS MOHAMED KARIM IBRAHIMA TIAGO MATEUSZ ANDREI YUSUF LUIGI MINH
    JEAN-PIERRE JEAN-CHRISTOPHE PIERRE-ALAIN PAUL-ANTOINE ANGE-MARIE
    """.split()  # noqa: SIM905  read as a list of names, not as code
)

FEMALE_GIVEN_NAMES = tuple(
    """
    MARIE NATHALIE ISABELLE SYLVIE CATHERINE FRANCOISE VALERIE CHRISTINE STEPHANIE SANDRINE CELINE VERONIQUE SOPHIE
    CAROLINE AURELIE EMILIE JULIE LAURA CAMILLE MANON LEA CHLOE SARAH FATIMA NADIA AMINATA INES MARINE PAULINE MELANIE
    VIRGINIE HELENE CLAIRE ANNE MONIQUE JACQUELINE ELISE LUCIE MARGAUX OCEANE KATARZYNA ELENA AYSE GIULIA LINH
    ANNE-SOPHIE MARIE-LOUISE MARIE-CHRISTINE LOU-ANNE EVE-MARIE
    """.split()  # noqa: SIM905  read as a list of names, not as code
)

COMMUNES = (
    ("01053", "Bourg-en-Bresse"),
    ("06088", "Nice"),
    ("13055", "Marseille"),
    ("14118", "Caen"),
    ("21231", "Dijon"),
    ("25056", "Besançon"),
    ("29019", "Brest"),
    ("31555", "Toulouse"),
    ("33063", "Bordeaux"),
    ("34172", "Montpellier"),
    ("35238", "Rennes"),
    ("37261", "Tours"),
    ("38185", "Grenoble"),
    ("39300", "Lons-le-Saunier"),
    ("42218", "Saint-Étienne"),
    ("44109", "Nantes"),
    ("45234", "Orléans"),
    ("49007", "Angers"),
    ("51454", "Reims"),
    ("54395", "Nancy"),
    ("57463", "Metz"),
    ("58194", "Nevers"),
    ("59350", "Lille"),
    ("62041", "Arras"),
    ("63113", "Clermont-Ferrand"),
    ("64445", "Pau"),
    ("66136", "Perpignan"),
    ("67482", "Strasbourg"),
    ("68224", "Mulhouse"),
    ("69383", "Lyon 3e"),
    ("70550", "Vesoul"),
    ("71076", "Chalon-sur-Saône"),
    ("72181", "Le Mans"),
    ("73065", "Chambéry"),
    ("74010", "Annecy"),
    ("75112", "Paris 12e"),
    ("75114", "Paris 14e"),
    ("76540", "Rouen"),
    ("80021", "Amiens"),
    ("83137", "Toulon"),
    ("84007", "Avignon"),
    ("87085", "Limoges"),
    ("89024", "Auxerre"),
    ("90010", "Belfort"),
    ("93066", "Saint-Denis"),
    ("94028", "Créteil"),
)

CORSICA = (("2A004", "Ajaccio"), ("2A247", "Porto-Vecchio"), ("2B033", "Bastia"), ("2B096", "Corte"))

OVERSEAS = (("97105", "Basse-Terre"), ("97209", "Fort-de-France"), ("97302", "Cayenne"), ("97411", "Saint-Denis"))

COUNTRIES = (
    ("99109", "Allemagne"),
    ("99114", "Roumanie"),
    ("99122", "Pologne"),
    ("99127", "Italie"),
    ("99131", "Belgique"),
    ("99134", "Espagne"),
    ("99139", "Portugal"),
    ("99140", "Suisse"),
    ("99208", "Turquie"),
    ("99216", "Chine"),
    ("99243", "Viet Nam"),
    ("99312", "République démocratique du Congo"),
    ("99322", "Cameroun"),
    ("99326", "Côte d'Ivoire"),
    ("99333", "Madagascar"),
    ("99335", "Mali"),
    ("99341", "Sénégal"),
    ("99350", "Maroc"),
    ("99351", "Tunisie"),
    ("99352", "Algérie"),
    ("99416", "Brésil"),
)

PLACE_NAMES = dict((*COMMUNES, *CORSICA, *OVERSEAS, *COUNTRIES))

EMPLOYERS = (
    ("Fonderie du Val d'Ouche", "Métallurgie"),
    ("Menuiserie Grandjean et fils", "Travaux du bâtiment"),
    ("Transports Comtois réunis", "Transport routier"),
    ("Résidence Les Tilleuls", "Hébergement de personnes âgées"),
    ("Laiterie des Plateaux", "Industrie agroalimentaire"),
    ("Garage de la Gare", "Réparation automobile"),
    ("Plasturgie du Jura", "Plasturgie"),
    ("Supermarché des Quatre Vents", "Commerce de détail"),
    ("Clair et Net Services", "Nettoyage"),
    ("Cabinet Rochefort", "Activités comptables"),
    ("Imprimerie du Faubourg", "Imprimerie"),
    ("Scierie des Hautes Combes", "Travail du bois"),
    ("Lunetterie Morez-Dessus", "Fabrication de lunettes"),
    ("Aide à domicile du Plateau", "Aide à domicile"),
    ("Logistique Bourgogne Nord", "Entreposage"),
    ("Atelier Horloger du Doubs", "Horlogerie"),
)

"""Words that French people start a password from, the likeliest first.

What they add to them (a year, a sign, a capital, a second word) is reckoned by
the estimator in :mod:`.password_strength`.
"""

from __future__ import annotations

from typing import Final

_LIKED: Final = """
motdepasse azerty azertyuiop jetaime doudou loulou chouchou soleil bonjour coucou bonsoir
maman papa famille maison vacances ordinateur internet chocolat amour amoureux bisous bisou
coeur cheri cherie princesse prince licorne dauphin papillon cheval chevaux poney tigre
panthere lapin chien chienne chaton chat minou minette caramel nounours poupee poussin
etoile lune ciel nuage fleur rose jasmin tulipe cerise fraise banane vanille nutella
football foot rugby tennis judo danse musique guitare piano moto voiture camion tracteur
chasse peche jardin montagne plage neige printemps ete automne hiver liberte bonheur
espoir sourire magie secret mystere dragon pirate ninja naruto goku pokemon pikachu mario
zelda minecraft fortnite roblox superman batman spiderman starwars doraemon asterix obelix
tintin merlin arthur bienvenue salut merci admin administrateur utilisateur identifiant
connexion entrer ouvre ouvrir sesame portail compte personnel prive provisoire changer
changezmoi nouveau nouvelle education nationale ecole primaire maternelle college lycee
classe eleve eleves parent parents professeur maitresse notes bulletin cantine academie
rectorat teleservice teleservices pronote educonnect
"""
_PLACES: Final = """
france paris marseille lyon toulouse nice nantes montpellier strasbourg bordeaux lille
rennes reims toulon grenoble dijon angers nimes besancon nevers macon auxerre beaune
chalon bourgogne bretagne normandie alsace corse provence guadeloupe martinique reunion
guyane mayotte algerie maroc tunisie portugal italie espagne
"""
_FIRST_NAMES: Final = """
camille nicolas thomas julien celine sophie isabelle marie jean pierre michel philippe
alain patrick daniel bernard christophe stephane laurent sebastien frederic david olivier
eric pascal thierry bruno didier franck vincent guillaume alexandre maxime antoine romain
kevin anthony jeremy mathieu benjamin florian damien fabien ludovic gregory cedric arnaud
nathalie sylvie catherine martine christine francoise monique valerie sandrine veronique
veronica stephanie sandra virginie karine laurence delphine emilie aurelie laetitia audrey
elodie melanie julie laura pauline marion charlotte manon chloe lea emma jade louise alice
lina mila ambre rose anna ines sarah zoe juliette eva lou agathe jeanne lucie clara clemence
gabriel leo raphael louis lucas adam hugo jules arthur mael noah ethan paul nathan sacha
tom gabin axel mohamed rayan yanis ilyes mehdi karim fatima aicha yasmine nadia samira
enzo theo mathis clement quentin valentin baptiste simon victor martin robert petit durand
leroy moreau lefebvre garcia
"""
_TIMES: Final = """
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi
mardi mercredi jeudi vendredi samedi dimanche noel anniversaire naissance annee
"""

_SAYINGS: Final = """
allez les bleus / allez les verts / bon anniversaire / bonne annee / comme un poisson dans l eau
correct horse battery staple / et voila / frere jacques / il etait une fois
il etait un petit navire / je m appelle / je ne sais pas / je pense donc je suis / je suis charlie
je t aime / je vous aime / joyeux anniversaire / joyeux noel / l enfer c est les autres
la vie en rose / la vie est belle / le petit chaperon rouge / le petit prince
liberte egalite fraternite / meilleurs voeux / metro boulot dodo / moi president / mon petit coeur
ni vu ni connu / notre pere qui es aux cieux / notre pere qui etes aux cieux / oui oui
petit a petit l oiseau fait son nid / petit papa noel / plus belle la vie / pomme de reinette
pour toujours / promenons nous dans les bois / qui vivra verra / quoi de neuf / salut ca va
sans peur et sans reproche / sous le pont d avignon / sur le pont d avignon / tout va bien
tout le monde / to be or not to be / un deux trois soleil / un pour tous
un pour tous tous pour un / une souris verte / vive la france / vive la republique
vive les vacances
"""
"""What many people know by heart, as long as it is; looked for joined."""

FRENCH_WORDS: Final = tuple(
    dict.fromkeys(
        [
            *f"{_LIKED} {_FIRST_NAMES} {_PLACES} {_TIMES}".split(),
            *("".join(each.split()) for each in _SAYINGS.replace("\n", "/").split("/") if each),
        ]
    )
)
"""In lower case, without accents."""

KEYBOARD: Final = ("²&é\"'(-è_çà)=", " azertyuiop^$", " qsdfghjklmù*", "<wxcvbn,;:!")
"""The rows of a French keyboard, each a third of a key to the right of the one above."""

"""French words to name people and places that do not exist.

First names and surnames are common ones; every combination is drawn. Communes
and establishments are invented, postal and INSEE codes end in 990 or more,
where none is given out.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    """Split on spaces; an underscore stands for a space inside a name."""
    return tuple(word.replace("_", " ") for word in text.split())


GIRLS: Final = _words(
    "Adèle Agathe Alice Alix Ambre Anaïs Anna Apolline Assia Aya Camille Capucine Célia "
    "Charlotte Chloé Clara Clémence Éléa Élise Éloïse Emma Emy Eva Fatou Gabrielle Garance Inès "
    "Iris Jade Jeanne Judith Julia Juliette Kadiatou Léa Léna Léonie Lila Lina Lise Lola Lou "
    "Louise Lucie Maëlys Manon Margaux Margot Mathilde Maya Mélina Mila Mina Myriam Naïs Nina "
    "Noémie Nour Océane Olivia Ondine Pauline Romane Rose Salomé Sara Sarah Sofia Soline "
    "Suzanne Théa Valentine Victoire Yasmine Zélie Zoé Anne-Lise Lou-Ann Marie-Lou"
)
BOYS: Final = _words(
    "Aaron Adam Adrien Alexis Amine Antoine Anton Arthur Aurélien Axel Ayoub Baptiste Basile "
    "Bilal Charles Clément Côme Corentin Elias Eliott Élie Émile Enzo Ernest Ethan Étienne "
    "Félix François Gabin Gabriel Gaël Gaspard Gauthier Hugo Ibrahim Ilyes Isaac Ismaël Ivan "
    "Joachim Joseph Jules Kylian Léandre Léo Léon Loïc Louis Luca Lucas Maël Malo Marius Martin "
    "Mathéo Mathis Maxence Mehdi Milan Moussa Nathan Naël Nino Noah Noé Oscar Paul Pierre "
    "Raphaël Rayan Robin Sacha Samuel Simon Théo Thibault Timéo Tom Victor Youssef Zacharie "
    "Jean-Loup Paul-Émile Pierre-Louis"
)
MOTHERS: Final = _words(
    "Aïcha Alexandra Amandine Amélie Anne Anne-Sophie Audrey Aurélie Aurore Béatrice Bénédicte "
    "Carine Caroline Catherine Cécile Céline Charlène Christelle Claire Corinne Cyrielle "
    "Delphine Élodie Émilie Estelle Fabienne Fanny Fatima Florence Françoise Gaëlle Géraldine "
    "Hélène Isabelle Jennifer Jessica Julie Karima Karine Khadija Laetitia Laure Laurence Leïla "
    "Lucile Magali Marie-Laure Marion Marlène Maud Mélanie Mélissa Myriam Nadège Nathalie "
    "Noëlle Peggy Rachida Sabrina Samira Sandra Sandrine Séverine Sonia Sophie Stéphanie Sylvie "
    "Valérie Vanessa Virginie Yasmina Zohra"
)
FATHERS: Final = _words(
    "Abdel Alain Alexandre Arnaud Benoît Bertrand Boris Brahim Bruno Cédric Christian "
    "Christophe Cyril Damien Daniel David Denis Didier Dimitri Emmanuel Éric Fabien Fabrice "
    "Farid Fernando Florent Franck François Frédéric Gilles Grégory Guillaume Hakim Hervé "
    "Jean-Marc Jean-Philippe Jérémy Jérôme Joël Julien Karim Laurent Lionel Loïc Ludovic Marc "
    "Mathieu Michaël Mickaël Nicolas Olivier Ousmane Pascal Patrice Philippe Rachid Régis Rémi "
    "Romain Samir Sébastien Stéphane Sylvain Thierry Thomas Tristan Vincent Xavier Yann Yves"
)
SURNAMES: Final = _words(
    "Adam Alves Andrieu Arnaud Aubert Aubry Bailly Barbier Baron Barre Barthélémy Belmadi "
    "Benali Benoît Bernard Berger Bertin Besson Blanchard Blin Bonnet Bouvier Boyer Brun Brunet "
    "Camara Caron Carpentier Chevallier Clément Colin Collet Cordier Coulibaly Couturier "
    "Da_Silva Daniel Delaunay Descamps Deschamps Diallo Diarra Dos_Santos Dubois Duclos Dufour "
    "Dumas Dupuis Durand Duval Étienne Évrard Fabre Faivre Fernandes Ferreira Fleury Fontaine "
    "Fournier François Gaillard Garnier Gauthier Gérard Gillet Girard Giraud Gomes Gonçalves "
    "Grosjean Guérin Guillot Guyot Haddad Hamidi Hervé Huet Humbert Jacquot Janvier Joly Kaya "
    "Keita Konaté Lacroix Lambert Laurent Le_Gall Leblanc Leclerc Lecomte Lefèvre Léger Lemaire "
    "Lemoine Leroux Leroy L'Hermitte Lopes Maillard Marchal Marchand Martel Masson Mathieu "
    "Maréchal Mercier Meunier Meyer Michel Millet Moreau Morel Moulin Nguyen Noël N'Diaye "
    "Olivier Oudin Ouali Parisot Pasquier Perret Perrin Perrot Petitjean Picard Pichon Poirier "
    "Prévost Quentin Rahmani Renard Renaud Rey Richard Rivière Roche Rolland Rousseau Roussel "
    "Roux Sahin Sanchez Sarr Schmitt Simonin Tessier Thévenin Thibault Thomas Touré Traoré Tran "
    "Vasseur Vernier Vidal Vincent Voisin Weber Yildiz Zimmermann"
)
STREETS: Final = (
    "rue des Tilleuls", "rue du Lavoir", "rue de la Fontaine", "rue des Glycines",
    "rue des Vieux-Métiers", "allée des Noisetiers", "allée des Mésanges", "impasse du Pressoir",
    "chemin des Vignes", "chemin du Bas-Coteau", "route de la Tuilerie", "rue du Four-à-Chaux",
    "place de l'Ancien-Marché", "rue de l'Étang", "rue des Quatre-Vents", "avenue des Érables",
    "boulevard du Canal", "cours des Halles", "rue de la Passerelle", "rue du Haut-Bourg",
    "square des Bleuets", "rue des Blés-d'Or", "sentier de la Garenne", "rue de l'Abreuvoir",
)  # fmt: skip
TOWNS: Final[dict[str, tuple[str, ...]]] = {
    "021": ("Valmoré-sur-Ozerain", "Chantevigne", "Brévigny-les-Forges", "Saint-Aubérin"),
    "058": ("Montrivière", "La Charmoise-sur-Nohain", "Corvaux", "Saint-Perrey-le-Bois"),
    "071": ("Marcigneux", "Bourg-l'Étang", "Vérolles-en-Mâconnais", "Pontcharny"),
    "089": ("Serigny-sur-Armance", "Villeroche", "Chablenay", "Noyelles-le-Serein"),
}
"""Invented communes, by département as UAI numbers write it."""
BIRTHPLACES: Final = ("21231", "58194", "71270", "71076", "89024", "89387", "69383", "25056")
"""Neutral communes with a maternity hospital, by INSEE code."""
SCHOOL_NAMES: Final = (
    "des Trois-Rivières", "du Grand-Chêne", "des Quatre-Saisons", "de la Haute-Combe",
    "du Val-Fleuri", "des Hauts-Plateaux", "de la Pierre-Levée", "des Deux-Moulins",
    "du Pré-Vert", "de la Croix-Blanche", "des Grands-Peupliers", "du Clos-Saint-Aubin",
    "de la Vallée-Bleue", "des Roches-Claires", "du Vieux-Pont", "de l'Orée-du-Bois",
    "des Sources-Vives", "du Champ-Long", "de la Tour-d'Argile", "des Bords-de-Loire",
)  # fmt: skip
TRADE_NAMES: Final = (
    "des Métiers du Bois-Joli", "des Arts-et-Chantiers", "de la Fonderie", "du Quai-aux-Tonneliers",
    "des Ateliers-Réunis", "de la Vieille-Horlogerie",
)  # fmt: skip

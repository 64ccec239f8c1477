"""``teleservices synth``: a synthetic académie, to test and to show."""

from __future__ import annotations

from pathlib import Path

import click

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.i18n import _


@click.command()
@click.option("--pupils", default=1500, show_default=True, help=_("Nombre d’élèves."))
@click.option("--seed", default=7, show_default=True, help=_("Même graine, mêmes fichiers."))
@click.option("--establishments", type=int, help=_("Nombre d’établissements."))
@click.option("--year", default="2026", show_default=True, help=_("Année scolaire."))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help=_("Dossier à créer."),
)
def synth(pupils: int, seed: int, establishments: int | None, year: str, out: Path) -> None:
    """Écrire une académie inventée : établissements, fichiers SIECLE, notes, personnages.

    Aucune personne réelle : noms, numéros et adresses sont fictifs.
    """
    from teleservices_core.testing.synth import write_academy

    with click.progressbar(length=pupils, label=_("Élèves")) as bar:
        write_academy(
            out,
            pupils=pupils,
            seed=seed,
            year=SchoolYear.parse(year),
            establishments=establishments,
            progress=bar.update,
        )
    click.echo(_("Écrit dans {out}.").format(out=out))

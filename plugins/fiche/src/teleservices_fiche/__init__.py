"""« Fiche de renseignements »: families propose, the school accepts, nothing is retyped."""

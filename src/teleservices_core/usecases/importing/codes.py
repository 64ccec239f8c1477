"""Class groups and nomenclatures: small lists, compared whole."""

from __future__ import annotations

from teleservices_core.usecases.importing.context import Import
from teleservices_core.usecases.importing.stores import Code


def compare_codes(run: Import) -> None:
    """Create or update what differs. A code that a file no longer lists keeps its label."""
    groups = {Code(r.kind, r.code, r.label, r.mef) for r in run.staged.class_groups()}
    if groups:
        groups -= run.state.class_groups(run.uai, run.school_year)
        run.findings.counts["class_groups"] += len(groups)
        run.writes.save_class_groups(run.uai, run.school_year, _sorted(groups))
    codes = {Code(r.kind, r.code, r.short_label, r.long_label) for r in run.staged.nomenclature()}
    if codes:
        codes -= run.state.nomenclature(run.uai)
        run.findings.counts["nomenclature"] += len(codes)
        run.writes.save_nomenclature(run.uai, _sorted(codes))


def _sorted(codes: set[Code]) -> list[Code]:
    return sorted(codes, key=lambda code: (code.kind, code.code))

"""The sheet: its fields, their values, and what becomes of a change."""

from __future__ import annotations

from teleservices_fiche.model.fields import (
    Asked,
    Catalogue,
    FieldDef,
    FieldKind,
    Group,
    Person,
    PersonKind,
    Section,
    Standing,
)
from teleservices_fiche.model.options import FicheOptions
from teleservices_fiche.model.proposals import (
    MADE_UP,
    Confirmation,
    ConfirmationRound,
    Draft,
    Maker,
    Proposal,
    ProposalState,
    Receipt,
    ReceiptKind,
    Report,
)
from teleservices_fiche.model.values import FRANCE, Address, Value, canonical, from_plain, plain

__all__ = [
    "FRANCE",
    "MADE_UP",
    "Address",
    "Asked",
    "Catalogue",
    "Confirmation",
    "ConfirmationRound",
    "Draft",
    "FicheOptions",
    "FieldDef",
    "FieldKind",
    "Group",
    "Maker",
    "Person",
    "PersonKind",
    "Proposal",
    "ProposalState",
    "Receipt",
    "ReceiptKind",
    "Report",
    "Section",
    "Standing",
    "Value",
    "canonical",
    "from_plain",
    "plain",
]

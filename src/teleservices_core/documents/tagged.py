"""One document from a typst template and its data."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from teleservices_core.errors import MissingExtraError


def tagged_pdf(
    package: str, template: str, data: Mapping[str, Any], at: datetime, purpose: str
) -> bytes:
    """A tagged PDF (PDF/UA-1) of a package's template, which finds ``data`` in ``sys.inputs.data``.

    The same data at the same instant give the same bytes. Raises
    :exc:`MissingExtraError` without typst, for the ``purpose`` it says.
    """
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError("letters", purpose) from error
    pdf = typst.Compiler(ignore_system_fonts=True).compile(
        importlib.resources.files(package).joinpath(template).read_bytes(),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
        # A PDF is dated to the second: typst refuses what a clock says beyond.
        timestamp=at.replace(microsecond=0),
    )
    return cast("bytes", pdf)

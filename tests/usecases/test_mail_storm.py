"""Nothing is lost: killed workers, refusals and links that die, on a real server."""

from __future__ import annotations

import pytest

from teleservices_core.testing.mail_storm import storm


@pytest.mark.parametrize("backend", ["postgresql"])
def test_storm(engine):
    """Each mail arrives, hardly ever twice, and never after its link has expired."""
    done = storm(engine, mails=1_000, kills=5)
    arrived = dict(reversed(done.taken))
    known = {fate.address: fate for fate in done.fates}
    for fate in done.fates:
        if fate.is_dead or fate.is_unknown:
            assert fate.address not in arrived
        elif fate.expires_at is None:
            assert fate.address in arrived
    for address, at in done.taken:
        expires_at = known[address].expires_at
        assert expires_at is None or at < expires_at
    # One mail is under way in a worker at any time.
    assert done.duplicates <= done.kills
    assert done.refusals > 150
    for row in done.rows:
        fate = known[row.to_address]
        ends = (row.sent_at, row.failed_at, row.dropped_at)
        assert sum(end is not None for end in ends) == 1
        assert (row.failed_at is not None) is fate.is_unknown
        assert (row.sent_at is not None) is (fate.address in arrived)
        if fate.is_dead:
            assert row.last_error == "link_used"

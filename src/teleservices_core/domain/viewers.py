"""Who is looking: a signed-in account with, for staff, the roles held today."""

from __future__ import annotations

from collections.abc import Set

from attrs import field, frozen

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    Session,
    SessionPurpose,
)
from teleservices_core.domain.staff import CONSOLE_ROLES, HEAD_ROLES, TEACHING_ROLES, Role
from teleservices_core.domain.values import Uai


@frozen
class Viewer:
    """A session and its account. Rights are read again at each request."""

    session: Session
    account: Account
    roles: frozenset[tuple[Role, Uai | None]] = frozenset()
    here: Uai | None = None
    """The establishment of the page, which goes before the viewer's others."""
    step: str = ""
    """The name of the step to be done before going on; empty when there is none."""
    next_secret: str = field(default="", repr=False)
    """Of the session that takes the place of this one; empty to draw it."""

    @property
    def name(self) -> str:
        """The name to show."""
        return self.account.display_name

    @property
    def in_full(self) -> bool:
        """Whether the first login is over, and no step stands before going on."""
        return self.session.purpose is SessionPurpose.FULL and not self.step

    @property
    def has_gone_further(self) -> bool:
        """Whether the first login that this session began has ended in another one."""
        began = self.session.purpose is SessionPurpose.FIRST_LOGIN
        return began and self.account.state is AccountState.ACTIVE

    @property
    def in_renewal(self) -> bool:
        """Whether all that may be done is to choose a password."""
        return self.session.purpose is SessionPurpose.RENEWAL

    @property
    def is_family(self) -> bool:
        """Whether this is a guardian or a student, in full use."""
        return self.in_full and self.account.audience is not Audience.STAFF

    @property
    def is_guardian(self) -> bool:
        """Whether this is a guardian's account."""
        return self.account.audience is Audience.GUARDIAN

    @property
    def is_academy(self) -> bool:
        """Whether this is staff of the académie, in full use."""
        return self.in_full and any(role is Role.ACADEMY_ADMIN for role, _uai in self.roles)

    @property
    def is_hotline(self) -> bool:
        """Whether this is staff of the help line, in full use."""
        return self.in_full and any(role is Role.HOTLINE for role, _uai in self.roles)

    @property
    def schools(self) -> tuple[Uai, ...]:
        """Establishments in whose console the viewer works."""
        return self._places(CONSOLE_ROLES)

    @property
    def classrooms(self) -> tuple[Uai, ...]:
        """Establishments where the viewer teaches."""
        return self._places({Role.TEACHER})

    def _places(self, among: Set[Role]) -> tuple[Uai, ...]:
        if not self.in_full:
            return ()
        held = {uai for role, uai in self.roles if uai and role in among}
        return tuple(sorted(held, key=lambda uai: (uai != self.here, uai)))

    @property
    def workplaces(self) -> tuple[Uai, ...]:
        """Establishments where the viewer works in any function, in a fixed order."""
        return tuple(sorted({*self.schools, *self.classrooms}))

    def role_for(self, uai: Uai | None) -> Role | None:
        """In which function a member of staff acts for an establishment, or the académie (None)."""
        here = {role for role, where in self.roles if where == uai}
        held = here or {role for role, _where in self.roles}
        return min(held, key=list(Role).index, default=None)

    def works_at(self, uai: Uai) -> bool:
        """Whether the viewer works in the console of an establishment."""
        return uai in self.schools

    def heads(self, uai: Uai) -> bool:
        """Whether the viewer is head or deputy of an establishment."""
        return uai in self._places(HEAD_ROLES)

    def teaches(self, uai: Uai) -> bool:
        """Whether what an establishment's teachers are offered is for the viewer."""
        return uai in self._places(TEACHING_ROLES)

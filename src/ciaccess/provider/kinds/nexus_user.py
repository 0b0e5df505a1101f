"""A Nexus user of the source `default`, whose password is confirmed by a login.

Nexus never returns a password, so a read logs in with the one in the state. The result is the field `login`: `accepted`,
which every declaration has, or `refused`. So a changed password is a difference in `login`, without the password.

Changing a password needs nexus:*. Without that right an idle user, which its secret in Vault does not name, is deleted
and created again. A user that the secret names is never deleted for this.
"""

from __future__ import annotations

import time

from ciaccess.access.desired.objects import ACTIVE, User
from ciaccess.clients.errors import ForbiddenError, NotFoundError, action
from ciaccess.clients.nexus import is_password
from ciaccess.clients.vault.secret import VaultSecret
from ciaccess.engine import resource_types
from ciaccess.provider.environment import password_for_import
from ciaccess.provider.kinds.fields import NAMES, UNKNOWN, Checked, Field, Rule, Values, at_most, one_of
from ciaccess.provider.kinds.kind import Difference, KindError, ReadResult
from ciaccess.provider.kinds.nexus import ID, NexusKind
from ciaccess.provider.kinds.objects import ADOPT, CLUSTER_WAITS_SECONDS

LOGIN, ACCEPTED, REFUSED = "login", "accepted", "refused"
PROOF_WAITS_SECONDS = CLUSTER_WAITS_SECONDS
_SECRET_PATH = Rule(
    "the API path of a secret, such as secret/data/nexus/svc-x, or empty",
    lambda path: not path or "/data/" in path,
)


class NexusUser(NexusKind[User]):
    """A user. An import takes the password from the variable that `svc-x:env:NAME` names.

    Without that variable the password is empty in the state, and the next `up` sets the declared one.
    """

    token = resource_types.USER
    noun = "user"
    item = User
    collection = "users"
    marked_in = "last_name"
    fields = (
        Field("user_id", rule=ID, identifies=True, about="The user's id"),
        Field("first_name", rule=at_most(200, least=1), about="The first name"),
        Field("last_name", rule=at_most(200, least=1), about="The last name, with the owner marker"),
        Field(
            "email_address",
            rule=Rule("an e-mail address", lambda value: "@" in value[1:-1] and " " not in value),
            about="The e-mail address",
        ),
        Field(
            "status",
            default=ACTIVE,
            rule=one_of(ACTIVE, "disabled"),
            about="Whether Nexus accepts its logins",
        ),
        Field(
            "roles",
            NAMES,
            rule=Rule("one or more names of roles", bool),
            about="Ids of its roles, which must exist",
        ),
        Field(
            "password",
            secret=True,
            rule=Rule("text on one line that is not blank, as Nexus takes it", is_password),
            about="The password, which Nexus never returns",
        ),
        Field(
            LOGIN,
            default=ACCEPTED,
            rule=one_of(ACCEPTED),
            about="Whether Nexus accepts the password; set by a refresh",
        ),
        Field(
            "handed_out_by",
            default="",
            compared=False,
            rule=_SECRET_PATH,
            about="The API path of the secret in Vault that names its current user, or empty",
        ),
        ADOPT,
    )

    def check(self, old: Values, inputs: Values, concealed: frozenset[str]) -> Checked:
        """Accept the inputs of an import without a password: its login was not checked."""
        values, failures = super().check(old, inputs, concealed)
        imported = old.get("password") == "" == inputs.get("password")
        if imported:
            values |= {"password": "", "login": inputs.get("login")}
            failures = tuple(failure for failure in failures if failure.property not in ("password", "login"))
        return values, failures

    def diff(self, resource_id: str, state: Values, inputs: Values) -> Difference:
        """Return the changed fields; a state from before the first refresh has no `login`."""
        return super().diff(resource_id, {"login": ACCEPTED} | state, inputs)

    def create(self, inputs: Values) -> Values:
        """Create the user with its password, and confirm that by a login."""
        self._refuse_unknown_roles(inputs)
        super().create(inputs)
        self._prove_login(inputs)
        return inputs

    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return the user, and whether Nexus accepts the state's password."""
        user_id, _, reference = resource_id.partition(":")
        seen = super().read(user_id, state)
        if seen is None:
            return None
        imported = password_for_import(self.noun, reference) if reference else ""
        seen.values["password"] = state.get("password", imported)
        if seen.values["status"] == state.get("status") != ACTIVE:
            # The user is declared disabled, so a login proves nothing.
            seen.values["login"] = state.get("login", ACCEPTED)
        else:
            seen.values["login"] = ACCEPTED if self._accepts(user_id, seen.values["password"]) else REFUSED
        return ReadResult(seen.values, user_id)

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Write the changed fields, then the password, and confirm that by a login."""
        self._refuse_unknown_roles(inputs)
        profile = [name for name in vars(self.desired_object(inputs)) if name != "source"]
        if any(state.get(name) != inputs[name] for name in profile):
            super().update(resource_id, state, inputs)
        try:
            if not inputs["password"]:
                return inputs  # the account does not know the password, so the user keeps it
            if inputs["status"] == ACTIVE:
                self._set_password(inputs)
                self._prove_login(inputs)
            elif state.get("password") != inputs["password"]:
                self._change_password(inputs)
        except NotFoundError:
            raise self.gone_error(resource_id) from None
        return inputs

    def is_ours(self, existing: User, inputs: Values) -> bool:
        """Tell whether the user equals the inputs and Nexus accepts their password."""
        known = inputs["password"] is not UNKNOWN and inputs["status"] == ACTIVE
        return (
            known
            and super().is_ours(existing, inputs)
            and self._accepts(existing.user_id, inputs["password"])
        )

    def bring_in_line(self, existing: User, inputs: Values) -> None:
        """Replace an existing user if it differs, and set its password if it has another one."""
        super().bring_in_line(existing, inputs)
        if inputs["status"] == ACTIVE:
            self._set_password(inputs)
        else:
            self._change_password(inputs)

    def make(self, inputs: Values) -> None:
        """Create the user with its password."""
        self._systems.nexus().users.create(self.desired_object(inputs), inputs["password"])

    def _refuse_unknown_roles(self, inputs: Values) -> None:
        """Raise for unknown roles: Nexus accepts such a user, and hides the role until it exists."""
        roles = self._systems.nexus().roles
        missing = sorted(
            role for role in inputs["roles"] if roles.find(role) is None and roles.read(role) is None
        )
        if missing:
            names = ", ".join(f"'{role}'" for role in missing)
            raise KindError(
                f"{action('write', self.noun, inputs['user_id'])}: Nexus has no role {names}. "
                "Declare it under nexus.roles in access.yaml, or correct the account's roles"
            )

    def _set_password(self, inputs: Values) -> None:
        if not self._accepts(inputs["user_id"], inputs["password"]):
            self._change_password(inputs)

    def _change_password(self, inputs: Values) -> None:
        user_id = inputs["user_id"]
        if user_id == self._systems.nexus_username():
            raise KindError(
                f"{action('change the password of', self.noun, user_id)}: ciaccess logs in as this user and would lock "
                "itself out. Set NEXUS_USERNAME and NEXUS_PASSWORD to those of another administrator"
            )
        try:
            self._systems.nexus().users.change_password(user_id, inputs["password"])
        except ForbiddenError:
            if not self._is_idle(user_id, inputs["handed_out_by"]):
                raise
            self._systems.nexus().users.delete(user_id)
            self.make(inputs)

    def _is_idle(self, user_id: str, path: str) -> bool:
        """Tell whether the secret at `path` ("" for none) has no version, or names another user."""
        if not path:
            return False
        found = VaultSecret(self._systems.vault(), path).read()
        return found.version == 0 or (found.exists and found.username != user_id)

    def _prove_login(self, inputs: Values) -> None:
        user_id = inputs["user_id"]
        if inputs["status"] != ACTIVE or self._accepts(user_id, inputs["password"]):
            return
        for wait in PROOF_WAITS_SECONDS:
            time.sleep(wait)
            if self._accepts(user_id, inputs["password"]):
                return
        raise KindError(
            f"{action('prove the login of', self.noun, user_id)}: Nexus accepted the new password and refuses the login. "
            "Check that the Local Authenticating Realm is active and that nothing else writes this user, and run again"
        )

    def _accepts(self, user_id: str, password: str) -> bool:
        if not password:
            return False
        return self._systems.accepts(user_id, password)

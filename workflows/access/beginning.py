"""The first start: an administrator, the predefined roles and the first sandbox, recorded once, whoever comes first."""

from engine.application import Workflows
from engine.envelope import Context
from engine.errors import Conflict
from engine.secret import Secret
from workflows.access.aggregate import Role, Sandbox, ServiceAccount, Token
from workflows.access.guards import ADMINISTRATOR, DEFAULT_SANDBOX
from workflows.access.service import ADMIN, ADMIN_ID, AccessService, id_of, token_id
from workflows.access.values import EVERY

ROLES: dict[str, tuple[str, ...]] = {
    ADMINISTRATOR: (EVERY,),
    "viewer": ("view-destinations",),
    "marketer": (
        "activate-destinations",
        "view-alerts",
        "view-destinations",
        "view-identity-graph",
        "view-profiles",
        "view-segments",
    ),
    "data-engineer": (
        "manage-and-activate-dataset-destinations",
        "manage-destinations",
        "view-alerts",
        "view-datasets",
        "view-destinations",
    ),
    "auditor": ("view-access", "view-destinations", "view-user-activity-log"),
}
"""The predefined roles, each for every sandbox; they stay as they are, and others can be defined beside them."""

_TRIES = 5


async def begin(workflows: Workflows, access: AccessService, context: Context) -> bool:
    """Record the administrator, the predefined roles and the first sandbox; tell whether nobody had done so before."""
    if await access.find(ServiceAccount, ADMIN_ID) is not None:
        return False
    admin, prod = ServiceAccount.blank(ADMIN_ID), Sandbox.blank(id_of("sandbox", DEFAULT_SANDBOX))
    roles = [Role.blank(id_of("role", name)) for name in ROLES]
    try:
        async with workflows.turn(admin, prod, *roles) as turn:
            turn.of(prod).begin(context, name=DEFAULT_SANDBOX, title="Production")
            for role, (name, permissions) in zip(roles, ROLES.items(), strict=True):
                labels = (EVERY,) if name == ADMINISTRATOR else ()
                turn.of(role).begin(
                    context, name=name, permissions=permissions, sandboxes=(EVERY,), labels=labels, built_in=True
                )
            turn.of(roles[0]).advance("hold", context, holder="service_account", holder_id=ADMIN_ID)
            turn.of(admin).begin(context, name=ADMIN)
            turn.of(admin).advance("give_role", context, role=ADMINISTRATOR)
    except Conflict:
        workflows.forget(admin.id, prod.id, *(role.id for role in roles))
        return False  # another process did it at the same moment
    return True


async def adopt(workflows: Workflows, access: AccessService, context: Context, token: Secret, *, alone: bool) -> bool:
    """Let the token in the file of the installation be one of the administrator; tell whether it was not before.

    Where nobody else keeps such a file (*alone*), the token that the file held before is revoked.
    """
    for _ in range(_TRIES):
        admin, proved = await access.find(ServiceAccount, ADMIN_ID), token_id(token)
        if admin is None or await access.find(Token, proved) is not None:
            return False
        former = await access.find(Token, admin.file_token) if alone and admin.file_token else None
        replaced = (former,) if former is not None and former.state == "active" else ()
        new = Token.blank(proved)
        try:
            async with workflows.turn(admin, new, *replaced) as turn:
                turn.of(new).begin(context, name="admin.token", owner="service_account", owner_id=ADMIN_ID)
                turn.of(admin).advance("key", context, token_id=proved)
                for one in replaced:
                    turn.of(one).advance("revoke", context)
            return True
        except Conflict:
            workflows.forget(admin.id, new.id, *(one.id for one in replaced))
    return False

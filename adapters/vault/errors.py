"""What goes wrong with the vault; a text never holds anything that is kept there."""

from engine.errors import EngineError


class VaultError(EngineError):
    """The vault does not hold what was asked for, or holds something that cannot be trusted."""

    code = "vault-error"


class VaultSealed(VaultError):
    """The vault cannot be opened or written now; whatever needs no secret goes on."""

    code = "vault-sealed"
    retryable = True

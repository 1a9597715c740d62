"""Name servers that may be asked instead of this machine's."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NameServer:
    """Where a name server answers, over UDP and TCP."""

    #: An IP address.
    address: str
    port: int = 53

    def __str__(self) -> str:
        """Return it as the setting has it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

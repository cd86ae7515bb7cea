"""What can go wrong with the contracts, one tree.

```
ContractsError
├── ManifestError            the deployment's description cannot be used
│   ├── ManifestMissing      not there yet (also Unavailable: try again later)
│   ├── ManifestUnreadable   no permission, not JSON, a key missing or wrong (also Misconfigured)
│   ├── ChainBehind          the node has not reached the deployment yet (also Unavailable: try again later)
│   └── WrongContract        the chain or the code at an address is not the one described (also Misconfigured)
├── UndecodableData          bytes that do not follow the ABI they were read with
├── Unencodable              a value that a Solidity type cannot carry
├── ArtifactMissing          no compiled contract of that name
├── ToolMissing              node, solc or forge is not installed
├── CompilerError            solc refused the sources
├── DeploymentFailed         a transaction of the deployment was refused or reverted
└── RequestRefused           a household's request to be admitted is none, or was changed (also Misconfigured)
```
"""

from __future__ import annotations

from chain.errors import Misconfigured, Unavailable


class ContractsError(Exception):
    """Anything that this room raises."""


class ManifestError(ContractsError):
    """The description of the deployed contracts cannot be used."""


class ManifestMissing(ManifestError, Unavailable):
    """There is no manifest yet: the neighbourhood is being founded, or its operator has not handed it out."""


class ManifestUnreadable(ManifestError, Misconfigured):
    """The manifest cannot be read, is not JSON, or a key in it is missing or wrong."""


class ChainBehind(ManifestError, Unavailable):
    """The node has not reached the block of the deployment yet."""


class WrongContract(ManifestError, Misconfigured):
    """The chain, or the code at an address, is not the one that the manifest describes."""


class UndecodableData(ContractsError):
    """Bytes from the chain do not follow the ABI they were read with."""


class Unencodable(ContractsError, ValueError):
    """A value that a Solidity type cannot carry: too large, negative, of the wrong length or kind."""


class ArtifactMissing(ContractsError):
    """There is no compiled contract of that name."""


class ToolMissing(ContractsError):
    """Node, solc or forge is not installed on this machine."""


class CompilerError(ContractsError):
    """The compiler refused the sources."""


class DeploymentFailed(ContractsError):
    """A transaction of the deployment was refused or reverted."""


class RequestRefused(ContractsError, Misconfigured):
    """A household's request to be admitted cannot be used."""

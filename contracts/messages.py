"""What households sign: energy vouchers for the market, frames for the relay (EIP-712), and orders' ids.

These are digests only; `chain.keys` signs and recovers them. Every number is an integer in the unit that the
contracts use: energy in milliwatt-hours. Source: https://eips.ethereum.org/EIPS/eip-712
"""

from __future__ import annotations

from functools import lru_cache

from chain.keys import keccak
from contracts.abi import Struct, Word, encode

MARKET_NAME, MARKET_VERSION = "Commonwatt Market", "1"
RELAY_NAME, RELAY_VERSION = "Commonwatt Relay", "2"
REGISTRY_NAME, REGISTRY_VERSION = "Commonwatt Registry", "1"

NO_ORDER = bytes(32)
"""In frames about a transfer contact, which needs no order."""

B32 = Word("bytes32", "bytes", 32)
U32, U64, U256 = (Word(f"uint{bits}", "uint", bits) for bits in (32, 64, 256))
ADDRESS = Word("address", "address")

_MARKET_DOMAIN = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_CHAIN_DOMAIN = keccak(b"EIP712Domain(string name,string version,uint256 chainId)")
_VOUCHER = keccak(b"Voucher(bytes32 orderId,uint64 energy)")
_FRAME = keccak(
    b"Frame(address relay,bytes32 session,uint64 n,string op,bytes32 order,uint32 contact,uint64 energy)"
)
_JOIN = keccak(b"Join(bytes32 genesis,address account,string name,uint8 role,string enode,string relay)")


def voucher_digest(chain_id: int, market: str, order: bytes, energy: int) -> bytes:
    """The digest by which a buyer states: of `order` I have received `energy` mWh so far.

    Args:
        market: address of the market contract that holds the order.
        order: 32 bytes, from `order_id`.
        energy: cumulative milliwatt-hours; the market pays no more than the highest one shown to it.

    Raises:
        Unencodable: a value does not fit its Solidity type.
    """
    message = encode(_words(B32, B32, U64), [_VOUCHER, order, energy])
    return _digest(_market_domain(chain_id, market), keccak(message))


def frame_digest(  # noqa: PLR0917 - a frame has this many fields, in this order
    chain_id: int, relay: str, session: bytes, n: int, op: str, order: bytes, contact: int, energy: int
) -> bytes:
    """The digest of one command to a relay server.

    Args:
        relay: account of the household that owns the relay.
        session: 32 bytes that the relay gave in its HELLO; with `n`, which rises, it forbids replays.
        op: CLOSE, KEEP or OPEN.
        order: 32 bytes; `NO_ORDER` for a transfer contact.
        energy: cumulative milliwatt-hours of the voucher in the same frame, else 0.

    Raises:
        Unencodable: a value does not fit its Solidity type.
    """
    message = encode(
        _words(B32, ADDRESS, B32, U64, B32, B32, U32, U64),
        [_FRAME, relay, session, n, keccak(op.encode()), order, contact, energy],
    )
    return _digest(_chain_domain(RELAY_NAME, RELAY_VERSION, chain_id), keccak(message))


def join_digest(  # noqa: PLR0917 - what the registry will say of a household, in its order
    chain_id: int, genesis: bytes, account: str, name: str, role: int, enode: str, relay: str
) -> bytes:
    """The digest by which a household asks to be admitted, and shows that it holds its account's key.

    Args:
        genesis: 32 bytes, the hash of the chain's first block.
    """
    texts = [keccak(text.encode()) for text in (name, enode, relay)]
    message = encode(
        _words(B32, B32, ADDRESS, B32, U64, B32, B32),
        [_JOIN, genesis, account, texts[0], role, *texts[1:]],
    )
    return _digest(_chain_domain(REGISTRY_NAME, REGISTRY_VERSION, chain_id), keccak(message))


def order_id(chain_id: int, market: str, buyer: str, ref: bytes) -> bytes:
    """The id under which the market will keep an order: known before the transaction is sent.

    Args:
        ref: 32 random bytes, chosen by the buyer; used again, the market refuses the order.
    """
    return keccak(encode(_words(U256, ADDRESS, ADDRESS, B32), [chain_id, market, buyer, ref]))


def _words(*kinds: Word) -> Struct:
    return Struct(tuple((str(i), kind) for i, kind in enumerate(kinds)))


def _digest(domain: bytes, message: bytes) -> bytes:
    return keccak(b"\x19\x01" + domain + message)


@lru_cache(maxsize=8)
def _market_domain(chain_id: int, market: str) -> bytes:
    return keccak(
        encode(
            _words(B32, B32, B32, U256, ADDRESS),
            [_MARKET_DOMAIN, keccak(MARKET_NAME.encode()), keccak(MARKET_VERSION.encode()), chain_id, market],
        )
    )


@lru_cache(maxsize=8)
def _chain_domain(name: str, version: str, chain_id: int) -> bytes:
    """Of what no contract checks."""
    return keccak(
        encode(
            _words(B32, B32, B32, U256),
            [_CHAIN_DOMAIN, keccak(name.encode()), keccak(version.encode()), chain_id],
        )
    )

"""The three contracts as Python objects: readers of their state at a block, and builders of calldata."""

from contracts.bindings.market import Market, Offer, Order, OrderArgs, Report, State
from contracts.bindings.registry import Household, Registry, Role
from contracts.bindings.token import Token

__all__ = [
    "Household",
    "Market",
    "Offer",
    "Order",
    "OrderArgs",
    "Registry",
    "Report",
    "Role",
    "State",
    "Token",
]

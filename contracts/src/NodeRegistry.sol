// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "./Governed.sol";
import {IHouseholds} from "./IHouseholds.sol";

/// @title The households of the neighbourhood: who they are, and where their nodes and relays are reached.
/// @notice Written by the authority alone. Nodes take their trusted peers from here, so that admitting a household is
/// one transaction; a suspended one stays listed, but neither offers nor buys.
contract NodeRegistry is IHouseholds, Governed {
    /// @notice What a household does in the neighbourhood. Nothing depends on it.
    enum Role {
        Producer,
        Consumer,
        Prosumer
    }

    /// @notice An entry of the registry; `admitted` is false while the household is suspended.
    /// @dev `account`, `role` and `admitted` share a slot: the market's question reads one.
    struct Household {
        address account;
        Role role;
        bool admitted;
        string name;
        string enode;
        string relay;
    }

    mapping(address account => Household) private _households;
    address[] private _accounts;

    /// @notice A household was admitted, or its entry written anew. It is in good standing from here on.
    event HouseholdAdmitted(address indexed account, string name, Role role, string enode, string relay);

    /// @notice A household may no longer offer and buy; its running orders end as any other.
    event HouseholdSuspended(address indexed account);

    /// @notice The account is not in the registry.
    error UnknownHousehold(address account);

    /// @notice A household needs an account and a name.
    error IncompleteHousehold();

    /// @param authority who may write
    constructor(address authority) Governed(authority) {}

    /// @notice Admit a household, correct its entry, or lift its suspension.
    /// @param account of the household
    /// @param name for people
    /// @param role what it does
    /// @param enode address of its chain node, `enode://…@host:port`; empty if it runs none
    /// @param relay endpoint of its relay server, `host:port`; empty if it has none
    function admit(address account, string calldata name, Role role, string calldata enode, string calldata relay)
        external
        onlyOwner
    {
        if (account == address(0) || bytes(name).length == 0) revert IncompleteHousehold();
        if (_households[account].account == address(0)) _accounts.push(account);
        _households[account] = Household(account, role, true, name, enode, relay);
        emit HouseholdAdmitted(account, name, role, enode, relay);
    }

    /// @notice Keep a household from new offers and orders.
    /// @param account of the household
    function suspend(address account) external onlyOwner {
        if (_households[account].account == address(0)) revert UnknownHousehold(account);
        _households[account].admitted = false;
        emit HouseholdSuspended(account);
    }

    /// @inheritdoc IHouseholds
    function isAdmitted(address account) external view returns (bool admitted) {
        return _households[account].admitted;
    }

    /// @notice How many households the registry lists, suspended ones included.
    /// @return listed their number
    function count() external view returns (uint256 listed) {
        return _accounts.length;
    }

    /// @notice One household.
    /// @param account of the household
    /// @return found its entry; all fields are empty if the account is unknown
    function household(address account) external view returns (Household memory found) {
        return _households[account];
    }

    /// @notice Households in the order of their admission.
    /// @param first index of the first one, from 0
    /// @param limit the most to answer
    /// @return page their entries
    function households(uint256 first, uint256 limit) external view returns (Household[] memory page) {
        uint256 total = _accounts.length;
        uint256 left = first < total ? total - first : 0;
        page = new Household[](left < limit ? left : limit);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _households[_accounts[first + i]];
        }
    }
}

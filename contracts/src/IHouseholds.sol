// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the market asks the registry.
interface IHouseholds {
    /// @notice Whether an account is a household of the neighbourhood, in good standing.
    /// @param account to ask about
    /// @return admitted whether it may offer, buy and report
    function isAdmitted(address account) external view returns (bool admitted);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title What the neighbourhood's authority can hand over, but not drop.
/// @notice The owner is the authority. Its successor accepts before it counts, so that a slip in an address loses
/// nothing; an account of several people can hold the role as well as a single key.
abstract contract Governed is Ownable2Step {
    /// @notice A neighbourhood without an authority could never admit, pause or replace anything again.
    error AuthorityNeeded();

    /// @param authority the first owner
    constructor(address authority) Ownable(authority) {}

    /// @notice Refused: hand the role over instead.
    function renounceOwnership() public pure override {
        revert AuthorityNeeded();
    }
}

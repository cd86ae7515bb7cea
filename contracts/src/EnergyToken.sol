// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1363} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title The neighbourhood's means of payment: an ERC-20 with 18 decimals that can also be approved and spent
/// in one transaction (ERC-1363).
/// @notice The owner is the neighbourhood's authority. It mints, within a cap per period, and can do nothing else:
/// no freezing, no burning, no moving of other people's tokens.
contract EnergyToken is ERC1363, Ownable2Step {
    /// @notice The most that can be minted within one period, in base units.
    uint256 public immutable mintCap;

    /// @notice Length of a minting period, in blocks.
    uint64 public immutable mintPeriod;

    /// @notice What was minted in the period that `lastPeriod` numbers.
    uint256 public mintedInPeriod;

    /// @notice The period of the latest minting.
    uint256 public lastPeriod;

    /// @notice The cap leaves less than what was asked for.
    error MintCapExceeded(uint256 asked, uint256 left);

    /// @notice A period has at least one block.
    error NoMintPeriod();

    /// @param authority who may mint
    /// @param cap the most that one period may mint, in base units
    /// @param period length of a period, in blocks
    constructor(string memory name, string memory symbol, address authority, uint256 cap, uint64 period)
        ERC20(name, symbol)
        Ownable(authority)
    {
        if (period == 0) revert NoMintPeriod();
        mintCap = cap;
        mintPeriod = period;
    }

    /// @notice Create tokens. Only the authority can, and no more than the cap of the running period leaves.
    /// @param amount base units
    function mint(address to, uint256 amount) external onlyOwner {
        uint256 left = mintable();
        if (amount > left) revert MintCapExceeded(amount, left);
        lastPeriod = block.number / mintPeriod;
        mintedInPeriod = mintCap - left + amount;
        _mint(to, amount);
    }

    /// @notice What the authority can still mint in the running period, in base units.
    function mintable() public view returns (uint256) {
        return block.number / mintPeriod == lastPeriod ? mintCap - mintedInPeriod : mintCap;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1363} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {Governed} from "./Governed.sol";

/// @title The neighbourhood's means of payment: an ERC-20 with 18 decimals that can also be approved and spent
/// in one transaction (ERC-1363).
/// @notice The minter creates tokens, within a cap per period; the owner says who the minter is. So a minter's key that
/// is stolen makes no more than the cap until the owner replaces it, and the owner's can lie in a safe. Neither can
/// freeze, burn or move other people's tokens. Holders burn their own when they are paid out.
contract EnergyToken is ERC1363, ERC20Burnable, Governed {
    /// @notice The most that can be minted within one period, in base units.
    uint256 public immutable mintCap;

    /// @notice Length of a minting period, in blocks.
    uint64 public immutable mintPeriod;

    /// @notice Who creates tokens; nobody does while it is the zero address.
    address public minter;

    /// @notice The period of the latest minting: its first block divided by the length.
    uint64 public lastPeriod;

    /// @notice What was minted in the period that `lastPeriod` numbers.
    uint256 public mintedInPeriod;

    /// @notice Another account creates tokens from here on.
    event MinterSet(address indexed previous, address indexed minter);

    /// @notice Only the minter creates tokens.
    error NotMinter(address caller, address minter);

    /// @notice The cap leaves less than what was asked for.
    error MintCapExceeded(uint256 asked, uint256 left);

    /// @notice A period has at least one block.
    error NoMintPeriod();

    /// @param name its name
    /// @param symbol its short name
    /// @param authority the owner, and the first minter
    /// @param cap the most that one period may mint, in base units
    /// @param period length of a period, in blocks
    constructor(string memory name, string memory symbol, address authority, uint256 cap, uint64 period)
        ERC20(name, symbol)
        Governed(authority)
    {
        if (period == 0) revert NoMintPeriod();
        mintCap = cap;
        mintPeriod = period;
        _setMinter(authority);
    }

    /// @notice Let another account create tokens instead, as the owner. The cap of the running period goes on.
    /// @param account the new minter; the zero address stops all minting
    function setMinter(address account) external onlyOwner {
        _setMinter(account);
    }

    /// @notice Create tokens, as the minter, and no more than the cap of the running period leaves.
    /// @param to who gets them
    /// @param amount base units
    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter(msg.sender, minter);
        uint256 left = mintable();
        if (amount > left) revert MintCapExceeded(amount, left);
        lastPeriod = _period();
        // slither-disable-next-line events-maths - ERC-20's Transfer from the zero address tells it
        mintedInPeriod = mintCap - left + amount;
        _mint(to, amount);
    }

    /// @notice What can still be minted in the running period.
    /// @return amount base units
    function mintable() public view returns (uint256 amount) {
        // slither-disable-next-line incorrect-equality - periods are numbers of their own, no balances
        return _period() == lastPeriod ? mintCap - mintedInPeriod : mintCap;
    }

    function _setMinter(address account) private {
        emit MinterSet(minter, account);
        minter = account;
    }

    function _period() private view returns (uint64) {
        return uint64(block.number) / mintPeriod;
    }
}

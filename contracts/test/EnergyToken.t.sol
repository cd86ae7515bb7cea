// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC1363} from "@openzeppelin/contracts/interfaces/IERC1363.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Cheats} from "./Cheats.sol";
import {EnergyToken} from "../src/EnergyToken.sol";

contract EnergyTokenTest is Cheats {
    uint256 private constant CAP = 1_000e18;
    uint64 private constant PERIOD = 50;

    event MinterSet(address indexed previous, address indexed minter);

    address private authority = address(0xA0);
    address private treasurer = address(0xA2);
    address private household = address(0xB1);
    EnergyToken private token;

    function setUp() public {
        vm.roll(1_000);
        token = new EnergyToken("Neighbourhood energy token", "NET", authority, CAP, PERIOD);
    }

    function test_TheAuthorityMintsUpToTheCap() public {
        vm.startPrank(authority);
        token.mint(household, CAP - 1);
        eq(token.mintable(), 1, "left");
        token.mint(household, 1);
        eq(token.mintable(), 0, "left");
        eq(token.balanceOf(household), CAP, "balance");
        eq(token.totalSupply(), CAP, "supply");
    }

    function test_NothingIsMintedAboveTheCap() public {
        vm.startPrank(authority);
        token.mint(household, CAP - 1);
        vm.expectRevert(abi.encodeWithSelector(EnergyToken.MintCapExceeded.selector, 2, 1));
        token.mint(household, 2);
    }

    function test_TheNextPeriodMintsAgain() public {
        vm.startPrank(authority);
        token.mint(household, CAP);
        vm.roll(1_049);
        eq(token.mintable(), 0, "in the same period");
        vm.roll(1_050);
        eq(token.mintable(), CAP, "in the next period");
        token.mint(household, CAP);
        eq(token.mintable(), 0, "used up again");
    }

    function test_OnlyTheMinterMints() public {
        vm.prank(household);
        vm.expectRevert(abi.encodeWithSelector(EnergyToken.NotMinter.selector, household, authority));
        token.mint(household, 1);
    }

    function test_TheOwnerSetsTheMinter() public {
        eq(token.minter(), authority, "the first minter");
        vm.expectEmit(true, true, true, true);
        emit MinterSet(authority, treasurer);
        vm.prank(authority);
        token.setMinter(treasurer);
        vm.prank(treasurer);
        token.mint(household, 1);
        vm.prank(authority);
        vm.expectRevert(abi.encodeWithSelector(EnergyToken.NotMinter.selector, authority, treasurer));
        token.mint(household, 1);
    }

    function test_OnlyTheOwnerSetsTheMinter() public {
        vm.prank(authority);
        token.setMinter(treasurer);
        vm.prank(treasurer);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, treasurer));
        token.setMinter(treasurer);
    }

    function test_WithoutAMinterNothingIsMinted() public {
        vm.startPrank(authority);
        token.setMinter(address(0));
        vm.expectRevert(abi.encodeWithSelector(EnergyToken.NotMinter.selector, authority, address(0)));
        token.mint(household, 1);
    }

    function test_AHolderBurnsItsOwnTokens() public {
        vm.prank(authority);
        token.mint(household, 10);
        vm.prank(household);
        token.burn(4);
        eq(token.balanceOf(household), 6, "balance");
        eq(token.totalSupply(), 6, "supply");
        eq(token.mintable(), CAP - 10, "burning makes no room for minting");
    }

    function test_NobodyBurnsOtherPeoplesTokens() public {
        vm.prank(authority);
        token.mint(household, 10);
        vm.prank(authority);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, authority, 0, 4)
        );
        token.burnFrom(household, 4);
    }

    function test_TheAuthorityIsHandedOverInTwoSteps() public {
        vm.prank(authority);
        token.transferOwnership(household);
        eq(token.owner(), authority, "owner before it is accepted");
        vm.prank(household);
        token.acceptOwnership();
        eq(token.owner(), household, "owner afterwards");
    }

    function test_APeriodHasBlocks() public {
        vm.expectRevert(abi.encodePacked(EnergyToken.NoMintPeriod.selector));
        new EnergyToken("", "", authority, CAP, 0);
    }

    function test_ItSaysThatItCanBeApprovedAndCalled() public view {
        yes(token.supportsInterface(type(IERC1363).interfaceId), "ERC-1363");
    }

    /// @dev However minting is spread over blocks, no period mints more than its cap.
    function testFuzz_NoPeriodMintsMoreThanItsCap(uint256[12] calldata amounts, uint8[12] calldata pauses) public {
        uint256 height = 1_000;
        uint256 period = height / PERIOD;
        uint256 minted;
        for (uint256 i = 0; i < amounts.length; ++i) {
            height += pauses[i] % 30;
            vm.roll(height);
            if (height / PERIOD != period) (period, minted) = (height / PERIOD, 0);
            uint256 amount = amounts[i] % CAP;
            vm.prank(authority);
            if (minted + amount > CAP) {
                vm.expectRevert(abi.encodeWithSelector(EnergyToken.MintCapExceeded.selector, amount, CAP - minted));
                token.mint(household, amount);
            } else {
                token.mint(household, amount);
                minted += amount;
            }
            eq(token.mintable(), CAP - minted, "left");
        }
    }
}

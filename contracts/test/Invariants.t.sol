// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheats} from "./Cheats.sol";
import {Street} from "./Street.sol";

/// @dev Whatever a street of households does, in whatever order. 50,000 calls; FOUNDRY_PROFILE=long makes a million.
contract InvariantsTest is Cheats {
    struct Target {
        address addr;
        bytes4[] selectors;
    }

    Street private street;

    function setUp() public {
        street = new Street();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(street);
    }

    function targetSelectors() external view returns (Target[] memory targets) {
        targets = new Target[](1);
        bytes4[14] memory calls = [
            street.passes.selector,
            street.offers.selector,
            street.buys.selector,
            street.buys.selector,
            street.vouches.selector,
            street.redeems.selector,
            street.releases.selector,
            street.closes.selector,
            street.reclaims.selector,
            street.sends.selector,
            street.burns.selector,
            street.mints.selector,
            street.pausesOrResumes.selector,
            street.cheats.selector
        ];
        bytes4[] memory selectors = new bytes4[](calls.length + 1);
        for (uint256 i = 0; i < calls.length; ++i) {
            selectors[i] = calls[i];
        }
        selectors[calls.length] = street.suspendsOrAdmits.selector;
        targets[0] = Target(address(street), selectors);
    }

    function invariant_NoTokenIsMadeLostOrPaidTwice() public view {
        street.escrowAddsUp();
        street.supplyAddsUp();
    }

    /// @dev The calls do what they are named for: one order ends each way, and the books see it.
    function test_TheStreetTrades() public {
        for (uint64 i = 0; i < 3; ++i) {
            street.offers(i, 0, 1e17, 3_000);
            street.buys(0, i, 0, 1_500, i == 0);
        }
        street.buys(0, 0, 0, 700, true);
        eq(street.putIn() > 0 ? street.ended() : 99, 0, "four orders, none ended");
        street.vouches(1, 900);
        street.redeems(1, 800);
        eq(street.ended(), 1, "one was redeemed");
        yes(street.paid() > 0 && street.refunded() > 0, "paid and refunded");
        street.cheats(1, 900, 0);
        street.releases(9);
        street.closes(1);
        street.closes(9);
        street.passes(7);
        street.passes(7);
        street.reclaims(1);
        street.reclaims(9);
        street.reclaims(1);
        yes(street.ended() >= 3, "others were released and reclaimed");
        invariant_NoTokenIsMadeLostOrPaidTwice();
        afterInvariant();
    }

    function afterInvariant() public view {
        street.everyOrderIsFair();
    }
}

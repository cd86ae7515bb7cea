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

    function afterInvariant() public view {
        street.everyOrderIsFair();
        yes(street.ended() > 0, "a run in which no order ended shows nothing");
    }
}

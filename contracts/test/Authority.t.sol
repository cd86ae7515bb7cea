// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {SeveralOwners} from "./SeveralOwners.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {Governed} from "../src/Governed.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

/// @dev The role that admits, pauses and names the minter: handed over in two steps, held by one key or by several.
contract AuthorityTest is Neighbourhood {
    address[3] private people = [address(0xA11), address(0xA12), address(0xA13)];
    SeveralOwners private council;
    Governed[3] private governed;

    function setUp() public override {
        super.setUp();
        council = new SeveralOwners(people);
        governed = [Governed(token), Governed(registry), Governed(market)];
    }

    function agrees(uint256 who, address target, bytes memory call) private {
        vm.prank(people[who]);
        council.agree(target, call);
    }

    function handsOver() private {
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(authority);
            governed[i].transferOwnership(address(council));
            agrees(0, address(governed[i]), abi.encodeCall(governed[i].acceptOwnership, ()));
            eq(governed[i].owner(), authority, "one of three does not accept");
            agrees(2, address(governed[i]), abi.encodeCall(governed[i].acceptOwnership, ()));
            eq(governed[i].owner(), address(council), "two of three accept");
        }
    }

    function test_AnAccountOfSeveralHoldsTheRoleOfAllThree() public {
        handsOver();
        bytes memory pause = abi.encodeCall(market.pauseOrders, ());
        agrees(1, address(market), pause);
        yes(!market.ordersPaused(), "one of three pauses nothing");
        agrees(2, address(market), pause);
        yes(market.ordersPaused(), "two of three pause");

        bytes memory minter = abi.encodeCall(token.setMinter, (people[0]));
        agrees(0, address(token), minter);
        agrees(1, address(token), minter);
        eq(token.minter(), people[0], "two of three name the minter");

        bytes memory admission = abi.encodeCall(
            registry.admit, (stranger, "dogwood", NodeRegistry.Role.Consumer, "", "")
        );
        agrees(0, address(registry), admission);
        agrees(2, address(registry), admission);
        yes(registry.isAdmitted(stranger), "two of three admit");
    }

    function test_AfterTheHandOverTheFormerAuthorityCanDoNothing() public {
        handsOver();
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, authority);
        vm.startPrank(authority);
        refused(reason);
        market.pauseOrders();
        refused(reason);
        registry.suspend(buyer);
        refused(reason);
        token.setMinter(authority);
    }

    function test_WhoIsNotNamedCannotAcceptTheRole() public {
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(authority);
            governed[i].transferOwnership(address(council));
            vm.prank(stranger);
            refused(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
            governed[i].acceptOwnership();
        }
    }

    function test_ASlipInTheSuccessorsAddressIsTakenBack() public {
        vm.startPrank(authority);
        market.transferOwnership(address(0xDEAD));
        market.transferOwnership(address(council));
        vm.stopPrank();
        vm.prank(address(0xDEAD));
        refused(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(0xDEAD)));
        market.acceptOwnership();
    }

    function test_TheRoleIsNeverDropped() public {
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(authority);
            refused(Governed.AuthorityNeeded.selector);
            governed[i].renounceOwnership();
        }
    }

    function test_NoContractBeginsWithoutAnAuthority() public {
        refused(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new EnergyMarket(token, registry, SUPPLY, CHALLENGE, address(0));
    }
}

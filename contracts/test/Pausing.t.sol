// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";

contract PausingTest is Neighbourhood {
    event NewOrdersPaused(address indexed authority);
    event NewOrdersResumed(address indexed authority);

    bytes32 private id;

    function setUp() public override {
        super.setUp();
        offers();
        id = funds(buyer, 1, 2_000);
    }

    function pauses() private {
        vm.prank(authority);
        market.pauseOrders();
    }

    function test_NeitherWayBuysWhileOrdersArePaused() public {
        vm.expectEmit(true, true, true, true);
        emit NewOrdersPaused(authority);
        pauses();
        yes(market.ordersPaused(), "paused");
        vm.startPrank(buyer);
        token.approve(address(market), 5e14);
        refused(EnergyMarket.OrdersPaused.selector);
        market.buy(args(2, 2_000));
        refused(EnergyMarket.OrdersPaused.selector);
        token.approveAndCall(address(market), 5e14, abi.encode(args(2, 2_000)));
    }

    function test_BothWaysBuyAgainWhenOrdersAreResumed() public {
        pauses();
        vm.expectEmit(true, true, true, true);
        emit NewOrdersResumed(authority);
        vm.prank(authority);
        market.resumeOrders();
        yes(!market.ordersPaused(), "not paused");
        is_(funds(buyer, 2, 1_000), EnergyMarket.State.Waiting, "by approveAndCall");
        redeems(market.orderId(buyer, bytes32(uint256(2))), 0);
        vm.startPrank(buyer);
        token.approve(address(market), 5e14);
        is_(market.buy(args(3, 2_000)), EnergyMarket.State.Waiting, "by approve and buy");
    }

    function test_EverythingElseGoesOnWhileOrdersArePaused() public {
        bytes32 second = funds(buyer, 2, 1_000);
        pauses();
        redeems(id, 1_000);
        is_(second, EnergyMarket.State.Open, "the successor is promoted");
        vm.prank(buyer);
        market.requestClose(second);
        vm.roll(1_010);
        vm.prank(buyer);
        market.reclaim(second);
        eq(token.balanceOf(address(market)), 0, "escrow");
        vm.startPrank(seller);
        market.setOffer(CONTACT, PRICE * 2, 1, 9_000, 3_000);
        market.report(new EnergyMarket.Report[](0));
    }

    function test_AnOrderIsReleasedWhileOrdersArePaused() public {
        pauses();
        vm.prank(seller);
        market.release(id);
        eq(token.balanceOf(buyer), PURSE, "purse");
    }

    function test_OnlyTheAuthorityPausesAndResumes() public {
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, seller);
        vm.startPrank(seller);
        refused(reason);
        market.pauseOrders();
        refused(reason);
        market.resumeOrders();
    }
}

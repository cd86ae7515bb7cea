// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

/// @dev What each transaction costs, base fee and calldata included: each call is a transaction of its own here.
/// Kept in snapshots/Gas.json, which a test run compares; FORGE_SNAPSHOT_CHECK=false writes it anew.
/// forge-config: default.isolate = true
contract GasTest is Neighbourhood {
    function setUp() public override {
        super.setUp();
        offers();
        // Neither the first nor the last of anybody's tokens: those cost and save what later trades do not.
        vm.startPrank(authority);
        token.mint(seller, PURSE);
        token.mint(address(market), 1);
        vm.stopPrank();
    }

    function used(string memory what) private returns (uint256) {
        return vm.snapshotGasLastCall("Gas", what);
    }

    function buys(uint256 ref, string memory what) private returns (bytes32 id, uint256 gas) {
        bytes memory order = abi.encode(args(ref, 2_000));
        vm.prank(buyer);
        token.approveAndCall(address(market), 5e14, order);
        gas = used(what);
        id = market.orderId(buyer, bytes32(ref));
    }

    function test_GasOfATrade() public {
        (bytes32 first,) = buys(1, "trade: buy by approveAndCall");
        (bytes32 second,) = buys(2, "trade: buy a successor by approveAndCall");
        redeems(first, 1_200);
        used("trade: redeem, refund the rest, promote the successor");
        redeems(second, 1_200);
        used("trade: redeem and refund the rest");
        redeems(funds(buyer, 3, 2_000), 2_000);
        used("trade: redeem the whole order");
    }

    function test_GasOfAnOrderThatIsNotSupplied() public {
        bytes32 id = funds(buyer, 1, 2_000);
        vm.prank(seller);
        market.release(id);
        used("no supply: release");
        id = funds(buyer, 2, 2_000);
        vm.prank(buyer);
        market.requestClose(id);
        used("no supply: requestClose");
        vm.roll(1_010);
        vm.prank(buyer);
        market.reclaim(id);
        used("no supply: reclaim");
    }

    function test_GasOfOffersAndReports() public {
        vm.prank(seller);
        market.setOffer(2, PRICE, 100, 5_000, 2_000);
        used("offer: first at a contact");
        vm.prank(seller);
        market.setOffer(2, PRICE * 2, 100, 5_000, 3_000);
        used("offer: changed");
        vm.prank(seller);
        market.setOffer(2, 0, 0, 0, 0);
        used("offer: withdrawn");
        EnergyMarket.Report[] memory day = new EnergyMarket.Report[](1);
        day[0] = EnergyMarket.Report(1, 10, 20, "root");
        vm.prank(seller);
        market.report(day);
        used("report: a household's first interval");
        day[0].interval = 2;
        vm.prank(seller);
        market.report(day);
        used("report: one interval");
    }

    function test_GasOfTheAuthority() public {
        vm.startPrank(authority);
        registry.admit(
            address(0xD0), "dogwood", NodeRegistry.Role.Consumer, "enode://0123456789@10.0.0.9:30303", "10.0.0.9:15555"
        );
        used("authority: admit a household");
        registry.suspend(address(0xD0));
        used("authority: suspend");
        token.mint(buyer, 1);
        used("authority: mint");
        market.pauseOrders();
        used("authority: pauseOrders");
        market.resumeOrders();
        used("authority: resumeOrders");
    }

    function test_BuyingInOneTransactionCostsLessThanInTwo() public {
        (bytes32 id, uint256 one) = buys(1, "trade: buy by approveAndCall");
        vm.prank(seller);
        market.release(id);
        vm.prank(buyer);
        token.approve(address(market), 5e14);
        uint256 two = used("in two: approve");
        vm.prank(buyer);
        market.buy(args(2, 2_000));
        two += used("in two: buy");
        yes(one < two, "approveAndCall costs less than approve and buy");
    }
}

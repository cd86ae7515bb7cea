// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";

contract ReportsTest is Neighbourhood {
    event Reported(
        address indexed household, uint64 indexed interval, uint64 produced, uint64 consumed, bytes32 root
    );

    function reports(address who, uint64 first, uint64 second) private {
        EnergyMarket.Report[] memory listed = new EnergyMarket.Report[](2);
        listed[0] = EnergyMarket.Report(first, 10, 20, "a");
        listed[1] = EnergyMarket.Report(second, 30, 40, "b");
        vm.prank(who);
        market.report(listed);
    }

    function test_ReportsAreRecordedIntervalByInterval() public {
        vm.expectEmit(true, true, false, true);
        emit Reported(seller, 5, 10, 20, "a");
        vm.expectEmit(true, true, false, true);
        emit Reported(seller, 9, 30, 40, "b");
        reports(seller, 5, 9);
        eq(market.nextReport(seller), 10, "next");
        eq(market.nextReport(buyer), 0, "another household's");
    }

    function test_AnIntervalIsReportedOnce() public {
        reports(seller, 5, 9);
        refused(abi.encodeWithSelector(EnergyMarket.IntervalNotRising.selector, 9, 10));
        reports(seller, 9, 12);
    }

    function test_ReportsOfOneTransactionRiseToo() public {
        refused(abi.encodeWithSelector(EnergyMarket.IntervalNotRising.selector, 5, 6));
        reports(seller, 5, 5);
    }

    function test_TheLastIntervalOfAllCannotBeReported() public {
        refused(abi.encodeWithSelector(EnergyMarket.IntervalNotRising.selector, type(uint64).max, 6));
        reports(seller, 5, type(uint64).max);
    }

    function test_AStrangerCannotReport() public {
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, stranger));
        reports(stranger, 5, 9);
    }
}

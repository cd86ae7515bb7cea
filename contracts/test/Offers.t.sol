// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";

contract OffersTest is Neighbourhood {
    event OfferSet(
        address indexed seller,
        uint32 indexed contact,
        uint128 price,
        uint64 minEnergy,
        uint64 maxEnergy,
        uint64 validUntil
    );

    function test_AnOfferIsKeptAsItWasMade() public {
        vm.expectEmit(true, true, false, true);
        emit OfferSet(seller, CONTACT, PRICE, 100, 5_000, 2_000);
        offers();
        EnergyMarket.Offer memory o = market.offer(seller, CONTACT);
        eq(o.price, PRICE, "price");
        eq(o.minEnergy, 100, "least");
        eq(o.maxEnergy, 5_000, "most");
        eq(o.validUntil, 2_000, "valid until");
        eq(o.open, 0, "open");
        eq(o.next, 0, "next");
    }

    function test_WithoutALeastEnergyItIsOneMilliwattHour() public {
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE, 0, 5_000, 2_000);
        eq(market.offer(seller, CONTACT).minEnergy, 1, "least");
    }

    function test_AnOfferWithoutEnergyIsWithdrawn() public {
        offers();
        vm.expectEmit(true, true, false, true);
        emit OfferSet(seller, CONTACT, 0, 0, 0, 0);
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE, 7, 0, 9);
        eq(market.offer(seller, CONTACT).maxEnergy, 0, "most");
    }

    function test_ASuspendedHouseholdCanWithdrawButNotOffer() public {
        offers();
        vm.prank(authority);
        registry.suspend(seller);
        vm.startPrank(seller);
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, seller));
        market.setOffer(CONTACT, PRICE, 1, 5_000, 2_000);
        market.setOffer(CONTACT, 0, 0, 0, 0);
        eq(market.offer(seller, CONTACT).maxEnergy, 0, "most");
    }

    function test_AStrangerCannotOffer() public {
        vm.prank(stranger);
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, stranger));
        market.setOffer(CONTACT, PRICE, 1, 5_000, 2_000);
    }

    function test_AnOfferNeedsAPrice() public {
        vm.prank(seller);
        refused(EnergyMarket.NoPrice.selector);
        market.setOffer(CONTACT, 0, 1, 5_000, 2_000);
    }

    function test_AnOfferNeedsRoomForAnOrder() public {
        vm.prank(seller);
        refused(abi.encodeWithSelector(EnergyMarket.EmptyRange.selector, 6, 5));
        market.setOffer(CONTACT, PRICE, 6, 5, 2_000);
    }

    function test_AnOfferIsValidForTheRunningBlockAtLeast() public {
        vm.startPrank(seller);
        refused(abi.encodeWithSelector(EnergyMarket.OfferExpired.selector, 999));
        market.setOffer(CONTACT, PRICE, 1, 5, 999);
        market.setOffer(CONTACT, PRICE, 1, 5, 1_000);
    }

    function test_AChangedOfferKeepsItsOrders() public {
        offers();
        bytes32 first = funds(buyer, 1, 1_000);
        bytes32 second = funds(buyer, 2, 1_000);
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE * 2, 1, 9_000, 3_000);
        eq(market.offer(seller, CONTACT).open, first, "open");
        eq(market.offer(seller, CONTACT).next, second, "next");
        eq(market.order(first).price, PRICE, "price of the order");
    }

    function test_AMarketNeedsBothWindows() public {
        refused(EnergyMarket.NoWindow.selector);
        new EnergyMarket(token, registry, 0, 1, authority);
        refused(EnergyMarket.NoWindow.selector);
        new EnergyMarket(token, registry, 1, 0, authority);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {EnergyToken} from "../src/EnergyToken.sol";

contract BuyingTest is Neighbourhood {
    event OrderFunded(
        bytes32 indexed orderId,
        address indexed buyer,
        address indexed seller,
        uint32 contact,
        uint64 energy,
        uint128 price,
        uint256 cost,
        uint64 supplyEnd
    );

    function setUp() public override {
        super.setUp();
        offers();
    }

    function test_ApproveAndCallFundsAnOrder() public {
        bytes32 id = market.orderId(buyer, bytes32(uint256(1)));
        vm.expectEmit(true, true, true, true);
        emit OrderFunded(id, buyer, seller, CONTACT, 2_000, PRICE, 5e14, 1_100);
        eq(funds(buyer, 1, 2_000), id, "id");

        EnergyMarket.Order memory o = market.order(id);
        eq(o.buyer, buyer, "buyer");
        eq(o.seller, seller, "seller");
        eq(o.contact, CONTACT, "contact");
        eq(o.energy, 2_000, "energy");
        eq(o.price, PRICE, "price");
        eq(o.supplyEnd, 1_100, "supply end");
        eq(o.reclaimFrom, 0, "reclaim from");
        is_(id, EnergyMarket.State.Open, "state");
        eq(market.offer(seller, CONTACT).open, id, "open order of the offer");
        eq(token.balanceOf(address(market)), 5e14, "escrow");
        eq(token.balanceOf(buyer), PURSE - 5e14, "purse");
        eq(token.allowance(buyer, address(market)), 0, "allowance left");
    }

    function test_ApproveAndBuyFundsTheSameOrder() public {
        vm.startPrank(buyer);
        token.approve(address(market), 5e14);
        bytes32 id = market.buy(args(1, 2_000));
        eq(id, market.orderId(buyer, bytes32(uint256(1))), "id");
        is_(id, EnergyMarket.State.Open, "state");
        eq(token.balanceOf(address(market)), 5e14, "escrow");
    }

    function test_AnIdIsTheHashOfChainMarketBuyerAndReference() public view {
        bytes32 expected = keccak256(abi.encode(block.chainid, address(market), buyer, bytes32(uint256(1))));
        eq(market.orderId(buyer, bytes32(uint256(1))), expected, "id");
    }

    function test_BuyingWithoutApprovalTakesNothing() public {
        vm.prank(buyer);
        refused(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 5e14));
        market.buy(args(1, 2_000));
    }

    function test_AnEmptyPurseBuysNothing() public {
        vm.prank(buyer);
        token.transfer(other, PURSE);
        refused(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, buyer, 0, 5e14));
        vm.prank(buyer);
        token.approveAndCall(address(market), 5e14, abi.encode(args(1, 2_000)));
    }

    function test_OnlyTheTokenReportsAnApproval() public {
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotToken.selector, buyer));
        market.onApprovalReceived(buyer, 5e14, abi.encode(args(1, 2_000)));
    }

    function test_AnotherTokenBuysNothing() public {
        EnergyToken fake = new EnergyToken("Fake", "NET", stranger, 1e30, 1_000);
        vm.prank(stranger);
        fake.mint(buyer, PURSE);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotToken.selector, address(fake)));
        fake.approveAndCall(address(market), 5e14, abi.encode(args(1, 2_000)));
    }

    function test_TheApprovedAmountIsTheCostExactly() public {
        vm.startPrank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.WrongAmount.selector, 5e14 + 1, 5e14));
        token.approveAndCall(address(market), 5e14 + 1, abi.encode(args(1, 2_000)));
        refused(abi.encodeWithSelector(EnergyMarket.WrongAmount.selector, 5e14 - 1, 5e14));
        token.approveAndCall(address(market), 5e14 - 1, abi.encode(args(1, 2_000)));
    }

    function test_DataThatIsNoOrderIsRefused() public {
        vm.startPrank(buyer);
        refused(EnergyMarket.MalformedOrder.selector);
        token.approveAndCall(address(market), 5e14, "");
        refused(EnergyMarket.MalformedOrder.selector);
        token.approveAndCall(address(market), 5e14, abi.encode(args(1, 2_000), uint256(0)));
    }

    function test_AStrangerCannotBuy() public {
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, stranger));
        vm.prank(stranger);
        market.buy(args(1, 2_000));
    }

    function test_NothingIsBoughtFromASuspendedSeller() public {
        vm.prank(authority);
        registry.suspend(seller);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, seller));
        market.buy(args(1, 2_000));
    }

    function test_NobodyBuysFromHimself() public {
        vm.prank(seller);
        refused(EnergyMarket.OwnOffer.selector);
        market.buy(args(1, 2_000));
    }

    function test_WhereNothingIsOfferedNothingIsBought() public {
        EnergyMarket.OrderArgs memory order = args(1, 2_000);
        order.contact = 2;
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NoOffer.selector, seller, 2));
        market.buy(order);
    }

    function test_AnOfferTakesOrdersUntilItsLastBlock() public {
        vm.roll(2_001);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.OfferExpired.selector, 2_000));
        market.buy(args(1, 2_000));
        vm.roll(2_000);
        funds(buyer, 1, 2_000);
    }

    function test_APriceThatTheBuyerDidNotSeeIsRefused() public {
        EnergyMarket.OrderArgs memory order = args(1, 2_000);
        order.price = PRICE + 1;
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.PriceChanged.selector, PRICE, PRICE + 1));
        market.buy(order);
    }

    function test_AnOrderStaysWithinTheOffersEnergies() public {
        vm.startPrank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.EnergyOutsideOffer.selector, 99, 100, 5_000));
        market.buy(args(1, 99));
        refused(abi.encodeWithSelector(EnergyMarket.EnergyOutsideOffer.selector, 5_001, 100, 5_000));
        market.buy(args(1, 5_001));
        vm.stopPrank();
        funds(buyer, 1, 100);
        funds(buyer, 2, 5_000);
    }

    function test_AnOrderThatCostsNothingIsRefused() public {
        vm.prank(seller);
        market.setOffer(2, 999, 1, 5_000, 2_000);
        EnergyMarket.OrderArgs memory order = EnergyMarket.OrderArgs(bytes32("dust"), seller, 2, 1_001, 999);
        vm.startPrank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.CostsNothing.selector, 1_001, 999));
        token.approveAndCall(address(market), 0, abi.encode(order));
        order.energy = 1_002;
        token.approveAndCall(address(market), 1, abi.encode(order));
    }

    function test_AReferenceServesOnceOnly() public {
        bytes32 id = funds(buyer, 1, 1_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.OrderExists.selector, id));
        market.buy(args(1, 1_000));
        redeems(id, 1_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.OrderExists.selector, id));
        market.buy(args(1, 1_000));
    }

    function test_TwoBuyersMayUseTheSameReference() public {
        redeems(funds(buyer, 1, 1_000), 1_000);
        is_(funds(other, 1, 1_000), EnergyMarket.State.Open, "the other buyer's");
    }

    function test_AnOpenOrderKeepsOtherBuyersAway() public {
        bytes32 first = funds(buyer, 1, 1_000);
        vm.prank(other);
        refused(abi.encodeWithSelector(EnergyMarket.OfferBusy.selector, first, 0));
        market.buy(args(2, 1_000));
    }

    function test_ASecondOrderOfTheSameBuyerWaits() public {
        bytes32 first = funds(buyer, 1, 1_000);
        bytes32 second = funds(buyer, 2, 1_000);
        is_(second, EnergyMarket.State.Waiting, "state");
        eq(market.order(second).supplyEnd, 0, "supply end");
        eq(market.offer(seller, CONTACT).open, first, "open");
        eq(market.offer(seller, CONTACT).next, second, "next");
    }

    function test_AThirdOrderIsRefused() public {
        bytes32 first = funds(buyer, 1, 1_000);
        bytes32 second = funds(buyer, 2, 1_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.OfferBusy.selector, first, second));
        market.buy(args(3, 1_000));
    }

    function testFuzz_ACostIsRoundedDownOnce(uint64 energy, uint128 price) public view {
        uint256 found = market.cost(energy, price);
        yes(found * 1e6 <= uint256(energy) * price, "not above");
        yes((found + 1) * 1e6 > uint256(energy) * price, "nor a unit below");
    }
}

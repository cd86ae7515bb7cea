// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";

contract SettlingTest is Neighbourhood {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    event OrderRedeemed(
        bytes32 indexed orderId,
        address indexed buyer,
        address indexed seller,
        uint64 energy,
        uint256 paid,
        uint256 refunded
    );
    event OrderReleased(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 refunded
    );
    event CloseRequested(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 escrow, uint64 reclaimFrom
    );
    event OrderReclaimed(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 refunded
    );
    event OrderPromoted(
        bytes32 indexed orderId,
        address indexed buyer,
        address indexed seller,
        uint64 energy,
        uint256 escrow,
        uint64 supplyEnd
    );

    bytes32 private id;

    function setUp() public override {
        super.setUp();
        offers();
        id = funds(buyer, 1, 2_000);
    }

    // ------------------------------------------------------------ redeem

    function test_AVoucherPaysTheSellerAndRefundsTheRestAtOnce() public {
        vm.expectEmit(true, true, true, true);
        emit OrderRedeemed(id, buyer, seller, 1_200, 3e14, 2e14);
        redeems(id, 1_200);
        eq(token.balanceOf(seller), 3e14, "paid");
        eq(token.balanceOf(buyer), PURSE - 3e14, "purse");
        eq(token.balanceOf(address(market)), 0, "escrow");
        eq(market.order(id).paidEnergy, 1_200, "energy paid");
        is_(id, EnergyMarket.State.Redeemed, "state");
        eq(market.offer(seller, CONTACT).open, 0, "the offer is free");
    }

    function test_AFullVoucherPaysAllAndAnEmptyOneNothing() public {
        redeems(id, 2_000);
        eq(token.balanceOf(seller), 5e14, "paid");
        redeems(funds(buyer, 2, 2_000), 0);
        eq(token.balanceOf(seller), 5e14, "paid nothing more");
        eq(token.balanceOf(buyer), PURSE - 5e14, "purse");
    }

    function test_AVoucherAboveTheOrderPaysTheOrder() public {
        redeems(id, 9_999);
        eq(token.balanceOf(seller), 5e14, "paid");
        eq(market.order(id).paidEnergy, 2_000, "energy paid");
    }

    function test_AnOrderIsRedeemedOnce() public {
        redeems(id, 1_000);
        (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, 2_000);
        vm.prank(seller);
        refused(abi.encodeWithSelector(EnergyMarket.OrderEnded.selector, id, EnergyMarket.State.Redeemed));
        market.redeem(v, signature);
    }

    function test_OnlyTheSellerRedeems() public {
        (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, 1_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotSeller.selector, buyer, seller));
        market.redeem(v, signature);
    }

    function test_OnlyTheBuyersSignatureCounts() public {
        bytes memory signature = signed(0xBAD, id, 1_000);
        vm.prank(seller);
        refused(abi.encodeWithSelector(EnergyMarket.WrongSigner.selector, vm.addr(0xBAD), buyer));
        market.redeem(EnergyMarket.Voucher(id, 1_000), signature);
    }

    function test_AVoucherForAnotherOrderDoesNotPay() public {
        bytes32 second = funds(buyer, 2, 2_000);
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        vm.prank(seller);
        vm.expectRevert();
        market.redeem(EnergyMarket.Voucher(second, 1_000), signature);
    }

    function test_AVoucherForLessEnergyDoesNotPayMore() public {
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        vm.prank(seller);
        vm.expectRevert();
        market.redeem(EnergyMarket.Voucher(id, 1_001), signature);
    }

    function test_AMalleableSignatureIsRefused() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, digest(id, 1_000));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        vm.prank(seller);
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        market.redeem(EnergyMarket.Voucher(id, 1_000), abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_ASignatureHas65Bytes() public {
        vm.prank(seller);
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        market.redeem(EnergyMarket.Voucher(id, 1_000), new bytes(64));
    }

    function test_ASignatureOfNobodyIsRefused() public {
        vm.prank(seller);
        refused(ECDSA.ECDSAInvalidSignature.selector);
        market.redeem(EnergyMarket.Voucher(id, 1_000), new bytes(65));
    }

    function test_ASuspendedHouseholdsOrdersAreSettledAsAnyOther() public {
        vm.startPrank(authority);
        registry.suspend(seller);
        registry.suspend(buyer);
        vm.stopPrank();
        redeems(id, 1_000);
        is_(id, EnergyMarket.State.Redeemed, "state");
    }

    // ------------------------------------------------------------ release

    function test_AReleasedOrderIsRefundedWhole() public {
        vm.expectEmit(true, true, true, true);
        emit OrderReleased(id, buyer, seller, 5e14);
        vm.prank(seller);
        market.release(id);
        eq(token.balanceOf(buyer), PURSE, "purse");
        is_(id, EnergyMarket.State.Released, "state");
        eq(market.offer(seller, CONTACT).open, 0, "the offer is free");
    }

    function test_OnlyTheSellerReleases() public {
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotSeller.selector, buyer, seller));
        market.release(id);
    }

    function test_AnOrderThatIsNotThereCannotBeEnded() public {
        bytes32 none = bytes32(uint256(7));
        bytes memory reason = abi.encodeWithSelector(EnergyMarket.UnknownOrder.selector, none);
        vm.startPrank(seller);
        refused(reason);
        market.release(none);
        refused(reason);
        market.redeem(EnergyMarket.Voucher(none, 1), new bytes(65));
        refused(reason);
        market.requestClose(none);
        refused(reason);
        market.reclaim(none);
    }

    // ------------------------------------------------------------ close and reclaim

    function closes(bytes32 order) private {
        vm.prank(buyer);
        market.requestClose(order);
    }

    function test_AskingToCloseBeginsTheChallengeWindow() public {
        vm.expectEmit(true, true, true, true);
        emit CloseRequested(id, buyer, seller, 5e14, 1_010);
        closes(id);
        is_(id, EnergyMarket.State.Closing, "state");
        eq(market.order(id).reclaimFrom, 1_010, "reclaim from");
    }

    function test_ASilentSellersOrderIsReclaimedAfterTheWindow() public {
        closes(id);
        vm.roll(1_010);
        vm.expectEmit(true, true, true, true);
        emit OrderReclaimed(id, buyer, seller, 5e14);
        vm.prank(buyer);
        market.reclaim(id);
        eq(token.balanceOf(buyer), PURSE, "purse");
        is_(id, EnergyMarket.State.Reclaimed, "state");
        eq(market.offer(seller, CONTACT).open, 0, "the offer is free");
    }

    function test_NothingIsReclaimedWithinTheWindow() public {
        closes(id);
        vm.roll(1_009);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.ChallengeRunning.selector, 1_010));
        market.reclaim(id);
    }

    function test_NothingIsReclaimedWithoutAWindow() public {
        vm.roll(5_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotClosing.selector, id));
        market.reclaim(id);
    }

    function test_TheSellerRedeemsAClosingOrderUntilItIsReclaimed() public {
        closes(id);
        vm.roll(1_500);
        redeems(id, 1_000);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.OrderEnded.selector, id, EnergyMarket.State.Redeemed));
        market.reclaim(id);
    }

    function test_ARepeatedRequestDoesNotMoveTheWindow() public {
        closes(id);
        vm.roll(1_005);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.AlreadyClosing.selector, 1_010));
        market.requestClose(id);
    }

    function test_OnlyTheBuyerClosesAndReclaims() public {
        bytes memory reason = abi.encodeWithSelector(EnergyMarket.NotBuyer.selector, seller, buyer);
        vm.startPrank(seller);
        refused(reason);
        market.requestClose(id);
        refused(reason);
        market.reclaim(id);
    }

    // ------------------------------------------------------------ successor

    function test_TheSuccessorIsPromotedWithItsSupplyCountedFromThen() public {
        bytes32 second = funds(buyer, 2, 3_000);
        vm.roll(1_050);
        vm.expectEmit(true, true, true, true);
        emit OrderPromoted(second, buyer, seller, 3_000, 7.5e14, 1_150);
        redeems(id, 2_000);
        is_(second, EnergyMarket.State.Open, "state");
        eq(market.order(second).supplyEnd, 1_150, "supply end");
        eq(market.offer(seller, CONTACT).open, second, "open");
        eq(market.offer(seller, CONTACT).next, 0, "next");
    }

    function test_ReleasingAndReclaimingPromoteToo() public {
        bytes32 second = funds(buyer, 2, 1_000);
        vm.prank(seller);
        market.release(id);
        is_(second, EnergyMarket.State.Open, "after a release");
        bytes32 third = funds(buyer, 3, 1_000);
        closes(second);
        vm.roll(1_010);
        vm.prank(buyer);
        market.reclaim(second);
        is_(third, EnergyMarket.State.Open, "after a reclaim");
    }

    function test_AWaitingOrderCanBeEndedBeforeTheOpenOne() public {
        bytes32 second = funds(buyer, 2, 1_000);
        redeems(second, 400);
        is_(second, EnergyMarket.State.Redeemed, "the successor");
        is_(id, EnergyMarket.State.Open, "the open one");
        eq(market.offer(seller, CONTACT).open, id, "open");
        eq(market.offer(seller, CONTACT).next, 0, "next");
        is_(funds(buyer, 3, 1_000), EnergyMarket.State.Waiting, "another successor");
    }

    function test_AClosingSuccessorMovesUpAndStaysClosing() public {
        bytes32 second = funds(buyer, 2, 1_000);
        closes(second);
        redeems(id, 2_000);
        is_(second, EnergyMarket.State.Closing, "state");
        eq(market.order(second).reclaimFrom, 1_010, "its window");
        eq(market.offer(seller, CONTACT).open, second, "open");
        vm.roll(1_010);
        vm.prank(buyer);
        market.reclaim(second);
        eq(market.offer(seller, CONTACT).open, 0, "the offer is free");
    }

    // ------------------------------------------------------------ conservation

    /// @dev For any energy, price and voucher: what was paid and what was refunded is what was put in.
    function testFuzz_PaidAndRefundedAreWhatWasPutIn(uint64 energy, uint128 price, uint64 vouchered) public {
        energy = uint64(between(energy, 1, 1e12));
        price = uint128(between(price, 1, 1e20));
        vm.prank(seller);
        market.setOffer(2, price, 1, type(uint64).max, 2_000);
        uint256 amount = market.cost(energy, price);
        vm.assume(amount > 0);
        vm.prank(authority);
        token.mint(buyer, amount);
        uint256 before = token.balanceOf(buyer);
        uint256 escrow = token.balanceOf(address(market));

        vm.startPrank(buyer);
        token.approve(address(market), amount);
        bytes32 order = market.buy(EnergyMarket.OrderArgs(bytes32("fuzz"), seller, 2, energy, price));
        vm.stopPrank();
        eq(token.balanceOf(address(market)), escrow + amount, "escrow while open");
        redeems(order, vouchered);

        uint64 counted = vouchered < energy ? vouchered : energy;
        eq(token.balanceOf(seller), uint256(counted) * price / 1e6, "paid");
        eq(token.balanceOf(seller) + token.balanceOf(buyer), before, "paid and refunded");
        eq(token.balanceOf(address(market)), escrow, "escrow afterwards");
    }

    /// @dev A higher voucher never pays less.
    function testFuzz_AHigherVoucherNeverPaysLess(uint64 low, uint64 high, uint128 price) public view {
        vm.assume(low <= high);
        yes(market.cost(low, price) <= market.cost(high, price), "rises with the energy");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ERC1363Utils} from "@openzeppelin/contracts/token/ERC20/utils/ERC1363Utils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {EnergyToken} from "../src/EnergyToken.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

/// @dev What somebody may try, and what comes of it. See the table in docs/contracts.md.
contract AttacksTest is Neighbourhood {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    bytes32 private id;

    function setUp() public override {
        super.setUp();
        offers();
        id = funds(buyer, 1, 2_000);
    }

    // ------------------------------------------------------------ vouchers

    function refusedAsForeign(bytes32 order, bytes memory signature, bytes32 readAs) private {
        address signer = ECDSA.recover(readAs, signature);
        refused(abi.encodeWithSelector(EnergyMarket.WrongSigner.selector, signer, buyer));
        vm.prank(seller);
        market.redeem(EnergyMarket.Voucher(order, 1_000), signature);
        is_(order, EnergyMarket.State.Open, "state");
    }

    function test_AVoucherReplayedToAnotherOrderDoesNotPay() public {
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        redeems(id, 1_000);
        bytes32 second = funds(buyer, 2, 2_000);
        refusedAsForeign(second, signature, digest(second, 1_000));
    }

    function test_AVoucherReplayedToAnotherMarketDoesNotPay() public {
        EnergyMarket old = market;
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        market = new EnergyMarket(token, registry, SUPPLY, CHALLENGE, authority);
        offers();
        bytes32 order = funds(buyer, 1, 2_000);
        yes(order != id, "the same reference has another id there");
        refusedAsForeign(order, signed(BUYER_KEY, id, 1_000), digest(order, 1_000));
        refusedAsForeign(order, signature, digest(order, 1_000));
        refused(abi.encodeWithSelector(EnergyMarket.UnknownOrder.selector, id));
        vm.prank(seller);
        market.redeem(EnergyMarket.Voucher(id, 1_000), signature);
        eq(uint256(old.order(id).state), uint256(EnergyMarket.State.Open), "untouched in its own market");
    }

    /// @dev Even for the very id of an order here, which cannot be another chain's: both hash the chain's number.
    function test_AVoucherReplayedToAnotherChainDoesNotPay() public {
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        bytes32 there = market.orderId(buyer, bytes32(uint256(1)));
        vm.chainId(here);
        yes(there != id, "the same reference has another id there");
        refusedAsForeign(id, signature, digest(id, 1_000));
    }

    /// @dev A copy of the chain that was given another number takes no vouchers of the first one either.
    function test_AVoucherOfTheChainThatWasCopiedDoesNotPayOnTheCopy() public {
        bytes memory signature = signed(BUYER_KEY, id, 1_000);
        vm.chainId(block.chainid + 1);
        refusedAsForeign(id, signature, digest(id, 1_000));
    }

    function test_AVoucherAboveTheOrderPaysNoMoreThanTheOrder() public {
        bytes32 next = funds(buyer, 2, 3_000);
        redeems(id, type(uint64).max);
        eq(token.balanceOf(seller), 5e14, "paid");
        eq(token.balanceOf(address(market)), 7.5e14, "the other order's escrow");
        is_(next, EnergyMarket.State.Open, "the other order");
    }

    function test_AMalleatedSignatureIsNoSecondVoucher() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, digest(id, 1_000));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        uint8 turned = v == 27 ? 28 : 27;
        EnergyMarket.Voucher memory asked = EnergyMarket.Voucher(id, 1_000);
        vm.startPrank(seller);
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        market.redeem(asked, abi.encodePacked(r, high, turned));
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        market.redeem(asked, abi.encodePacked(r, high, v));
        bytes memory compact = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
        market.redeem(asked, compact);
        refused(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 66));
        market.redeem(asked, abi.encodePacked(r, s, v, uint8(0)));
        uint8[4] memory wrong = [v - 27, 29, 0, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            refused(ECDSA.ECDSAInvalidSignature.selector);
            market.redeem(asked, abi.encodePacked(r, s, wrong[i]));
        }
        is_(id, EnergyMarket.State.Open, "state");
    }

    function test_ABuyerCannotRedeemItsOwnSmallVoucher() public {
        bytes memory small = signed(BUYER_KEY, id, 1);
        refused(abi.encodeWithSelector(EnergyMarket.NotSeller.selector, buyer, seller));
        vm.prank(buyer);
        market.redeem(EnergyMarket.Voucher(id, 1), small);
        redeems(id, 2_000);
        eq(token.balanceOf(seller), 5e14, "the seller's best voucher counts");
    }

    function test_ASellerCannotVoucherForItsBuyer() public {
        address malory = vm.addr(0xBAD);
        vm.prank(authority);
        registry.admit(malory, "malory", NodeRegistry.Role.Producer, "", "");
        vm.prank(malory);
        market.setOffer(1, PRICE, 1, 5_000, 2_000);
        EnergyMarket.OrderArgs memory order = EnergyMarket.OrderArgs("x", malory, 1, 2_000, PRICE);
        vm.prank(buyer);
        token.approveAndCall(address(market), 5e14, abi.encode(order));
        bytes32 theirs = market.orderId(buyer, "x");
        refused(abi.encodeWithSelector(EnergyMarket.WrongSigner.selector, malory, buyer));
        bytes memory forged = signed(0xBAD, theirs, 2_000);
        vm.prank(malory);
        market.redeem(EnergyMarket.Voucher(theirs, 2_000), forged);
    }

    // ------------------------------------------------------------ tokens and hooks

    function test_AFakeTokenBuysNothing() public {
        EnergyToken fake = new EnergyToken("Neighbourhood energy token", "NET", stranger, 1e30, 1_000);
        vm.prank(stranger);
        fake.mint(other, PURSE);
        redeems(id, 0);
        vm.startPrank(other);
        refused(abi.encodeWithSelector(EnergyMarket.NotToken.selector, address(fake)));
        fake.approveAndCall(address(market), 5e14, abi.encode(args(9, 2_000)));
        eq(market.offer(seller, CONTACT).open, 0, "nothing was ordered");
    }

    /// @dev The victim approved the market for an order of its own; somebody else tries to spend that.
    function test_NobodySpendsAnothersAllowanceThroughTheHook() public {
        redeems(id, 0);
        vm.prank(buyer);
        token.approve(address(market), PURSE);
        bytes memory order = abi.encode(args(9, 2_000));

        vm.startPrank(other);
        refused(abi.encodeWithSelector(EnergyMarket.NotToken.selector, other));
        market.onApprovalReceived(buyer, 5e14, order);
        token.approveAndCall(address(market), 5e14, order);
        vm.stopPrank();

        eq(token.balanceOf(buyer), PURSE, "the victim's purse");
        eq(token.allowance(buyer, address(market)), PURSE, "the victim's allowance");
        eq(market.order(market.orderId(other, bytes32(uint256(9)))).buyer, other, "who called the token has bought");
    }

    /// @dev ERC-1363's other way in: the market takes no tokens but for orders.
    function test_TokensHandedOverWithoutAnOrderAreRefused() public {
        vm.startPrank(buyer);
        refused(abi.encodeWithSelector(ERC1363Utils.ERC1363InvalidReceiver.selector, address(market)));
        token.transferAndCall(address(market), 5e14, abi.encode(args(9, 2_000)));
    }

    /// @dev Somebody who sends tokens to the market's address loses them; he can neither order nor unsettle others.
    function test_TokensSentToTheMarketChangeNobodysOrder() public {
        vm.prank(stranger);
        token.transfer(address(market), 7);
        redeems(id, 1_200);
        eq(token.balanceOf(seller), 3e14, "paid");
        eq(token.balanceOf(buyer), PURSE - 3e14, "purse");
        eq(token.balanceOf(address(market)), 7, "what was sent stays");
    }

    /// @dev The strongest seat: a token that is the seller as well, and calls back while the market pays with it.
    function test_ATokenThatCallsBackWhileItPaysFindsTheOrderEnded() public {
        ReentrantToken evil = reentrantSeller();
        for (uint256 ref = 1; ref <= 2; ++ref) {
            id = bought(ref);
            (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, 1_200);
            evil.callsBack(market, abi.encodeCall(market.redeem, (v, signature)), abi.encodeCall(market.release, (id)));
            vm.prank(address(evil));
            if (ref == 1) market.redeem(v, signature);
            else market.release(id);
            EnergyMarket.State how = ref == 1 ? EnergyMarket.State.Redeemed : EnergyMarket.State.Released;
            evil.wasRefused(abi.encodeWithSelector(EnergyMarket.OrderEnded.selector, id, how));
            eq(evil.paidOut(), ref * 5e14, "once what was put in");
        }
    }

    /// @dev A token that is the buyer, and calls back while its order is funded, has the one order.
    function test_ATokenThatCallsBackWhileItFundsGetsNoSecondOrder() public {
        ReentrantToken evil = reentrantSeller();
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE, 100, 5_000, 2_000);
        id = market.orderId(address(evil), bytes32(uint256(1)));
        bytes memory again = abi.encodeCall(market.buy, (args(1, 2_000)));
        evil.callsBack(market, again, again);
        vm.prank(address(evil));
        market.buy(args(1, 2_000));
        evil.wasRefused(abi.encodeWithSelector(EnergyMarket.OrderExists.selector, id));
        eq(market.offer(seller, CONTACT).next, 0, "nothing waits");
    }

    /// @dev The market calls nobody whom it pays: a receiver that fails cannot keep others' tokens in escrow.
    function test_AReceiverThatFailsCannotHoldUpASettlement() public {
        RefusingReceiver refusing = new RefusingReceiver();
        vm.prank(authority);
        registry.admit(address(refusing), "refusing", NodeRegistry.Role.Prosumer, "", "");
        vm.prank(buyer);
        token.transfer(address(refusing), 5e14);
        redeems(id, 0);
        vm.prank(address(refusing));
        token.approveAndCall(address(market), 5e14, abi.encode(args(1, 2_000)));
        bytes32 theirs = market.orderId(address(refusing), bytes32(uint256(1)));
        vm.prank(seller);
        market.release(theirs);
        eq(token.balanceOf(address(refusing)), 5e14, "refunded");
    }

    /// @dev ERC-1363's hook on somebody else's contract: it cannot pass the approval on to the market as its own.
    function test_AMaliciousSpenderCannotPassAnApprovalOn() public {
        redeems(id, 0);
        PassingOn spender = new PassingOn(market);
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.NotToken.selector, address(spender)));
        token.approveAndCall(address(spender), 5e14, abi.encode(args(9, 2_000)));
        eq(token.balanceOf(buyer), PURSE, "purse");
    }

    function reentrantSeller() private returns (ReentrantToken evil) {
        evil = new ReentrantToken();
        market = new EnergyMarket(IERC20(address(evil)), registry, SUPPLY, CHALLENGE, authority);
        vm.prank(authority);
        registry.admit(address(evil), "evil", NodeRegistry.Role.Prosumer, "", "");
        vm.prank(address(evil));
        market.setOffer(CONTACT, PRICE, 100, 5_000, 2_000);
    }

    function bought(uint256 ref) private returns (bytes32) {
        EnergyMarket.OrderArgs memory order = args(ref, 2_000);
        order.seller = address(market.token());
        vm.prank(buyer);
        return market.buy(order);
    }

    // ------------------------------------------------------------ time

    function test_AtTheWindowsEndTheBlocksOrderDecidesAndOnlyOneIsPaid() public {
        vm.prank(buyer);
        market.requestClose(id);
        (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, 2_000);

        vm.roll(1_009);
        refused(abi.encodeWithSelector(EnergyMarket.ChallengeRunning.selector, 1_010));
        vm.prank(buyer);
        market.reclaim(id);

        uint256 fork = vm.snapshotState();
        vm.roll(1_010);
        vm.prank(buyer);
        market.reclaim(id);
        refused(abi.encodeWithSelector(EnergyMarket.OrderEnded.selector, id, EnergyMarket.State.Reclaimed));
        vm.prank(seller);
        market.redeem(v, signature);
        eq(token.balanceOf(buyer), PURSE, "reclaimed first: all to the buyer");

        vm.revertToState(fork);
        vm.roll(1_010);
        vm.prank(seller);
        market.redeem(v, signature);
        refused(abi.encodeWithSelector(EnergyMarket.OrderEnded.selector, id, EnergyMarket.State.Redeemed));
        vm.prank(buyer);
        market.reclaim(id);
        eq(token.balanceOf(seller), 5e14, "redeemed first: all to the seller");
        eq(token.balanceOf(address(market)), 0, "escrow");
    }

    /// @dev No block for a week: the seller had no chance to redeem, so nothing has run out.
    function test_AChainThatStandsStillLetsNoDeadlinePass() public {
        vm.prank(buyer);
        market.requestClose(id);
        vm.warp(block.timestamp + 7 days);
        refused(abi.encodeWithSelector(EnergyMarket.ChallengeRunning.selector, 1_010));
        vm.prank(buyer);
        market.reclaim(id);
        redeems(id, 2_000);
        funds(buyer, 2, 2_000);
        eq(market.order(market.orderId(buyer, bytes32(uint256(2)))).supplyEnd, 1_100, "supply ends by blocks, too");
    }

    /// @dev Nor can a signer's clock, set forward, bring a deadline nearer.
    function test_ABlocksTimestampMovesNoDeadline() public {
        vm.prank(buyer);
        market.requestClose(id);
        vm.roll(1_009);
        vm.warp(type(uint64).max);
        refused(abi.encodeWithSelector(EnergyMarket.ChallengeRunning.selector, 1_010));
        vm.prank(buyer);
        market.reclaim(id);
    }

    // ------------------------------------------------------------ occupying, repricing

    function test_DustBelowTheSellersLeastIsRefused() public {
        redeems(id, 0);
        vm.prank(other);
        refused(abi.encodeWithSelector(EnergyMarket.EnergyOutsideOffer.selector, 1, 100, 5_000));
        market.buy(args(9, 1));
    }

    /// @dev Somebody orders the least again and again, and takes nothing. Each order costs him several times the gas of
    /// the seller's `release`, so his gas credit ends long before the seller's; the authority ends it at once.
    function test_SquattingCostsTheSquatterMoreThanTheSellerAndEndsWithASuspension() public {
        redeems(id, 0);
        uint256 squatting;
        uint256 clearing;
        for (uint256 i = 0; i < 20; ++i) {
            vm.prank(other);
            token.approveAndCall(address(market), 2.5e13, abi.encode(args(i, 100)));
            squatting += vm.lastCallGas().gasTotalUsed;
            bytes32 order = market.orderId(other, bytes32(i));
            vm.prank(seller);
            market.release(order);
            clearing += vm.lastCallGas().gasTotalUsed;
        }
        yes(squatting > 3 * clearing, "three times the gas");
        vm.prank(authority);
        registry.suspend(other);
        vm.prank(other);
        refused(abi.encodeWithSelector(EnergyMarket.NotAdmitted.selector, other));
        market.buy(args(99, 100));
        is_(funds(buyer, 2, 2_000), EnergyMarket.State.Open, "others buy again");
    }

    /// @dev The successor's place is the open order's buyer's. Nobody else gets between, nor before it when it ends.
    function test_NobodySquatsOnAnothersSuccessor() public {
        vm.startPrank(other);
        refused(abi.encodeWithSelector(EnergyMarket.OfferBusy.selector, id, 0));
        market.buy(args(9, 100));
        vm.stopPrank();
        bytes32 next = funds(buyer, 2, 1_000);
        redeems(id, 2_000);
        vm.startPrank(other);
        refused(abi.encodeWithSelector(EnergyMarket.OfferBusy.selector, next, 0));
        market.buy(args(9, 100));
    }

    /// @dev A buyer who keeps the successor's place with dust is cleared away by two transactions of the seller's.
    function test_ASellerClearsOpenOrderAndSuccessorInOneBlock() public {
        bytes32 next = funds(buyer, 2, 100);
        vm.startPrank(seller);
        market.release(next);
        market.release(id);
        vm.stopPrank();
        eq(token.balanceOf(buyer), PURSE, "all went back");
        is_(funds(other, 1, 2_000), EnergyMarket.State.Open, "somebody else buys in the same block");
    }

    /// @dev A silent seller holds a buyer's tokens for the challenge window, of all his orders at once.
    function test_ASilentSellerHoldsEscrowForOneWindowOnly() public {
        bytes32 next = funds(buyer, 2, 5_000);
        vm.startPrank(buyer);
        market.requestClose(id);
        market.requestClose(next);
        vm.roll(1_010);
        market.reclaim(next);
        market.reclaim(id);
        eq(token.balanceOf(buyer), PURSE, "all came back");
    }

    function test_ARepricedOfferTakesNoOrderAtThePriceSeenBefore() public {
        redeems(id, 0);
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE * 100, 1, 5_000, 2_000);
        bytes memory order = abi.encode(args(2, 2_000));
        vm.prank(buyer);
        refused(abi.encodeWithSelector(EnergyMarket.PriceChanged.selector, PRICE * 100, PRICE));
        token.approveAndCall(address(market), 5e14, order);
        eq(token.balanceOf(buyer), PURSE, "nothing was taken");
        eq(token.allowance(buyer, address(market)), 0, "and nothing is allowed");
    }

    function test_ARepricedOfferChangesNoOrderThatRuns() public {
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE * 100, 1, 5_000, 2_000);
        redeems(id, 2_000);
        eq(token.balanceOf(seller), 5e14, "paid at the price that the buyer saw");
    }

    // ------------------------------------------------------------ the authority's keys

    /// @dev A thief mints at the end of one period and the beginning of the next: two caps, then he is replaced.
    function test_AStolenMinterKeyIsBoundedAndReplaced() public {
        uint256 cap = 50e18;
        address thief = address(0x7413F);
        EnergyToken small = new EnergyToken("", "", authority, cap, 1_000);
        vm.prank(authority);
        small.setMinter(thief);
        vm.roll(1_999);
        vm.startPrank(thief);
        small.mint(thief, cap);
        refused(abi.encodeWithSelector(EnergyToken.MintCapExceeded.selector, 1, 0));
        small.mint(thief, 1);
        refused(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, thief));
        small.setMinter(thief);
        vm.roll(2_000);
        small.mint(thief, cap);
        vm.stopPrank();

        vm.prank(authority);
        small.setMinter(authority);
        vm.roll(3_000);
        vm.prank(thief);
        refused(abi.encodeWithSelector(EnergyToken.NotMinter.selector, thief, authority));
        small.mint(thief, 1);
        eq(small.totalSupply(), 2 * cap, "the harm is bounded");
    }

    /// @dev With the authority's own key somebody can stop new orders, but reach no tokens.
    function test_AStolenAuthorityKeyReachesNoEscrow() public {
        (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, 2_000);
        vm.startPrank(authority);
        market.pauseOrders();
        registry.suspend(buyer);
        registry.suspend(seller);
        refused(abi.encodeWithSelector(EnergyMarket.NotSeller.selector, authority, seller));
        market.redeem(v, signature);
        refused(abi.encodeWithSelector(EnergyMarket.NotSeller.selector, authority, seller));
        market.release(id);
        refused(abi.encodeWithSelector(EnergyMarket.NotBuyer.selector, authority, buyer));
        market.requestClose(id);
        refused(abi.encodeWithSelector(EnergyMarket.NotBuyer.selector, authority, buyer));
        market.reclaim(id);
        vm.stopPrank();
        redeems(id, 2_000);
        eq(token.balanceOf(seller), 5e14, "settled all the same");
    }
}

/// @dev Takes any payment as made, counts what the market pays out, and calls it back each time.
contract ReentrantToken {
    EnergyMarket private market;
    bytes[2] private whilePaying;
    bytes private answer;
    uint256 public paidOut;

    function callsBack(EnergyMarket market_, bytes calldata first, bytes calldata second) external {
        (market, whilePaying) = (market_, [first, second]);
    }

    function wasRefused(bytes calldata reason) external {
        require(keccak256(answer) == keccak256(reason), "refused otherwise, or not called");
        delete answer;
        delete whilePaying;
    }

    function transfer(address, uint256 value) external returns (bool) {
        paidOut += value;
        return moves();
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        return moves();
    }

    function moves() private returns (bool) {
        for (uint256 i = 0; i < 2 && whilePaying[i].length > 0; ++i) {
            (bool done, bytes memory said) = address(market).call(whilePaying[i]);
            require(!done, "it was let in again");
            answer = said;
        }
        return true;
    }
}

/// @dev Would fail if it were told of tokens that it gets.
contract RefusingReceiver {
    function onTransferReceived(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        revert("no");
    }
}

/// @dev Told of an approval, it tells the market of it as if it were the token.
contract PassingOn {
    EnergyMarket private immutable market;

    constructor(EnergyMarket market_) {
        market = market_;
    }

    function onApprovalReceived(address owner, uint256 value, bytes calldata data) external returns (bytes4) {
        return market.onApprovalReceived(owner, value, data);
    }
}

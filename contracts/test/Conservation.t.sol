// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheats} from "./Cheats.sol";
import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {EnergyToken} from "../src/EnergyToken.sol";

/// @dev Two buyers and a seller who do anything that the market allows, in any order, and keep their own books.
contract Traders is Cheats {
    uint32 private constant CONTACTS = 3;
    uint256[2] private keys = [uint256(0xB17C4), uint256(0xCEDA4)];

    EnergyMarket private immutable market;
    EnergyToken private immutable token;
    address private immutable seller;
    function(uint256, bytes32, uint64) external view returns (bytes memory) private sign;

    bytes32[] public orders;
    mapping(bytes32 => uint256) public key;
    uint256 public putIn;
    uint256 public paid;
    uint256 public refunded;
    uint256 private height = 1_000;

    constructor(
        EnergyMarket market_,
        EnergyToken token_,
        address seller_,
        function(uint256, bytes32, uint64) external view returns (bytes memory) sign_
    ) {
        (market, token, seller, sign) = (market_, token_, seller_, sign_);
    }

    function live() external view returns (uint256 sum) {
        for (uint256 i = 0; i < orders.length; ++i) {
            EnergyMarket.Order memory o = market.order(orders[i]);
            if (o.state <= EnergyMarket.State.Closing) sum += market.cost(o.energy, o.price);
        }
    }

    function count() external view returns (uint256) {
        return orders.length;
    }

    function passes(uint8 blocks) external {
        height += blocks % 20;
        vm.roll(height);
    }

    function offers(uint32 contact, uint128 price, uint64 most) external {
        vm.prank(seller);
        market.setOffer(
            contact % CONTACTS, uint128(between(price, 1, 1e18)), 0, uint64(between(most, 0, 5_000)), type(uint64).max
        );
    }

    function buys(uint8 who, uint32 contact, uint64 energy) external {
        contact %= CONTACTS;
        EnergyMarket.Offer memory o = market.offer(seller, contact);
        uint256 buyerKey = keys[who % 2];
        address buyer = vm.addr(buyerKey);
        if (o.maxEnergy == 0 || o.next != 0 || (o.open != 0 && market.order(o.open).buyer != buyer)) return;
        energy = uint64(between(energy, o.minEnergy, o.maxEnergy));
        uint256 amount = market.cost(energy, o.price);
        bytes32 ref = bytes32(orders.length);
        vm.prank(buyer);
        token.approveAndCall(
            address(market), amount, abi.encode(EnergyMarket.OrderArgs(ref, seller, contact, energy, o.price))
        );
        bytes32 id = market.orderId(buyer, ref);
        orders.push(id);
        key[id] = buyerKey;
        putIn += amount;
    }

    function redeems(uint256 which, uint64 energy) external {
        (bytes32 id, EnergyMarket.Order memory o) = pick(which);
        if (o.state == EnergyMarket.State.None || o.state > EnergyMarket.State.Closing) return;
        energy = uint64(between(energy, 0, uint256(o.energy) + 10));
        bytes memory signature = sign(key[id], id, energy);
        vm.prank(seller);
        market.redeem(EnergyMarket.Voucher(id, energy), signature);
        uint256 due = market.cost(energy < o.energy ? energy : o.energy, o.price);
        paid += due;
        refunded += market.cost(o.energy, o.price) - due;
    }

    function releases(uint256 which) external {
        (bytes32 id, EnergyMarket.Order memory o) = pick(which);
        if (o.state == EnergyMarket.State.None || o.state > EnergyMarket.State.Closing) return;
        vm.prank(seller);
        market.release(id);
        refunded += market.cost(o.energy, o.price);
    }

    function closes(uint256 which) external {
        (bytes32 id, EnergyMarket.Order memory o) = pick(which);
        if (o.state != EnergyMarket.State.Open && o.state != EnergyMarket.State.Waiting) return;
        vm.prank(o.buyer);
        market.requestClose(id);
    }

    function reclaims(uint256 which) external {
        (bytes32 id, EnergyMarket.Order memory o) = pick(which);
        if (o.state != EnergyMarket.State.Closing || height < o.reclaimFrom) return;
        vm.prank(o.buyer);
        market.reclaim(id);
        refunded += market.cost(o.energy, o.price);
    }

    function pick(uint256 which) private view returns (bytes32 id, EnergyMarket.Order memory o) {
        if (orders.length == 0) return (0, o);
        id = orders[which % orders.length];
        o = market.order(id);
    }
}

contract ConservationTest is Neighbourhood {
    Traders private traders;

    function setUp() public override {
        other = vm.addr(0xCEDA4);
        super.setUp();
        traders = new Traders(market, token, seller, this.signature);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(traders);
    }

    function signature(uint256 key, bytes32 id, uint64 energy) external view returns (bytes memory) {
        return signed(key, id, energy);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_NoTokenIsMadeOrLost() public view {
        uint256 escrow = token.balanceOf(address(market));
        eq(escrow, traders.live(), "escrow is what live orders hold");
        eq(traders.putIn(), traders.paid() + traders.refunded() + escrow, "put in");
        eq(token.balanceOf(seller), traders.paid(), "the seller's balance");
        eq(
            token.balanceOf(buyer) + token.balanceOf(other) + token.balanceOf(seller) + escrow,
            2 * PURSE,
            "all that was minted"
        );
    }

    function invariant_AnOffersOrdersAreLiveAndOfOneBuyer() public view {
        for (uint32 contact = 0; contact < 3; ++contact) {
            EnergyMarket.Offer memory o = market.offer(seller, contact);
            if (o.open == 0) {
                eq(o.next, 0, "nothing waits behind nothing");
                continue;
            }
            EnergyMarket.State open = market.order(o.open).state;
            yes(open == EnergyMarket.State.Open || open == EnergyMarket.State.Closing, "the open order");
            if (o.next == 0) continue;
            EnergyMarket.State next = market.order(o.next).state;
            yes(next == EnergyMarket.State.Waiting || next == EnergyMarket.State.Closing, "the waiting order");
            eq(market.order(o.next).buyer, market.order(o.open).buyer, "of the same buyer");
        }
    }
}

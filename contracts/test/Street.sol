// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Neighbourhood} from "./Neighbourhood.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

/// @dev Four buyers, three sellers with two contacts each, and an authority, who do in any order whatever the contracts
/// allow, and now and then what they forbid. The street keeps its own books, from balances before and after each call.
contract Street is Neighbourhood {
    uint256 private constant BUYERS = 4;
    uint256 private constant SELLERS = 3;
    uint32 private constant CONTACTS = 2;

    struct Book {
        uint256 key;
        uint256 escrow;
        uint256 paid;
        uint256 refunded;
        uint64 vouched;
        uint8 endings;
    }

    uint256[BUYERS] private keys;
    address[] public people;
    address[SELLERS] private sellers;
    bytes32[] public orders;
    bytes32[] private live;
    mapping(bytes32 id => Book) private books;
    uint256 public putIn;
    uint256 public paid;
    uint256 public refunded;
    uint256 private height = 1_000;

    constructor() {
        setUp();
        vm.startPrank(authority);
        for (uint256 i = 0; i < BUYERS; ++i) {
            keys[i] = 0xB17C40 + i;
            people.push(vm.addr(keys[i]));
            registry.admit(people[i], "buyer", NodeRegistry.Role.Consumer, "", "");
            token.mint(people[i], PURSE);
        }
        for (uint256 i = 0; i < SELLERS; ++i) {
            sellers[i] = address(uint160(0x5E11E0 + i));
            people.push(sellers[i]);
            registry.admit(sellers[i], "seller", NodeRegistry.Role.Producer, "", "");
        }
        vm.stopPrank();
        people.push(buyer);
        people.push(other);
        people.push(stranger);
    }

    // ------------------------------------------------------------ what households do

    function passes(uint8 blocks) external {
        height += blocks % 8;
        vm.roll(height);
    }

    function offers(uint256 who, uint32 contact, uint128 price, uint64 most) external {
        (price, most) = (uint128(between(price, 1e6, 1e18)), uint64(between(most, 0, 5_000)));
        address owner = sellers[who % SELLERS];
        vm.prank(owner);
        (bool done,) = address(market).call(
            abi.encodeCall(market.setOffer, (contact % CONTACTS, price, 0, most, type(uint64).max))
        );
        yes(done == (most == 0 || registry.isAdmitted(owner)), "who is admitted offers");
    }

    function buys(uint256 who, uint256 from, uint32 contact, uint64 energy, bool atOnce) external {
        (uint256 key, address owner) = (keys[who % BUYERS], sellers[from % SELLERS]);
        (address payer, uint256 before) = (vm.addr(key), token.balanceOf(vm.addr(key)));
        EnergyMarket.Offer memory o = market.offer(owner, contact % CONTACTS);
        energy = uint64(between(energy, o.minEnergy, uint256(o.maxEnergy) + o.maxEnergy / 16));
        EnergyMarket.OrderArgs memory order =
            EnergyMarket.OrderArgs(bytes32(orders.length), owner, contact % CONTACTS, energy, o.price);
        uint256 amount = market.cost(energy, o.price);

        bool done = atOnce ? approvesAndCalls(payer, amount, order) : approvesAndBuys(payer, amount, order);

        yes(done == permitted(payer, owner, o, energy, amount, before), "bought if the rules allow it, and only then");
        eq(before - token.balanceOf(payer), done ? amount : 0, "taken from the purse");
        if (!done) return;
        bytes32 id = market.orderId(payer, order.ref);
        books[id] = Book(key, amount, 0, 0, 0, 0);
        putIn += amount;
        orders.push(id);
        live.push(id);
    }

    function vouches(uint256 which, uint64 energy) external {
        bytes32 id = pick(which);
        if (id == 0) return;
        energy = uint64(between(energy, 0, uint256(market.order(id).energy) + 100));
        if (energy > books[id].vouched) books[id].vouched = energy;
    }

    function redeems(uint256 which, uint64 energy) external {
        bytes32 id = pick(which);
        if (id == 0) return;
        energy = uint64(between(energy, 0, books[id].vouched));
        (EnergyMarket.Order memory o, bytes memory signature) = (market.order(id), signed(books[id].key, id, energy));
        ends(id, o.seller, abi.encodeCall(market.redeem, (EnergyMarket.Voucher(id, energy), signature)), true);
    }

    function releases(uint256 which) external {
        bytes32 id = pick(which);
        if (id != 0) ends(id, market.order(id).seller, abi.encodeCall(market.release, (id)), true);
    }

    function closes(uint256 which) external {
        bytes32 id = pick(which);
        if (id == 0) return;
        EnergyMarket.State state = market.order(id).state;
        vm.prank(market.order(id).buyer);
        (bool done,) = address(market).call(abi.encodeCall(market.requestClose, (id)));
        yes(done == (state == EnergyMarket.State.Open || state == EnergyMarket.State.Waiting), "closed once");
    }

    function reclaims(uint256 which) external {
        bytes32 id = pick(which);
        if (id == 0) return;
        EnergyMarket.Order memory o = market.order(id);
        bool due = o.state == EnergyMarket.State.Closing && height >= o.reclaimFrom;
        ends(id, o.buyer, abi.encodeCall(market.reclaim, (id)), due);
    }

    function sends(uint256 from, uint256 to, uint256 amount) external {
        address sender = people[from % people.length];
        address receiver = people[to % people.length];
        amount = between(amount, 0, token.balanceOf(sender) / 4);
        vm.prank(sender);
        token.transfer(receiver, amount);
    }

    function burns(uint256 who, uint256 amount) external {
        address holder = people[who % people.length];
        amount = between(amount, 0, token.balanceOf(holder) / 16);
        vm.prank(holder);
        token.burn(amount);
    }

    // ------------------------------------------------------------ what the authority does

    function mints(uint256 who, uint256 amount) external {
        vm.prank(authority);
        token.mint(people[who % people.length], amount % 100e18);
    }

    function pausesOrResumes(uint8 dice) external {
        vm.prank(authority);
        if (dice % 4 == 0) market.pauseOrders();
        else market.resumeOrders();
    }

    function suspendsOrAdmits(uint256 who, uint8 dice) external {
        address account = people[who % (BUYERS + SELLERS)];
        vm.prank(authority);
        if (dice % 4 == 0) registry.suspend(account);
        else registry.admit(account, "again", NodeRegistry.Role.Prosumer, "", "");
    }

    // ------------------------------------------------------------ what is forbidden

    /// @dev Somebody else's voucher, more than was vouched for, or the wrong party.
    function cheats(uint256 which, uint64 energy, uint8 how) external {
        bytes32 id = pick(which);
        if (id == 0) return;
        EnergyMarket.Order memory o = market.order(id);
        energy = uint64(between(energy, uint256(books[id].vouched) + 1, type(uint64).max));
        bytes memory call;
        if (how % 4 < 2) {
            bytes memory signature = how % 4 == 0
                ? signed(books[id].key, id, books[id].vouched)
                : signed(0xBAD, id, energy);
            call = abi.encodeCall(market.redeem, (EnergyMarket.Voucher(id, energy), signature));
        } else if (how % 4 == 2) {
            bytes memory best = signed(books[id].key, id, books[id].vouched);
            call = abi.encodeCall(market.redeem, (EnergyMarket.Voucher(id, books[id].vouched), best));
        } else {
            call = abi.encodeCall(market.release, (id));
        }
        vm.prank(how % 4 < 2 ? o.seller : o.buyer);
        (bool done,) = address(market).call(call);
        yes(!done, "no cheating");
    }

    // ------------------------------------------------------------ the books

    /// @dev A live order's party ends it with a call that must work if `due`; an ended one's must not.
    function ends(bytes32 id, address party, bytes memory call, bool due) private {
        EnergyMarket.Order memory o = market.order(id);
        bool expected = due && o.state <= EnergyMarket.State.Closing;
        (uint256 till, uint256 purse) = (token.balanceOf(o.seller), token.balanceOf(o.buyer));
        vm.prank(party);
        (bool done,) = address(market).call(call);
        yes(done == expected, "a live order ends, an ended one does not");
        if (!done) return;
        Book storage book = books[id];
        ++book.endings;
        book.paid += token.balanceOf(o.seller) - till;
        book.refunded += token.balanceOf(o.buyer) - purse;
        paid += token.balanceOf(o.seller) - till;
        refunded += token.balanceOf(o.buyer) - purse;
        for (uint256 i = 0; i < live.length; ++i) {
            if (live[i] != id) continue;
            live[i] = live[live.length - 1];
            live.pop();
            return;
        }
    }

    function permitted(
        address payer,
        address owner,
        EnergyMarket.Offer memory o,
        uint64 energy,
        uint256 amount,
        uint256 purse
    ) private view returns (bool) {
        bool free = o.open == 0 || (o.next == 0 && market.order(o.open).buyer == payer);
        return free && o.maxEnergy > 0 && energy <= o.maxEnergy && amount <= purse && !market.ordersPaused()
            && registry.isAdmitted(payer) && registry.isAdmitted(owner);
    }

    function approvesAndCalls(address payer, uint256 amount, EnergyMarket.OrderArgs memory order)
        private
        returns (bool done)
    {
        vm.prank(payer);
        (done,) = address(token).call(
            abi.encodeWithSignature(
                "approveAndCall(address,uint256,bytes)", address(market), amount, abi.encode(order)
            )
        );
    }

    function approvesAndBuys(address payer, uint256 amount, EnergyMarket.OrderArgs memory order)
        private
        returns (bool done)
    {
        vm.prank(payer);
        token.approve(address(market), amount);
        vm.prank(payer);
        (done,) = address(market).call(abi.encodeCall(market.buy, (order)));
    }

    /// @dev Mostly a live order, now and then any; 0 while there is none.
    function pick(uint256 which) private view returns (bytes32) {
        if (live.length > 0 && which % 8 != 0) return live[(which / 8) % live.length];
        return orders.length == 0 ? bytes32(0) : orders[(which / 8) % orders.length];
    }

    // ------------------------------------------------------------ what has to be true

    function supplyAddsUp() external view {
        uint256 sum = token.balanceOf(address(market)) + token.balanceOf(authority);
        for (uint256 i = 0; i < people.length; ++i) {
            sum += token.balanceOf(people[i]);
        }
        eq(sum, token.totalSupply(), "supply = sum of balances");
    }

    /// @dev Escrow in is what was paid, what was refunded, and what the orders on the offers hold. No other is live.
    function escrowAddsUp() external view {
        uint256 held;
        uint256 queued;
        for (uint256 i = 0; i < SELLERS * CONTACTS; ++i) {
            EnergyMarket.Offer memory o = market.offer(sellers[i / CONTACTS], uint32(i % CONTACTS));
            if (o.open == 0) {
                eq(o.next, 0, "nothing waits behind nothing");
                continue;
            }
            EnergyMarket.Order memory open = market.order(o.open);
            yes(open.state == EnergyMarket.State.Open || open.state == EnergyMarket.State.Closing, "the open order");
            held += market.cost(open.energy, open.price);
            ++queued;
            if (o.next == 0) continue;
            EnergyMarket.Order memory next = market.order(o.next);
            yes(next.state == EnergyMarket.State.Waiting || next.state == EnergyMarket.State.Closing, "the next one");
            eq(next.buyer, open.buyer, "of the same buyer");
            held += market.cost(next.energy, next.price);
            ++queued;
        }
        eq(queued, live.length, "every live order is on its offer");
        eq(token.balanceOf(address(market)), held, "the market holds what live orders hold");
        eq(putIn, paid + refunded + held, "escrow in = paid + refunded + locked");
    }

    /// @dev Of every order that ever was; looked at when a run is over.
    function everyOrderIsFair() external view {
        for (uint256 i = 0; i < orders.length; ++i) {
            Book memory book = books[orders[i]];
            EnergyMarket.Order memory o = market.order(orders[i]);
            bool over = o.state > EnergyMarket.State.Closing;
            eq(book.endings, over ? 1 : 0, "an order ends once");
            yes(book.paid <= market.cost(book.vouched, o.price), "nobody gets more than his vouchers");
            eq(book.paid + book.refunded, over ? book.escrow : 0, "what was put in comes out, at the end");
        }
    }

    function ended() external view returns (uint256 sum) {
        return orders.length - live.length;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC1363Spender} from "@openzeppelin/contracts/interfaces/IERC1363Spender.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Governed} from "./Governed.sol";
import {IHouseholds} from "./IHouseholds.sol";

/// @title Orders of energy between neighbours, paid from escrow for what the buyer's own meter has seen.
/// @notice A seller offers energy at one of its contacts. A buyer funds an order; while energy flows it signs vouchers,
/// "order X, N mWh received so far". The seller redeems the best one: it is paid for N, the rest goes back at once.
///
/// Waiting → Open → (Closing) → Redeemed | Released | Reclaimed
///
/// An offer carries one open order and one successor of the same buyer, which waits and is promoted when the open one
/// ends. New orders can be paused by the neighbourhood's authority; nothing else can, so that whatever is in escrow
/// always finds its way out. Energies are milliwatt-hours, prices token base units per kilowatt-hour, deadlines block numbers: a stalled
/// chain stops them too, and no clock can be set against them.
contract EnergyMarket is EIP712, IERC1363Spender, Governed {
    using SafeERC20 for IERC20;

    /// @notice Where an order stands. Waiting, Open and Closing orders hold tokens in escrow.
    enum State {
        None,
        Waiting,
        Open,
        Closing,
        Redeemed,
        Released,
        Reclaimed
    }

    /// @notice What a seller offers at one contact: the price of a kWh, the energies between which one order may lie,
    /// the last block in which orders are taken, and the orders that run there.
    /// @dev `open` and `next` survive a change or withdrawal of the offer. Four slots: price with both energies,
    /// `validUntil`, `open`, `next`; a purchase reads the first three and writes one.
    struct Offer {
        uint128 price;
        uint64 minEnergy;
        uint64 maxEnergy;
        uint64 validUntil;
        bytes32 open;
        bytes32 next;
    }

    /// @notice An order, at any time of its life.
    /// @dev `supplyEnd` is 0 while the order waits; `reclaimFrom` is 0 until its buyer asks to close it;
    /// `paidEnergy` is what was redeemed. The fields' order packs them into three slots; ending an order that was never
    /// closing writes the second, redeeming it the third as well.
    struct Order {
        address buyer;
        uint32 contact;
        uint64 energy;
        address seller;
        uint64 supplyEnd;
        State state;
        uint128 price;
        uint64 reclaimFrom;
        uint64 paidEnergy;
    }

    /// @notice What a buyer orders. `ref` is random, chosen by the buyer; `price` is the one that the buyer saw.
    struct OrderArgs {
        bytes32 ref;
        address seller;
        uint32 contact;
        uint64 energy;
        uint128 price;
    }

    /// @notice "Of this order I have received so much energy until now", which its buyer signs (EIP-712).
    struct Voucher {
        bytes32 orderId;
        uint64 energy;
    }

    /// @notice What a household produced and consumed in an interval; `root` is the Merkle root of its readings in it.
    struct Report {
        uint64 interval;
        uint64 produced;
        uint64 consumed;
        bytes32 root;
    }

    bytes32 private constant VOUCHER_TYPE = keccak256("Voucher(bytes32 orderId,uint64 energy)");
    uint256 private constant MWH_PER_KWH = 1e6;
    uint256 private constant ORDER_ARGS_BYTES = 160;

    /// @notice The only token that pays here.
    IERC20 public immutable token;

    /// @notice Who may offer, buy and report.
    IHouseholds public immutable registry;

    /// @notice How many blocks an order may be supplied for.
    uint32 public immutable supplyBlocks;

    /// @notice How many blocks a seller has to redeem after the buyer asked to close.
    uint32 public immutable challengeBlocks;

    /// @notice Whether the authority has paused new orders. Those that run are settled as ever.
    bool public ordersPaused;

    /// @notice The lowest interval that a household can report next.
    mapping(address household => uint64) public nextReport;

    mapping(address seller => mapping(uint32 contact => Offer)) private _offers;
    mapping(bytes32 orderId => Order) private _orders;

    /// @notice An offer was made or changed; with `maxEnergy` 0 it was withdrawn.
    event OfferSet(
        address indexed seller,
        uint32 indexed contact,
        uint128 price,
        uint64 minEnergy,
        uint64 maxEnergy,
        uint64 validUntil
    );

    /// @notice An order was funded. With `supplyEnd` 0 it waits behind the buyer's open one.
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

    /// @notice A waiting order took the place of the one before it.
    event OrderPromoted(
        bytes32 indexed orderId,
        address indexed buyer,
        address indexed seller,
        uint64 energy,
        uint256 escrow,
        uint64 supplyEnd
    );

    /// @notice The seller was paid for what the buyer vouchered, and the buyer got the rest back.
    event OrderRedeemed(
        bytes32 indexed orderId,
        address indexed buyer,
        address indexed seller,
        uint64 energy,
        uint256 paid,
        uint256 refunded
    );

    /// @notice The seller gave the order back.
    event OrderReleased(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 refunded
    );

    /// @notice The buyer asked to close: the seller can redeem until the order is reclaimed, which `reclaimFrom` allows.
    event CloseRequested(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 escrow, uint64 reclaimFrom
    );

    /// @notice The buyer took back what a silent seller did not redeem.
    event OrderReclaimed(
        bytes32 indexed orderId, address indexed buyer, address indexed seller, uint256 refunded
    );

    /// @notice What a household produced and consumed in an interval, in mWh.
    event Reported(
        address indexed household, uint64 indexed interval, uint64 produced, uint64 consumed, bytes32 root
    );

    /// @notice The authority takes no new orders until further notice; all else goes on.
    event NewOrdersPaused(address indexed authority);

    /// @notice New orders are taken again.
    event NewOrdersResumed(address indexed authority);

    /// @notice The neighbourhood's authority has paused new orders; those that run are settled as ever.
    error OrdersPaused();
    /// @notice Supply and challenge take at least one block each.
    error NoWindow();
    /// @notice The account is not a household in good standing.
    error NotAdmitted(address account);
    /// @notice An offer needs a price.
    error NoPrice();
    /// @notice No order can lie between these energies.
    error EmptyRange(uint64 minEnergy, uint64 maxEnergy);
    /// @notice The seller offers nothing at this contact.
    error NoOffer(address seller, uint32 contact);
    /// @notice The offer has ended, with this block.
    error OfferExpired(uint64 validUntil);
    /// @notice The offer's price is not the one that the buyer saw.
    error PriceChanged(uint128 offered, uint128 expected);
    /// @notice The offer takes orders between these energies only.
    error EnergyOutsideOffer(uint64 energy, uint64 minEnergy, uint64 maxEnergy);
    /// @notice So little energy costs less than one base unit: an order that costs nothing would hold an offer for nothing.
    error CostsNothing(uint64 energy, uint128 price);
    /// @notice Nobody buys from himself.
    error OwnOffer();
    /// @notice The buyer has used this reference before.
    error OrderExists(bytes32 orderId);
    /// @notice Another buyer's order is open on the offer, or a successor waits already.
    error OfferBusy(bytes32 open, bytes32 next);
    /// @notice Only the market's token calls this.
    error NotToken(address caller);
    /// @notice The data behind an approval is not one order.
    error MalformedOrder();
    /// @notice The approved amount is not the order's cost.
    error WrongAmount(uint256 value, uint256 cost);
    /// @notice There is no such order.
    error UnknownOrder(bytes32 orderId);
    /// @notice The order has ended already.
    error OrderEnded(bytes32 orderId, State state);
    /// @notice Only the order's seller can do this.
    error NotSeller(address caller, address seller);
    /// @notice Only the order's buyer can do this.
    error NotBuyer(address caller, address buyer);
    /// @notice The voucher was not signed by the order's buyer.
    error WrongSigner(address signer, address buyer);
    /// @notice The order is closing already.
    error AlreadyClosing(uint64 reclaimFrom);
    /// @notice An order is closed first, and reclaimed after the challenge window.
    error NotClosing(bytes32 orderId);
    /// @notice The challenge window lasts until this block.
    error ChallengeRunning(uint64 reclaimFrom);
    /// @notice Reports come in order, each interval once.
    error IntervalNotRising(uint64 interval, uint64 lowest);

    /// @param token_ the neighbourhood's token
    /// @param registry_ the neighbourhood's registry
    /// @param supplyBlocks_ blocks that an order may be supplied for
    /// @param challengeBlocks_ blocks that a seller has to redeem after the buyer asked to close
    /// @param authority who may pause new orders
    constructor(
        IERC20 token_,
        IHouseholds registry_,
        uint32 supplyBlocks_,
        uint32 challengeBlocks_,
        address authority
    ) EIP712("Commonwatt Market", "1") Governed(authority) {
        if (supplyBlocks_ == 0 || challengeBlocks_ == 0) revert NoWindow();
        token = token_;
        registry = registry_;
        supplyBlocks = supplyBlocks_;
        challengeBlocks = challengeBlocks_;
    }

    // ---------------------------------------------------------------- offers

    /// @notice Offer energy at one of the sender's contacts, change the offer, or withdraw it.
    /// @param contact number of the feed contact at the seller's relay
    /// @param price token base units per kWh
    /// @param minEnergy the least that one order may ask for, in mWh; 0 and 1 mean the same
    /// @param maxEnergy the most that one order may ask for, in mWh; 0 withdraws the offer
    /// @param validUntil the last block in which orders are taken
    function setOffer(uint32 contact, uint128 price, uint64 minEnergy, uint64 maxEnergy, uint64 validUntil) external {
        if (maxEnergy == 0) {
            (price, minEnergy, validUntil) = (0, 0, 0);
        } else {
            _onlyAdmitted(msg.sender);
            if (price == 0) revert NoPrice();
            if (minEnergy == 0) minEnergy = 1;
            if (minEnergy > maxEnergy) revert EmptyRange(minEnergy, maxEnergy);
            if (block.number > validUntil) revert OfferExpired(validUntil);
        }
        Offer storage o = _offers[msg.sender][contact];
        (o.price, o.minEnergy, o.maxEnergy, o.validUntil) = (price, minEnergy, maxEnergy, validUntil);
        emit OfferSet(msg.sender, contact, price, minEnergy, maxEnergy, validUntil);
    }

    // ---------------------------------------------------------------- orders

    /// @notice Fund an order from an approval given before.
    /// @param args what is ordered
    /// @return id the order's id
    function buy(OrderArgs calldata args) external returns (bytes32 id) {
        uint256 amount;
        (id, amount) = _fund(msg.sender, args);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Fund an order by the token's `approveAndCall(market, cost, abi.encode(OrderArgs))`, in one transaction.
    /// @dev The token passes its own caller as `owner`, and no one else can call this: so nobody's allowance is spent by
    /// another. `transferFrom` of the only token comes last, after all effects.
    /// @param owner who approved, and buys
    /// @param value what was approved: the order's cost exactly
    /// @param data the order, `abi.encode(OrderArgs)`
    /// @return selector the function's own, as ERC-1363 asks
    function onApprovalReceived(address owner, uint256 value, bytes calldata data) external returns (bytes4 selector) {
        if (msg.sender != address(token)) revert NotToken(msg.sender);
        if (data.length != ORDER_ARGS_BYTES) revert MalformedOrder();
        (, uint256 amount) = _fund(owner, abi.decode(data, (OrderArgs)));
        if (value != amount) revert WrongAmount(value, amount);
        // slither-disable-next-line arbitrary-send-erc20 - the token names its own caller as the owner
        token.safeTransferFrom(owner, address(this), amount);
        return IERC1363Spender.onApprovalReceived.selector;
    }

    /// @notice Be paid for what the buyer has vouchered, and give back the rest. The order ends here.
    /// @dev A voucher above the order's energy pays the whole order: a buyer's slip must not lock the seller out.
    /// @param voucher order and energy, as its buyer signed them
    /// @param signature the buyer's, 65 bytes r ‖ s ‖ v with low s
    function redeem(Voucher calldata voucher, bytes calldata signature) external {
        Order storage order_ = _live(voucher.orderId);
        _onlySeller(order_);
        address signer = ECDSA.recover(_voucherDigest(voucher), signature);
        if (signer != order_.buyer) revert WrongSigner(signer, order_.buyer);

        uint64 energy = voucher.energy < order_.energy ? voucher.energy : order_.energy;
        uint256 paid = cost(energy, order_.price);
        uint256 refunded = cost(order_.energy, order_.price) - paid;
        (address buyer, address seller) = (order_.buyer, order_.seller);
        order_.paidEnergy = energy;
        emit OrderRedeemed(voucher.orderId, buyer, seller, energy, paid, refunded);
        _end(voucher.orderId, order_, State.Redeemed);
        if (paid > 0) token.safeTransfer(seller, paid);
        if (refunded > 0) token.safeTransfer(buyer, refunded);
    }

    /// @notice Give an order back whole, as a seller who cannot supply it.
    /// @param id of the order
    function release(bytes32 id) external {
        Order storage order_ = _live(id);
        _onlySeller(order_);
        uint256 refunded = cost(order_.energy, order_.price);
        emit OrderReleased(id, order_.buyer, order_.seller, refunded);
        _end(id, order_, State.Released);
        token.safeTransfer(order_.buyer, refunded);
    }

    /// @notice Ask for the end of an order, as its buyer. The challenge window begins: the seller can still redeem.
    /// @param id of the order
    function requestClose(bytes32 id) external {
        Order storage order_ = _live(id);
        _onlyBuyer(order_);
        if (order_.state == State.Closing) revert AlreadyClosing(order_.reclaimFrom);
        uint64 reclaimFrom = uint64(block.number) + challengeBlocks;
        order_.state = State.Closing;
        order_.reclaimFrom = reclaimFrom;
        emit CloseRequested(id, order_.buyer, order_.seller, cost(order_.energy, order_.price), reclaimFrom);
    }

    /// @notice Take an order back whole, as its buyer, when the seller let the challenge window pass.
    /// @param id of the order
    function reclaim(bytes32 id) external {
        Order storage order_ = _live(id);
        _onlyBuyer(order_);
        if (order_.state != State.Closing) revert NotClosing(id);
        if (block.number < order_.reclaimFrom) revert ChallengeRunning(order_.reclaimFrom);
        uint256 refunded = cost(order_.energy, order_.price);
        emit OrderReclaimed(id, order_.buyer, order_.seller, refunded);
        _end(id, order_, State.Reclaimed);
        token.safeTransfer(order_.buyer, refunded);
    }

    // ---------------------------------------------------------------- reports

    /// @notice State production and consumption, interval by interval. The transaction is the household's signature.
    /// @param reports in rising intervals, each above all that were reported before
    function report(Report[] calldata reports) external {
        _onlyAdmitted(msg.sender);
        uint64 lowest = nextReport[msg.sender];
        for (uint256 i = 0; i < reports.length; ++i) {
            Report calldata r = reports[i];
            if (r.interval < lowest || r.interval == type(uint64).max) revert IntervalNotRising(r.interval, lowest);
            lowest = r.interval + 1;
            emit Reported(msg.sender, r.interval, r.produced, r.consumed, r.root);
        }
        nextReport[msg.sender] = lowest;
    }

    // ---------------------------------------------------------------- the authority

    /// @notice Take no new orders, as the authority. Offers, settlement and reports go on.
    function pauseOrders() external onlyOwner {
        ordersPaused = true;
        emit NewOrdersPaused(msg.sender);
    }

    /// @notice Take new orders again, as the authority.
    function resumeOrders() external onlyOwner {
        ordersPaused = false;
        emit NewOrdersResumed(msg.sender);
    }

    // ---------------------------------------------------------------- views

    /// @notice The offer at a contact.
    /// @param seller whose offer
    /// @param contact number of the feed contact at the seller's relay
    /// @return found the offer; its `maxEnergy` is 0 if there is none
    function offer(address seller, uint32 contact) external view returns (Offer memory found) {
        return _offers[seller][contact];
    }

    /// @notice An order, live or ended.
    /// @param id of the order
    /// @return found the order; its state is `None` if there is none of that id
    function order(bytes32 id) external view returns (Order memory found) {
        return _orders[id];
    }

    /// @notice The id that an order has, known before it is funded.
    /// @param buyer who funds it
    /// @param ref the reference that the buyer chose for it
    /// @return id hash over chain, market, buyer and reference
    function orderId(address buyer, bytes32 ref) public view returns (bytes32 id) {
        return keccak256(abi.encode(block.chainid, address(this), buyer, ref));
    }

    /// @notice What an energy costs, in base units, rounded down.
    /// @param energy mWh
    /// @param price base units per kWh
    /// @return amount base units
    function cost(uint64 energy, uint128 price) public pure returns (uint256 amount) {
        return uint256(energy) * price / MWH_PER_KWH;
    }

    // ---------------------------------------------------------------- inside

    /// @dev Checks and effects of both ways to buy; the caller moves the tokens.
    function _fund(address buyer, OrderArgs memory args) private returns (bytes32 id, uint256 amount) {
        if (ordersPaused) revert OrdersPaused();
        _onlyAdmitted(buyer);
        _onlyAdmitted(args.seller);
        if (buyer == args.seller) revert OwnOffer();
        Offer storage o = _offers[args.seller][args.contact];
        if (o.maxEnergy == 0) revert NoOffer(args.seller, args.contact);
        if (block.number > o.validUntil) revert OfferExpired(o.validUntil);
        if (args.price != o.price) revert PriceChanged(o.price, args.price);
        if (args.energy < o.minEnergy || args.energy > o.maxEnergy) {
            revert EnergyOutsideOffer(args.energy, o.minEnergy, o.maxEnergy);
        }
        amount = cost(args.energy, args.price);
        // slither-disable-next-line incorrect-equality - a product of the order's own numbers, nobody's balance
        if (amount == 0) revert CostsNothing(args.energy, args.price);
        id = orderId(buyer, args.ref);
        if (_orders[id].state != State.None) revert OrderExists(id);

        uint64 supplyEnd = _queue(o, id, buyer);
        // slither-disable-next-line incorrect-equality - 0 is what _queue answers for an order that waits
        _orders[id] = Order({
            buyer: buyer,
            contact: args.contact,
            energy: args.energy,
            seller: args.seller,
            supplyEnd: supplyEnd,
            state: supplyEnd == 0 ? State.Waiting : State.Open,
            price: args.price,
            reclaimFrom: 0,
            paidEnergy: 0
        });
        emit OrderFunded(id, buyer, args.seller, args.contact, args.energy, args.price, amount, supplyEnd);
    }

    /// @dev The order opens on a free offer, or waits behind the same buyer's. Answers its supply's end, 0 if it waits.
    function _queue(Offer storage o, bytes32 id, address buyer) private returns (uint64) {
        if (o.open == 0) {
            o.open = id;
            return uint64(block.number) + supplyBlocks;
        }
        if (o.next != 0 || _orders[o.open].buyer != buyer) revert OfferBusy(o.open, o.next);
        o.next = id;
        return 0;
    }

    /// @dev Takes an order off its offer and promotes the successor, whose supply counts from now.
    function _end(bytes32 id, Order storage order_, State how) private {
        order_.state = how;
        Offer storage o = _offers[order_.seller][order_.contact];
        if (o.next == id) {
            o.next = 0;
            return;
        }
        bytes32 successor = o.next;
        o.open = successor;
        if (successor == 0) return;
        o.next = 0;
        Order storage promoted = _orders[successor];
        if (promoted.state != State.Waiting) return; // its buyer has asked to close it
        promoted.state = State.Open;
        promoted.supplyEnd = uint64(block.number) + supplyBlocks;
        emit OrderPromoted(
            successor,
            promoted.buyer,
            promoted.seller,
            promoted.energy,
            cost(promoted.energy, promoted.price),
            promoted.supplyEnd
        );
    }

    function _live(bytes32 id) private view returns (Order storage order_) {
        order_ = _orders[id];
        if (order_.state == State.None) revert UnknownOrder(id);
        if (order_.state > State.Closing) revert OrderEnded(id, order_.state);
    }

    function _onlyAdmitted(address account) private view {
        if (!registry.isAdmitted(account)) revert NotAdmitted(account);
    }

    function _onlySeller(Order storage order_) private view {
        if (msg.sender != order_.seller) revert NotSeller(msg.sender, order_.seller);
    }

    function _onlyBuyer(Order storage order_) private view {
        if (msg.sender != order_.buyer) revert NotBuyer(msg.sender, order_.buyer);
    }

    function _voucherDigest(Voucher calldata voucher) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPE, voucher.orderId, voucher.energy)));
    }
}

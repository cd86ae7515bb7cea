// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cheats} from "./Cheats.sol";
import {EnergyMarket} from "../src/EnergyMarket.sol";
import {EnergyToken} from "../src/EnergyToken.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

/// @dev A neighbourhood with a seller, two buyers with tokens, and a stranger.
abstract contract Neighbourhood is Cheats {
    uint256 internal constant BUYER_KEY = 0xB17C4;
    uint32 internal constant SUPPLY = 100;
    uint32 internal constant CHALLENGE = 10;
    uint32 internal constant CONTACT = 1;
    uint128 internal constant PRICE = 0.25e18;
    uint256 internal constant PURSE = 1_000e18;

    address internal authority = address(0xA0);
    address internal seller = address(0xA1DE4);
    address internal buyer = vm.addr(BUYER_KEY);
    address internal other = address(0xCEDA4);
    address internal stranger = address(0x5742);

    EnergyToken internal token;
    NodeRegistry internal registry;
    EnergyMarket internal market;

    function setUp() public virtual {
        vm.roll(1_000);
        token = new EnergyToken("Neighbourhood energy token", "NET", authority, 1e30, 1_000);
        registry = new NodeRegistry(authority);
        market = new EnergyMarket(token, registry, SUPPLY, CHALLENGE, authority);
        vm.startPrank(authority);
        registry.admit(seller, "alder", NodeRegistry.Role.Producer, "", "");
        registry.admit(buyer, "birch", NodeRegistry.Role.Consumer, "", "");
        registry.admit(other, "cedar", NodeRegistry.Role.Prosumer, "", "");
        token.mint(buyer, PURSE);
        token.mint(other, PURSE);
        token.mint(stranger, PURSE);
        vm.stopPrank();
    }

    function offers() internal {
        vm.prank(seller);
        market.setOffer(CONTACT, PRICE, 100, 5_000, 2_000);
    }

    function args(uint256 ref, uint64 energy) internal view returns (EnergyMarket.OrderArgs memory) {
        return EnergyMarket.OrderArgs(bytes32(ref), seller, CONTACT, energy, PRICE);
    }

    /// @dev Funds an order by approveAndCall.
    function funds(address who, uint256 ref, uint64 energy) internal returns (bytes32) {
        uint256 amount = market.cost(energy, PRICE);
        vm.prank(who);
        token.approveAndCall(address(market), amount, abi.encode(args(ref, energy)));
        return market.orderId(who, bytes32(ref));
    }

    function voucher(bytes32 id, uint64 energy)
        internal
        view
        returns (EnergyMarket.Voucher memory v, bytes memory signature)
    {
        return (EnergyMarket.Voucher(id, energy), signed(BUYER_KEY, id, energy));
    }

    function signed(uint256 key, bytes32 id, uint64 energy) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(id, energy));
        return abi.encodePacked(r, s, v);
    }

    /// @dev Built from the standard's text, not from the market's own code.
    function digest(bytes32 id, uint64 energy) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Commonwatt Market"),
                keccak256("1"),
                block.chainid,
                address(market)
            )
        );
        bytes32 message = keccak256(abi.encode(keccak256("Voucher(bytes32 orderId,uint64 energy)"), id, energy));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function redeems(bytes32 id, uint64 energy) internal {
        (EnergyMarket.Voucher memory v, bytes memory signature) = voucher(id, energy);
        vm.prank(seller);
        market.redeem(v, signature);
    }

    function state(bytes32 id) internal view returns (uint256) {
        return uint256(market.order(id).state);
    }

    function is_(bytes32 id, EnergyMarket.State expected, string memory what) internal view {
        eq(state(id), uint256(expected), what);
    }

    function refused(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function refused(bytes4 reason) internal {
        vm.expectRevert(abi.encodePacked(reason));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Cheats} from "./Cheats.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";

contract NodeRegistryTest is Cheats {
    address private authority = address(0xA0);
    address private alder = address(0xA1);
    NodeRegistry private registry;

    event HouseholdAdmitted(
        address indexed account, string name, NodeRegistry.Role role, string enode, string relay
    );
    event HouseholdSuspended(address indexed account);

    function setUp() public {
        registry = new NodeRegistry(authority);
    }

    function admits(address account, string memory name) private {
        vm.prank(authority);
        registry.admit(account, name, NodeRegistry.Role.Prosumer, "enode://aa@10.0.0.1:30303", "10.0.0.1:15555");
    }

    function test_AnAdmittedHouseholdIsListedWithAllItsFields() public {
        vm.expectEmit(true, false, false, true);
        emit HouseholdAdmitted(
            alder, "alder", NodeRegistry.Role.Prosumer, "enode://aa@10.0.0.1:30303", "10.0.0.1:15555"
        );
        admits(alder, "alder");
        NodeRegistry.Household memory found = registry.household(alder);
        eq(found.account, alder, "account");
        eq(uint256(found.role), uint256(NodeRegistry.Role.Prosumer), "role");
        yes(found.admitted, "admitted");
        eq(keccak256(bytes(found.name)), keccak256("alder"), "name");
        eq(keccak256(bytes(found.enode)), keccak256("enode://aa@10.0.0.1:30303"), "enode");
        eq(keccak256(bytes(found.relay)), keccak256("10.0.0.1:15555"), "relay");
        yes(registry.isAdmitted(alder), "in good standing");
        eq(registry.count(), 1, "count");
    }

    function test_AStrangerIsNotAdmittedAndHasNoEntry() public view {
        yes(!registry.isAdmitted(alder), "stranger");
        eq(registry.household(alder).account, address(0), "account");
    }

    function test_ASuspendedHouseholdStaysListed() public {
        admits(alder, "alder");
        vm.expectEmit(true, false, false, true);
        emit HouseholdSuspended(alder);
        vm.prank(authority);
        registry.suspend(alder);
        yes(!registry.isAdmitted(alder), "suspended");
        eq(registry.count(), 1, "count");
        eq(keccak256(bytes(registry.households(0, 10)[0].name)), keccak256("alder"), "name");
    }

    function test_AdmittingAgainLiftsTheSuspensionAndListsOnce() public {
        admits(alder, "alder");
        vm.prank(authority);
        registry.suspend(alder);
        admits(alder, "alder two");
        yes(registry.isAdmitted(alder), "admitted again");
        eq(registry.count(), 1, "count");
        eq(keccak256(bytes(registry.household(alder).name)), keccak256("alder two"), "name");
    }

    function test_HouseholdsAreListedByPages() public {
        for (uint160 i = 1; i <= 5; ++i) {
            admits(address(i), "someone");
        }
        eq(registry.households(0, 2).length, 2, "a page");
        eq(registry.households(4, 2).length, 1, "the last page");
        eq(registry.households(4, 2)[0].account, address(5), "the last household");
        eq(registry.households(5, 2).length, 0, "behind the last");
        eq(registry.households(9, type(uint256).max).length, 0, "far behind the last");
        eq(registry.households(0, type(uint256).max).length, 5, "all");
    }

    function test_AHouseholdNeedsAnAccountAndAName() public {
        vm.startPrank(authority);
        vm.expectRevert(abi.encodePacked(NodeRegistry.IncompleteHousehold.selector));
        registry.admit(address(0), "nobody", NodeRegistry.Role.Consumer, "", "");
        vm.expectRevert(abi.encodePacked(NodeRegistry.IncompleteHousehold.selector));
        registry.admit(alder, "", NodeRegistry.Role.Consumer, "", "");
    }

    function test_AnUnknownHouseholdCannotBeSuspended() public {
        vm.prank(authority);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.UnknownHousehold.selector, alder));
        registry.suspend(alder);
    }

    function test_OnlyTheAuthorityWrites() public {
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alder);
        vm.startPrank(alder);
        vm.expectRevert(reason);
        registry.admit(alder, "alder", NodeRegistry.Role.Consumer, "", "");
        vm.expectRevert(reason);
        registry.suspend(alder);
    }
}

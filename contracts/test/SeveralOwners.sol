// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A small account of three owners, any two of whom act. For tests: field use asks for an audited one.
contract SeveralOwners {
    mapping(address owner => bool) public owns;
    mapping(bytes32 call => mapping(address owner => bool)) public agreed;
    mapping(bytes32 call => uint256) public votes;

    error NotAnOwner(address caller);
    error AgreedAlready();
    error CallFailed(bytes reason);

    constructor(address[3] memory owners) {
        for (uint256 i = 0; i < 3; ++i) {
            owns[owners[i]] = true;
        }
    }

    /// @dev The second owner to agree to a call makes it.
    function agree(address target, bytes calldata data) external {
        if (!owns[msg.sender]) revert NotAnOwner(msg.sender);
        bytes32 call = keccak256(abi.encode(target, data));
        if (agreed[call][msg.sender]) revert AgreedAlready();
        agreed[call][msg.sender] = true;
        if (++votes[call] != 2) return;
        (bool done, bytes memory reason) = target.call(data);
        if (!done) revert CallFailed(reason);
    }
}

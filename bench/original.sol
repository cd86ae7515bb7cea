// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface IToken {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @title The original prototype's way of trading, as its description tells it, to hold our gas against.
/// @notice A consumer approves tokens, buys an allowance of energy from a producer, and writes down what it consumed
/// every 16 seconds. Written anew, and as cheap as that flow can be: no check that it had not, one slot a number.
contract Original {
    mapping(address producer => uint256) public production;
    mapping(address consumer => mapping(address producer => uint256)) public allowances;
    mapping(address consumer => uint256) public consumption;

    event Consumed(address from, address consumer, uint256 energy);

    function setProduction(uint256 energy) external {
        production[msg.sender] += energy;
    }

    function buyEnergy(IToken token, address seller, uint256 energy) external {
        token.transferFrom(msg.sender, seller, energy);
        allowances[msg.sender][seller] += energy;
    }

    function consumeEnergy(address from, uint256 energy) external {
        allowances[msg.sender][from] -= energy;
        production[from] -= energy;
        consumption[msg.sender] += energy;
        emit Consumed(from, msg.sender, energy);
    }
}

"""A stall is made, as it happens once in a while by itself, and recovered: two signers at one height."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chain.errors import NodeUnavailable
from chain.genesis import Genesis
from chain.headers import signer_of
from chain.recovery import adopt, survey
from chain.stall import Finding, Survey, Verdict, judge
from tests.integration.chain.processes import Household, acquaint, describe, ended, until
from tests.integration.chain_node import chain_id, short_directory

LATER = 60.0
"""Seconds: the surveys are judged as if so much time had passed, so that nobody has to wait for it."""


@pytest.fixture
def signers(tmp_path: Path) -> Iterator[list[Household]]:
    """Three, in the order of their turns."""
    genesis = tmp_path / "genesis.json"
    with short_directory() as sockets:
        made = [
            describe(tmp_path / f"signer-{n}", sockets, f"127.0.2.{30 + n}", seals=True, genesis=genesis)
            for n in range(3)
        ]
        acquaint(made)
        made.sort(key=lambda each: bytes.fromhex(address(each)[2:]))
        Genesis(chain_id=chain_id(), period=1, signers=tuple(map(address, made))).write(genesis)
        with ended(made):
            for each in made:
                each.start("seal")
                each.start("run")
            until(lambda: all(each.client.block_number() >= 2 for each in made), "chain")
            yield made


@pytest.mark.timeout(240)
def test_two_signers_that_sealed_the_same_height_are_brought_together(signers: list[Household]) -> None:
    first, second, third = signers
    height = halted(signers)
    end(third, "seal", "run")
    end(first, "run")
    resume(second)
    until(lambda: second.client.block_number() == height + 1, "the second's block")
    end(second, "run")
    resume(first)
    first.start("run")
    until(lambda: first.client.block_number() == height + 1, "the first's block")
    second.start("run")
    until(lambda: all(each.state().get("peers") == 1 for each in (first, second)), "connection")

    heads = {each.client.block("latest").hash for each in (first, second)}
    assert len(heads) == 2, "they hold equal chains, and wait for each other"
    surveys = [told(each) for each in (first, second)]
    assert judge(surveys, time.time()).finding is Finding.RUNS, "too early to say"
    verdict = judge([replace(each, taken=each.taken + LATER) for each in surveys], time.time() + LATER)
    assert verdict.finding is Finding.PARTED
    assert verdict.winner is not None
    assert verdict.winner.head.hash == min(heads)
    plans = [each.settings.plan() for each in (first, second)]
    assert sorted(adopt(plan, verdict) for plan in plans) == [False, True]

    until(lambda: all(each.client.block_number() >= height + 4 for each in (first, second)), "blocks")
    assert {each.client.block(height + 1).hash for each in (first, second)} == {min(heads)}
    assert not any(adopt(plan, verdict) for plan in plans), "twice does no harm"
    assert verdict.adopters is not None
    (loser,) = verdict.adopters
    turned = Verdict(
        Finding.PARTED,
        "as if the others' chain had won",
        winner=next(each for each in surveys if each.node == loser),
        adopters={verdict.winner.node: verdict.adopters[loser]},
        heads={verdict.winner.node: verdict.winner.head.hash},
    )
    reached = [each.client.block_number() for each in (first, second)]
    with pytest.raises(NodeUnavailable, match="the chain goes on"):
        for plan in plans:
            adopt(plan, turned)
    assert all(each.client.block_number() >= was for each, was in zip((first, second), reached, strict=True))


def halted(signers: list[Household]) -> int:
    """Stop the chain at a block of the third's, before its turn: the others may seal next, out of turn."""
    first, second, third = signers
    pause(second)
    while True:
        height = first.client.block_number()
        until(partial(above, first, height), "block")
        pause(first)
        time.sleep(4)  # The third seals once more, if it may; the chain stands for want of the others.
        head = first.client.block("latest")
        same = {each.client.block("latest").hash for each in signers} == {head.hash}
        if same and signer_of(head) == address(third) and head.number % 3 == 1:
            return head.number
        resume(first)


def above(household: Household, height: int) -> bool:
    return household.client.block_number() > height


def told(household: Household) -> Survey:
    """As it comes in a file from its host."""
    return Survey.from_json(survey(household.settings.plan(), address(household)).to_json())


def address(household: Household) -> str:
    assert household.signer is not None
    return household.signer.address


def pause(household: Household) -> None:
    household.processes["seal"].send_signal(signal.SIGSTOP)


def resume(household: Household) -> None:
    household.processes["seal"].send_signal(signal.SIGCONT)


def end(household: Household, *processes: str) -> None:
    for name in processes:
        process: subprocess.Popen[bytes] = household.processes[name]
        process.terminate()
        process.wait(20)

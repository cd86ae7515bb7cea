"""What an ended session still sees."""

from pathlib import Path

from node.dapp.users import set_password
from tests.integration.dapp import made_up
from tests.integration.dapp.served import served
from tests.waiting import PATIENCE


def test_a_live_page_ends_with_its_session(tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    with served(tmp_path, "127.0.7.32") as pages:
        pages.log_in()
        stream = pages.watch()
        stream.settimeout(PATIENCE)
        told = b""
        while b"event: node_data" not in told:
            told += stream.recv(65_536)
        set_password(tmp_path / "state")
        while stream.recv(65_536):
            pass  # what was told before; then the end, not the patience's
        assert pages.ask("/live")[0] == 401

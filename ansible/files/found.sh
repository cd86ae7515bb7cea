#!/bin/bash
# Runs `commonwatt inventory found` (or what else it is given) over a tunnel to a signer's node, which ends with it.
set -euo pipefail
options=()
read -ra options <<<"$SSH_OPTIONS"
[ -z "$KEY" ] || options+=(-i "$KEY")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
options+=(-p "$PORT" -o ControlPath=none -o ExitOnForwardFailure=yes -o ConnectTimeout=10)
options+=(-o ServerAliveInterval=3 -o ServerAliveCountMax=6 -o StrictHostKeyChecking=accept-new)
ssh "${options[@]}" -N -L "127.0.0.1:$port:127.0.0.1:8545" "${DESTINATION#@}" &
tunnel=$!
trap 'kill "$tunnel" 2>/dev/null' EXIT
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$tunnel" 2>/dev/null || { echo "no tunnel to $DESTINATION" >&2; exit 69; }
    sleep 0.1
done
[ $# -gt 0 ] || set -- found
"$PROGRAM" inventory "$@" -i "$INVENTORY" --rpc "http://127.0.0.1:$port" --json

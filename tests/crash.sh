#!/bin/sh
# The long form of the crash suite: kills the server under load again and again, at random moments and at each of its named places,
# on both databases, takes PostgreSQL away from it, holds ten thousand races of each kind, and prints what came of it: killed, lost,
# early, double. `tests/crash.sh 20` goes round twenty times (default 5).
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-5}
seed=${2:-$(date +%s)}
echo "rounds $rounds, seed $seed"
PROVISO_CRASH_RACES=10000 PROVISO_CRASH_ROUNDS=$rounds PROVISO_CRASH_SEED=$seed exec tests/run.sh --test it crash:: -- --nocapture --test-threads=2

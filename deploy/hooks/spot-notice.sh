#!/bin/sh
# Watches for a provider's notice that it takes this machine back, and drains the machine's workers when it comes: they claim no
# more, and jobs that still run at the deadline go on elsewhere from their last checkpoint. Run it beside the workers, as a
# service of its own; it ends when the drain is ordered.
#
#   SPOT_NOTICE_COMMAND  a shell command that exits with 0 once there is a notice; required
#   SPOT_INTERVAL        seconds between two looks, default 5
#   SPOT_DEADLINE        how long jobs may go on, default 90s; some seconds less than the notice gives
#   SPOT_NODE            the machine as 'jobgrid workers' names it, default $(hostname)
#   JOBGRID              the program, default jobgrid; JOBGRID_URL names the grid, as for every command
#
# AWS gives 2 minutes; the second address answers 404 until then:
#   SPOT_NOTICE_COMMAND='
#     latest=http://169.254.169.254/latest
#     token=$(curl -sf -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $latest/api/token) &&
#     curl -sf -m 2 -o /dev/null -H "X-aws-ec2-metadata-token: $token" $latest/meta-data/spot/instance-action'
# Google Cloud gives 30 s, so SPOT_DEADLINE=20s; the value turns from FALSE to TRUE:
#   SPOT_NOTICE_COMMAND='
#     curl -sf -m 2 -H "Metadata-Flavor: Google" http://metadata.google.internal/computeMetadata/v1/instance/preempted |
#     grep -q TRUE'
# Azure gives 30 s at least, so SPOT_DEADLINE=20s. The machines of a scale set see each other's events: write the name of this
# one, as Azure knows it, for NAME.
#   SPOT_NOTICE_COMMAND='
#     curl -sf -m 2 -H "Metadata: true" "http://169.254.169.254/metadata/scheduledevents?api-version=2020-07-01" |
#     tr "{" "\n" | grep Preempt | grep -q "\"NAME\""'
#
# Exit codes: 0 the drain is ordered; 2 wrong usage, or a command that cannot be run.
set -u

jobgrid=${JOBGRID:-jobgrid}
interval=${SPOT_INTERVAL:-5}

say() { printf 'spot-notice: %s\n' "$*" >&2; }

refuse() {
    say "$1"
    exit 2
}

[ -n "${SPOT_NOTICE_COMMAND:-}" ] || refuse "set SPOT_NOTICE_COMMAND to a command that exits with 0 once there is a notice"
case $interval in
    '' | *[!0-9]*) refuse "SPOT_INTERVAL is '$interval': give whole seconds" ;;
esac
command -v "$jobgrid" > /dev/null || refuse "there is no $jobgrid: put it on the PATH, or name it in JOBGRID"

until sh -c "$SPOT_NOTICE_COMMAND"; do
    status=$?
    # Not found or not executable: no notice would ever be seen.
    case $status in
        126 | 127) refuse "SPOT_NOTICE_COMMAND cannot be run (exit code $status)" ;;
    esac
    sleep "$interval"
done

say "the machine is to be taken back: draining its workers"
# A grid that is away for a moment must not cost the machine its drain.
until "$jobgrid" drain --node "${SPOT_NODE:-$(hostname)}" --deadline "${SPOT_DEADLINE:-90s}" --reason "spot notice"; do
    status=$?
    [ "$status" -ne 2 ] || refuse "the drain was refused as wrong usage: look at SPOT_DEADLINE and SPOT_NODE"
    sleep "$interval"
done

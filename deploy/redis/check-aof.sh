#!/bin/sh
# Checks Redis' append-only files before the server starts, and cuts off a last write that a crash left unfinished.
#
#   check-aof.sh FOLDER     the folder of the manifest, such as /var/lib/redis/appendonlydir
#
# Why: a script's writes lie in the file between MULTI and EXEC. Killed in the middle of writing them, Redis with
# 'aof-load-truncated yes' cuts off the last command alone and leaves the open MULTI; at its next start but one the half script
# is applied (valkey-io/valkey#4342). redis-check-aof --fix cuts before the MULTI, but also everything behind a damage in the
# middle. So this script lets it cut only what is the unfinished end of the last file; with 'appendfsync always' nobody was told
# that this write is done.
#
# Run it before each start, never while the server runs, as the user of Redis, with 'aof-load-truncated no'.
# REDIS_CHECK_AOF names another tool, such as valkey-check-aof.
#
# Exit codes: 0 the files are whole, were made whole, or there are none yet; 1 they are damaged, and nothing was changed;
# 2 wrong usage, or the tool is missing.
set -u
LC_ALL=C
export LC_ALL

tool=${REDIS_CHECK_AOF:-redis-check-aof}

say() { printf 'check-aof: %s\n' "$*" >&2; }

refuse() {
    say "$1"
    say "Nothing was changed. Copy the folder first, then mend it by hand or restore a backup:"
    say "'$tool --fix' cuts off everything behind the fault, acknowledged writes too. It says now:"
    printf '%s\n' "$report" >&2
    exit 1
}

# Reads the bytes of what would be cut, as numbers: 0 if they are the beginning of one write and no more, that is one command
# without its end, or MULTI and commands without EXEC; else 1, and the reason. A cut argument in which another command or
# argument begins is a wrong length, behind which whole writes lie.
unfinished() {
    tail -c "+$(($2 + 1))" "$1" | od -An -v -tu1 | awk -v total="$(($3 - $2))" '
        function fault(what) { reason = what; exit 1 }
        function header(b) {
            if (digits == "" && type == 0) {
                if (b == 35 && arguments == 0) { mode = "comment"; return }
                if (b != (arguments == 0 ? 42 : 36)) fault("no command begins there")
                type = b
            }
            else if (b >= 48 && b <= 57 && !cr && length(digits) < 12) digits = digits (b - 48)
            else if (b == 13 && digits != "" && !cr) cr = 1
            else if (b == 10 && cr) {
                if (type == 42 && digits == 0) fault("a command has no name")
                if (type == 42) { arguments = digits + 0; first = 1; name = "" }
                else { left = digits + 0; mode = left > 0 ? "data" : "end"; cut = left + 2 > total - at; mark = 0 }
                if (type == 36 && first && left > 32) fault("a command has a name of " left " bytes")
                type = cr = 0; digits = ""
            }
            else fault("a length is damaged")
        }
        function data(b) {
            if (first) name = name sprintf("%c", b)
            if (cut) {
                if (mark == 0) mark = b == 13
                else if (mark == 1) mark = b == 10 ? 2 : b == 13
                else if (mark == 2) mark = (b == 42 || b == 36) ? 3 : b == 13
                else if (mark < 5 && b >= 48 && b <= 57) mark = 4
                else if (mark == 4 && b == 13) mark = 5
                else if (mark == 5 && b == 10) fault("a length is wrong, and more follows behind it")
                else mark = b == 13
            }
            if (--left == 0) mode = "end"
        }
        function ending(b) {
            if (b != (cr ? 10 : 13)) fault("an argument is longer than its length")
            if (!cr) { cr = 1; return }
            cr = first = 0; mode = "header"
            if (--arguments > 0) return
            name = toupper(name)
            if (!open && name != "MULTI") fault("a whole command stands behind the fault")
            if (open && name == "MULTI") fault("a MULTI stands in another one: the server was started after a crash without this script")
            if (open && name == "EXEC") fault("a whole transaction stands behind the fault")
            open = 1
        }
        BEGIN { mode = "header" }
        {
            for (i = 1; i <= NF; i++) {
                at++
                if (mode == "data") data($i)
                else if (mode == "header") header($i)
                else if (mode == "end") ending($i)
                else if ($i == 10) mode = "header"
            }
        }
        END { if (reason != "") { print reason; exit 1 } }'
}

if [ $# -ne 1 ]; then
    say "usage: check-aof.sh FOLDER"
    exit 2
fi
if ! command -v "$tool" > /dev/null; then
    say "there is no $tool: install it (Debian: redis-tools), or name another in REDIS_CHECK_AOF"
    exit 2
fi

manifest=
for file in "$1"/*.manifest; do
    case ${file##*/} in
        '*.manifest' | temp-*) continue ;;
    esac
    report="(not asked)"
    [ -z "$manifest" ] || refuse "there are two manifests, $manifest and $file: which one is the server's?"
    manifest=$file
done
[ -n "$manifest" ] || exit 0

report=$("$tool" "$manifest" < /dev/null 2>&1) && exit 0

analyzed=$(printf '%s\n' "$report" | sed -n 's/^AOF analyzed: filename=\(.*\), size=\([0-9]*\), ok_up_to=\([0-9]*\), .*$/\1 \2 \3/p' | tail -n 1)
[ -n "$analyzed" ] || refuse "the append-only files of $manifest cannot be checked."
whole=${analyzed##* }
analyzed=${analyzed% *}
size=${analyzed##* }
name=${analyzed% *}
last=$(sed -n 's/^file \(.*\) seq [0-9]* type i.*$/\1/p' "$manifest" | tail -n 1)
[ "$name" = "$last" ] || refuse "$name is damaged at byte $whole, and is not the last file."
reason=$(unfinished "$1/$name" "$whole" "$size") || refuse "$name is damaged at byte $whole: $reason."

report=$(printf 'y\n' | "$tool" --fix "$manifest" 2>&1) || refuse "$name could not be mended."
report=$("$tool" "$manifest" < /dev/null 2>&1) || refuse "$name is still damaged after it was mended."
say "cut off the last $((size - whole)) bytes of $name, a write that was not finished."

#!/bin/sh
# Makes letter.png and report.png anew, from the letters and the report of the demo. Needs `dunning` and Chromium.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

picture() { # name width height page
    "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" \
        --window-size="$2,$3" --screenshot="$here/$1.png" "file://$4" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
}

dunning demo --out "$work/demo" >"$work/said"
picture letter 800 1250 "$(ls "$work"/demo/letters/*_c-3004_*.html)"
picture report 1000 1400 "$(ls "$work"/demo/report/report_*_abm_[0-9]*.html)"

#!/bin/sh
# Makes the pictures of the gallery anew. Needs `dunning` with the extras `pdf` and `codes`, and pdftoppm (poppler-utils).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dunning gallery --out "$work"
rm -f "$here"/*.png
for language in en ro es pl hu; do
    for level in courtesy notice demand final_demand; do
        pdftoppm -r 64 -png -singlefile "$work/${language}_${level}_1.pdf" "$here/${language}_${level}_1"
    done
    pdftoppm -r 64 -png "$work/${language}_final_demand_6.pdf" "$here/${language}_final_demand_6"
    pdftoppm -r 64 -png -singlefile "$work/${language}_demand_long-name.pdf" "$here/${language}_demand_long-name"
done
# Spanish law asks for a proposal to negotiate, which does not fit on one sheet.
pdftoppm -r 64 -png -f 2 -singlefile "$work/es_final_demand_1.pdf" "$here/es_final_demand_1-2"
pdftoppm -r 64 -png "$work/ro_final_demand_60.pdf" "$here/ro_final_demand_60"
for language in ro es pl hu; do
    pdftoppm -r 64 -png -l 2 "$work/${language}_charges_6.pdf" "$here/${language}_charges_6"
done

# Two dozen colours do: a repository is no place for megabytes. Pillow comes with WeasyPrint.
python3 -c 'import sys; from PIL import Image; [Image.open(p).quantize(24).save(p, optimize=True) for p in sys.argv[1:]]' \
    "$here"/*.png

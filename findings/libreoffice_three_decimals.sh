#!/bin/sh
# LibreOffice Calc 7.4.7 (Debian 12: libreoffice-calc 4:7.4.7-1+deb12u*), default import of a CSV in a German, Spanish or Italian locale.
# One column, written with decimal points: 20.5 and 21.8750 stay texts, 21.875 becomes the number 21875 (its point parts thousands, and
# three digits follow). So in a column of measured values exactly those with three decimals come out a thousandfold, without a word.
# Prints each value with the type and number that Calc gives it; exit 1 when that is no longer so. Run: sh libreoffice_three_decimals.sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'value,end\n20.5,x\n21.875,x\n21.8750,x\n-0.125,x\n' >"$folder/t.csv"
soffice --version
for locale in de-DE es-ES it-IT; do
    mkdir -p "$folder/$locale/user"
    cat >"$folder/$locale/user/registrymodifications.xcu" <<XCU
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>$locale</value></prop></item>
</oor:items>
XCU
    soffice "-env:UserInstallation=file://$folder/$locale" --headless --norestore --convert-to fods --outdir "$folder" "$folder/t.csv" >/dev/null 2>&1
    python3 - "$folder/t.fods" "$locale" <<'PY'
import sys
import xml.etree.ElementTree as ET

table, office, text = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "office", "text")
)
rows = list(ET.parse(sys.argv[1]).getroot().iter(f"{table}table-row"))[1:5]
cells = [row.find(f"{table}table-cell") for row in rows]
found = [
    (c.get(f"{office}value-type"), c.get(f"{office}value") or "".join(p.text for p in c.iter(f"{text}p")))
    for c in cells
]
print(sys.argv[2], found)
sys.exit(found != [("string", "20.5"), ("float", "21875"), ("string", "21.8750"), ("float", "-125")])
PY
done

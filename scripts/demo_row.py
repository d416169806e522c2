"""One table row from the JSON of `posittune quantize --json` on stdin."""
import json
import sys

row = json.load(sys.stdin)["rows"][0]
sqnr = "exact" if row["exact"] else "-inf" if row["sqnr_db"] is None else f"{row['sqnr_db']:.2f}"
print(f"{row['format']:12} {row['rule']:>10} {sqnr:>10} {row['max_error']:12.4g}")

"""Files as people have them, and what is wrong with others: the bytes, and what a reader says."""

import bz2
import gzip
import io
import json
import lzma
import zipfile

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

HEADER, ROWS = (
    ["id", "at", "x", "kind"],
    [["1", "2024-01-01T00:00:00", "1.5", "é, a"], ["2", "2024-01-02T00:00:00", "", "b"], ["3", "2024-01-03T00:00:00", "2.25", 'say "c"']],
)


def csv_text(delimiter: str = ",", end: str = "\n", decimal: str = ".") -> str:
    def field(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in (delimiter, '"', "\n")) else value

    rows = [HEADER, *([row[0], row[1], row[2].replace(".", decimal), row[3]] for row in ROWS)]
    return "".join(delimiter.join(map(field, row)) + end for row in rows)


def table() -> pa.Table:
    return pa.table({"id": [1, 2, 3], "at": [row[1] for row in ROWS], "x": [1.5, None, 2.25], "kind": [row[3] for row in ROWS]})


def parquet(**options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table(), buffer, **options)
    return buffer.getvalue()


def arrow_file() -> bytes:
    buffer = io.BytesIO()
    pyarrow.feather.write_feather(table(), buffer, compression="uncompressed")
    return buffer.getvalue()


def arrow_stream() -> bytes:
    buffer = io.BytesIO()
    with pyarrow.ipc.new_stream(buffer, table().schema) as writer:
        writer.write_table(table())
    return buffer.getvalue()


def zstd(body: bytes) -> bytes:
    buffer = pa.BufferOutputStream()
    with pa.CompressedOutputStream(buffer, "zstd") as opened:
        opened.write(body)
    return buffer.getvalue().to_pybytes()


def json_records() -> list[dict]:
    return [
        {name: value or None for name, value in zip(HEADER, row, strict=True)} | {"x": float(row[2]) if row[2] else None, "id": int(row[0])} for row in ROWS
    ]


def workbook(sheets: int = 1) -> bytes:
    """A workbook of the least parts that a reader needs."""

    def cell(value: str) -> str:
        escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return f'<c t="inlineStr"><is><t>{escaped}</t></is></c>' if value else '<c t="inlineStr"><is><t></t></is></c>'

    rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in [HEADER, *ROWS])
    sheet = f'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, sheets + 1))
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(f'<Relationship Id="rId{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, sheets + 1))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in range(1, sheets + 1))
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{relation}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        **{f"xl/worksheets/sheet{n}.xml": sheet for n in range(1, sheets + 1)},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("data.csv", csv_text())
    return buffer.getvalue()


#: All of them hold the same table.
GOOD = {
    "plain.csv": csv_text().encode(),
    "semicolon.csv": csv_text(";", decimal=",").encode(),
    "tab.tsv": csv_text("\t").encode(),
    "pipe.txt": csv_text("|").encode(),
    "crlf.csv": csv_text(end="\r\n").encode(),
    "old mac.csv": csv_text(end="\r").encode(),
    "mixed ends.csv": csv_text().replace("\n", "\r\n", 2).encode(),
    "byte order mark.csv": csv_text().encode("utf-8-sig"),
    "utf-16.csv": csv_text().encode("utf-16"),
    "utf-16 without mark.csv": csv_text().encode("utf-16-le"),
    "utf-32.csv": csv_text().encode("utf-32"),
    "windows.csv": csv_text(";").encode("cp1252"),
    "excel's first line.csv": ("sep=;\r\n" + csv_text(";", "\r\n")).encode(),
    "comments.csv": ("# exported on Monday\n# by hand\n" + csv_text()).encode(),
    "blank lines.csv": ("\n" + csv_text().replace("\n2,", "\n\n2,") + "\n\n").encode(),
    "empty rows of a spreadsheet.csv": (csv_text() + ",,,\n,,,\n").encode(),
    "no last end.csv": csv_text().removesuffix("\n").encode(),
    "plain.csv.gz": gzip.compress(csv_text().encode()),
    "plain.csv.bz2": bz2.compress(csv_text().encode()),
    "plain.csv.xz": lzma.compress(csv_text().encode()),
    "plain.csv.zst": zstd(csv_text().encode()),
    "a.parquet": parquet(),
    "snappy.parquet": parquet(compression="snappy"),
    "zstd.parquet": parquet(compression="zstd", row_group_size=1),
    "plain.parquet": parquet(use_dictionary=False),
    "a.parquet.gz": gzip.compress(parquet()),
    "a.feather": arrow_file(),
    "a.arrows": arrow_stream(),
    "a.jsonl": "".join(json.dumps(record) + "\n" for record in json_records()).encode(),
    "sparse.jsonl": "".join(json.dumps({key: value for key, value in record.items() if value is not None}) + "\n" for record in json_records()).encode(),
    "a.json": json.dumps(json_records(), indent=2).encode(),
    "a.json.gz": gzip.compress(json.dumps(json_records()).encode()),
    "a.xlsx": workbook(),
}
#: Bytes that are no table, and words of what a reader says of them.
BAD = {
    "empty.csv": (b"", "the file is empty"),
    "blank.csv": (b"\n\n  \n", "the file is empty"),
    "page.csv": (b"<!DOCTYPE html><html><body>Please log in</body></html>", "HTML page"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save it as .xlsx or CSV"),
    "scan.pdf": (b"%PDF-1.7\n", "a PDF"),
    "a.avro": (b"Obj\x01\x04", "Avro"),
    "a.orc": (b"ORC\n", "ORC"),
    "a.pickle": (b"\x80\x04\x95", "not read for safety"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n", "an image"),
    "cut.parquet": (parquet()[:-40], "damaged"),
    "head.parquet": (parquet()[:200], "damaged"),
    "text.parquet": (b"id,x\n1,2\n", "content is no parquet"),
    "cut.csv.gz": (gzip.compress(csv_text().encode() * 200)[:-20], "damaged or breaks off"),
    "no.csv.gz": (csv_text().encode(), "content is no gzip"),
    "bomb.csv.gz": (gzip.compress(b"id,x\n" + b"0" * (300 * 1024 * 1024), 9), "MiB"),
    "unclosed.csv": (b'id,x\n1,"a\n2,b\n3,c\n', "quote that opens on line 2 is not closed"),
    "stray.csv": (b'id,x\n1,"a"b\n2,c\n', "line 2: a quote stands inside"),
    "zero.csv": (b"id,x\n1,a\n2,\0\n", "line 3 holds a zero byte"),
    "twice.csv": (b"id,x,id\n1,2,3\n", "names 'id' more than once"),
    "long line.csv": (b"id,x\n1," + b"y" * (100 * 1024 * 1024) + b"\n", "line 2 has more than 1 MiB"),
    "cut.jsonl": (b'{"a": 1}\n{"a": \n', "line 2 is no JSON object"),
    "list.jsonl": (b'{"a": 1}\n[1, 2]\n', "line 2 is no JSON object"),
    "cut.json": (b'[{"a": 1}, {"a": ', "record 2"),
    "deep.jsonl": (b'{"a": ' + b"[" * 100_000 + b"\n", "line 1 is no JSON object"),
    "two sheets.xlsx": (workbook(2), "name one under data.sheet"),
    "archive.zip": (archive(), "is a ZIP archive (data.csv)"),
    "cut.xlsx": (workbook()[:300], "damaged ZIP"),
    "cut.arrow": (arrow_file()[:-100], "damaged"),
}
BAD["mixed.csv"] = (("id,x\n" + "é,1\n" * 100_000).encode() + "é,2\n".encode("latin-1"), "line 100002 has bytes (e9")

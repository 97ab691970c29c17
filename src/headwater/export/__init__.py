"""Level 5: contact files out: CSV, Excel, JSON, JSON Lines, Parquet; streamed, and put in place whole or not at all."""

from headwater.export.cells import Cell
from headwater.export.writer import FORMATS, Writer, check_writable, format_of, open_writer

__all__ = ["FORMATS", "Cell", "Writer", "check_writable", "format_of", "open_writer"]

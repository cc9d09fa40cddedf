//! A report as a workbook of two sheets: its rows, and what makes it again.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::Report;
use crate::domain::report::{Cell, neutral};
use crate::service::Error;

/// The bytes of the workbook. It is dated by the instant the report knew of, so that the same report has the same bytes.
pub fn workbook(report: &Report) -> Result<Vec<u8>, Error> {
    build(report).map_err(|error| Error::Internal(format!("a workbook cannot be written: {error}")))
}

fn build(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let dated = ExcelDateTime::parse_from_str(&report.as_of.to_utc().format("%Y-%m-%dT%H:%M:%S").to_string())?;
    workbook.set_properties(&DocProperties::new().set_title(report.title).set_creation_datetime(&dated));
    let bold = Format::new().set_bold();
    rows(workbook.add_worksheet().set_name("Rows")?, report, &bold)?;
    let sheet = workbook.add_worksheet().set_name("About")?;
    let about = [
        ("report", report.report.to_owned()),
        ("program", report.program.to_string()),
        ("version", report.version.to_string()),
        ("from", report.from.to_string()),
        ("to", report.to.to_string()),
        ("as_of", report.as_of.to_string()),
        ("data_sha256", report.data_sha256.clone()),
    ];
    for (row, (name, value)) in (0_u32..).zip(about) {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        sheet.write_string(row, 1, neutral(&value))?;
    }
    workbook.save_to_buffer()
}

fn rows(sheet: &mut Worksheet, report: &Report, bold: &Format) -> Result<(), XlsxError> {
    for (at, column) in (0_u16..).zip(&report.table.columns) {
        sheet.write_string_with_format(0, at, *column, bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (line, row) in (1_u32..).zip(&report.table.rows) {
        for (at, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Nothing => continue,
                // Spreadsheets count in floating-point numbers; what they would round stays a text.
                Cell::Number(number) if number.unsigned_abs() < 1 << 53 => sheet.write_number(line, at, *number as f64)?,
                Cell::Text(text) => sheet.write_string(line, at, neutral(text))?,
                Cell::Number(_) | Cell::At(_) | Cell::Decimal(_) => sheet.write_string(line, at, cell.shown())?,
            };
        }
    }
    Ok(())
}

//! Tables in Markdown.

/// A table with its head. A bar inside a cell would end it.
pub(crate) fn table<R: AsRef<[String]>>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String {
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()));
    text.push_str(&line(head.iter().map(|_| "---".to_owned())));
    for row in rows {
        text.push_str(&line(row.as_ref().iter().map(|cell| cell.replace('|', "\\|"))));
    }
    text
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// As code.
pub(crate) fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

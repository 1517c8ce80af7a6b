//! The mapping as data, for the generated reference: asked of the real table, never written down a second time.

use super::assess::{assess, mark};
use super::id::{Kind, uuid};
use super::words::{GROUNDS, KybStatus, KycStatus, VerificationStatus};
use crate::domain::{Ask, Assessment, Part, Reason, Standing};

/// Rows of both tables: a verification's status, and the mark that makes a difference.
const ROWS: [(&str, Option<&str>, &str); 9] = [
    ("Pending", None, "`Pending`"),
    ("InProgress", None, "`InProgress`"),
    ("Suspended", None, "`Suspended`"),
    ("Completed", None, "`Completed`"),
    ("Completed", Some(mark::UNSUCCESSFUL), "`Completed`, `isSuccess` false"),
    ("Expired", None, "`Expired`"),
    ("Aborted", None, "`Aborted`"),
    ("Aborted", Some(mark::CONSENT_DECLINED), "`Aborted`, consent declined"),
    ("SomethingNew", None, "anything else"),
];

/// Columns of a person's table: the identification's status, a mark, a reason.
const PERSON: [Column; 6] = [
    Column { status: None, mark: None, reason: None, title: "no identification" },
    Column { status: Some("Awaiting"), mark: None, reason: None, title: "`Awaiting`" },
    Column { status: Some("Awaiting"), mark: Some(mark::PROCESSED), reason: None, title: "`Awaiting`, processed" },
    Column { status: Some("Approved"), mark: None, reason: None, title: "`Approved`" },
    Column {
        status: Some("Rejected"),
        mark: None,
        reason: Some("PoorPhotoQuality"),
        title: "`Rejected`, may try again",
    },
    Column { status: Some("Rejected"), mark: None, reason: Some("Sanctioned"), title: "`Rejected`, critical" },
];

const COMPANY: [Column; 4] = [
    Column { status: Some("Pending"), mark: None, reason: None, title: "`Pending`" },
    Column {
        status: Some("Pending"),
        mark: Some(mark::DOCUMENT_INVALIDATED),
        reason: None,
        title: "`Pending`, a document `Invalidated`",
    },
    Column { status: Some("Approved"), mark: None, reason: None, title: "`Approved`" },
    Column { status: Some("Rejected"), mark: None, reason: None, title: "`Rejected`" },
];

struct Column {
    status: Option<&'static str>,
    mark: Option<&'static str>,
    reason: Option<&'static str>,
    title: &'static str,
}

/// What a verification and one identification mean together.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// Titles of the columns.
    pub columns: Vec<&'static str>,
    /// A title, and a status (or `unrecognised`) for each column.
    pub rows: Vec<(&'static str, Vec<String>)>,
}

/// A person's verification and KYC identification.
#[must_use]
pub fn persons() -> Matrix {
    matrix(Kind::KycIdentification, &PERSON)
}

/// A company's verification and KYB identification.
#[must_use]
pub fn companies() -> Matrix {
    matrix(Kind::KybIdentification, &COMPANY)
}

/// Every reason that is known, what it means, and what the person may try again in the same flow.
pub fn reasons() -> impl Iterator<Item = (&'static str, Reason, Option<Ask>)> {
    GROUNDS.iter().map(|(word, ground)| (*word, ground.reason, ground.retry))
}

fn matrix(kind: Kind, columns: &[Column]) -> Matrix {
    let rows = ROWS.iter().map(|(status, mark, title)| {
        let cells = columns.iter().map(|column| {
            let verification = part(Kind::IdentityVerification, status, *mark, None);
            let identification = column.status.map(|status| part(kind, status, column.mark, column.reason));
            let parts: Vec<Part> = [Some(verification), identification].into_iter().flatten().flatten().collect();
            meaning(&parts)
        });
        (*title, cells.collect())
    });
    Matrix { columns: columns.iter().map(|column| column.title).collect(), rows: rows.collect() }
}

fn meaning(parts: &[Part]) -> String {
    match assess(parts) {
        Assessment::Known(opinion) => opinion.status.to_string(),
        Assessment::Unrecognised { .. } => "unrecognised".to_owned(),
    }
}

fn part(kind: Kind, status: &str, mark: Option<&str>, reason: Option<&str>) -> Option<Part> {
    let standing = match kind {
        Kind::IdentityVerification => VerificationStatus::read(status).map(VerificationStatus::standing),
        Kind::KycIdentification => KycStatus::read(status).map(KycStatus::standing),
        Kind::KybIdentification => KybStatus::read(status).map(KybStatus::standing),
        Kind::Form => Some(Standing::Open),
    };
    let resource = kind.resource(uuid("00000000-0000-4000-8000-000000000001")?);
    let mut part = Part::new(resource, status, standing.unwrap_or(Standing::Unrecognised));
    part.marks.extend(mark.map(str::to_owned));
    part.provider_reason = reason.map(str::to_owned);
    Some(part)
}

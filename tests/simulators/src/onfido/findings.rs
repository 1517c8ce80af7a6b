//! What a finished report says: result, sub-result, breakdown and properties, field for field as the fixtures.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::words::{CLEAR, CONSIDER};

/// What becomes of a report. Sub-results are a document's alone (§4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Clear,
    /// A document: not everything could be verified, e.g. it is expired. Others: consider.
    Caution,
    /// A document: the image cannot be used. Others: consider.
    Rejected,
    /// A document of somebody too young: rejected because of the age.
    Underage,
    /// A document: signs of fraud. Others: consider.
    Suspected,
    /// A face that does not match, a hit on a list; a document: caution.
    Consider,
    /// A face that is no living one; a document: suspected.
    Spoofed,
    /// No usable face.
    Unidentified,
    /// Words that nobody knows.
    Other { result: String, sub_result: Option<String> },
}

/// The members of a finished report that the outcome decides.
pub(super) struct Findings {
    pub(super) result: String,
    pub(super) sub_result: Option<String>,
    pub(super) properties: Value,
    pub(super) breakdown: Value,
}

impl Outcome {
    pub(super) fn findings(&self, report: &str) -> Findings {
        let family = Family::of(report);
        let (result, sub_result) = self.words(family);
        let (properties, breakdown) = match family {
            Family::Document => (document_properties(), self.document()),
            Family::Face => (json!({}), self.face()),
            Family::Watchlist => (json!({"records": []}), self.watchlist()),
            Family::Plain => (json!({}), json!({})),
        };
        Findings { result, sub_result, properties, breakdown }
    }

    fn words(&self, family: Family) -> (String, Option<String>) {
        let sub = match self {
            Self::Clear => CLEAR,
            Self::Caution | Self::Consider | Self::Unidentified => "caution",
            Self::Rejected | Self::Underage => "rejected",
            Self::Suspected | Self::Spoofed => "suspected",
            Self::Other { result, sub_result } => return (result.clone(), sub_result.clone()),
        };
        let result = match self {
            Self::Clear => CLEAR,
            Self::Unidentified => "unidentified",
            Self::Caution | Self::Consider | Self::Rejected | Self::Underage | Self::Suspected | Self::Spoofed => {
                CONSIDER
            }
            Self::Other { .. } => "",
        };
        (result.to_owned(), (family == Family::Document).then(|| sub.to_owned()))
    }

    fn document(&self) -> Value {
        let mut groups = clear_document();
        match self {
            Self::Clear | Self::Other { .. } => {}
            Self::Caution | Self::Consider | Self::Unidentified => {
                spoil(&mut groups, "data_validation", CONSIDER, "document_expiration", json!({}));
            }
            Self::Rejected => {
                spoil(&mut groups, "image_integrity", CONSIDER, "conclusive_document_quality", json!({}));
                if let Some(row) = groups.pointer_mut("/image_integrity/breakdown/image_quality") {
                    *row = finding("unidentified", json!({"blurred_photo": true}));
                }
            }
            Self::Underage => spoil(&mut groups, "age_validation", CONSIDER, "minimum_accepted_age", json!({})),
            Self::Suspected | Self::Spoofed => {
                let properties = json!({"photo_of_screen": true});
                spoil(&mut groups, "visual_authenticity", CONSIDER, "original_document_present", properties);
            }
        }
        groups
    }

    fn face(&self) -> Value {
        let document = "d0c1b2a3-9484-4736-a625-514031228001";
        let mut groups = json!({
            "face_comparison": {"result": CLEAR, "breakdown": {
                "face_match": finding(CLEAR, json!({"score": 0.6512, "document_id": document})),
            }},
            "image_integrity": group(&["face_detected", "source_integrity"]),
            "visual_authenticity": {"result": CLEAR, "breakdown": {
                "spoofing_detection": finding(CLEAR, json!({"score": 0.9512})),
            }},
        });
        match self {
            Self::Clear | Self::Other { .. } => {}
            Self::Unidentified => spoil(&mut groups, "image_integrity", "unidentified", "face_detected", json!({})),
            Self::Spoofed => {
                spoil(&mut groups, "visual_authenticity", CONSIDER, "spoofing_detection", json!({"score": 0.0312}));
            }
            Self::Caution | Self::Consider | Self::Rejected | Self::Underage | Self::Suspected => {
                let properties = json!({"score": 0.1203, "document_id": document});
                spoil(&mut groups, "face_comparison", CONSIDER, "face_match", properties);
            }
        }
        groups
    }

    fn watchlist(&self) -> Value {
        let person = if *self == Self::Clear { CLEAR } else { CONSIDER };
        json!({
            "sanction": {"result": CLEAR}, "politically_exposed_person": {"result": person},
            "legal_and_regulatory_warnings": {"result": CLEAR},
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Document,
    Face,
    Watchlist,
    /// Forms that no fixture has: empty breakdown.
    Plain,
}

impl Family {
    pub(super) fn of(report: &str) -> Self {
        if report.starts_with("document") {
            Self::Document
        } else if report.starts_with("facial_similarity") {
            Self::Face
        } else if report.starts_with("watchlist") {
            Self::Watchlist
        } else {
            Self::Plain
        }
    }
}

fn finding(result: &str, properties: Value) -> Value {
    json!({"result": result, "properties": properties})
}

fn group(names: &[&str]) -> Value {
    let rows: Value = names
        .iter()
        .map(|name| ((*name).to_owned(), finding(CLEAR, json!({}))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({"result": CLEAR, "breakdown": rows})
}

fn spoil(groups: &mut Value, name: &str, result: &str, row: &str, properties: Value) {
    if let Some(group) = groups.pointer_mut(&format!("/{name}/result")) {
        *group = json!(result);
    }
    if let Some(found) = groups.pointer_mut(&format!("/{name}/breakdown/{row}")) {
        *found = finding(result, properties);
    }
}

pub(super) fn document_properties() -> Value {
    json!({
        "first_name": "ADA", "last_name": "EXAMPLE", "date_of_birth": "1990-01-31", "date_of_expiry": "2031-05-28",
        "document_type": "passport", "document_numbers": [{"type": "document_number", "value": "999999999"}],
        "issuing_country": "GBR", "gender": null, "nationality": null,
    })
}

fn clear_document() -> Value {
    json!({
        "data_comparison": group(&[
            "first_name", "last_name", "date_of_birth", "document_type", "document_numbers", "date_of_expiry", "gender",
            "issuing_country",
        ]),
        "data_validation": group(&[
            "gender", "date_of_birth", "document_numbers", "document_expiration", "expiry_date", "mrz",
        ]),
        "image_integrity": group(&[
            "image_quality", "conclusive_document_quality", "supported_document", "colour_picture",
        ]),
        "visual_authenticity": group(&[
            "fonts", "picture_face_integrity", "template", "security_features", "original_document_present",
            "digital_tampering", "other", "face_detection",
        ]),
        "data_consistency": group(&[
            "date_of_expiry", "document_numbers", "issuing_country", "document_type", "date_of_birth", "gender",
            "first_name", "last_name", "nationality", "multiple_data_sources_present",
        ]),
        "police_record": {"result": CLEAR},
        "compromised_document": group(&["document_database", "repeat_attempts"]),
        "age_validation": group(&["minimum_accepted_age"]),
    })
}

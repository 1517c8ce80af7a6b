//! The pinned contexts: what a member means, as a table (idOS SDK, `credentials`). No context is ever loaded.
//!
//! Pinned are the credential's own three and three of its subject: two of persons, one of a proof of personhood. idOS's
//! public code has further ones (a second and a third version of the credential's, one for enhanced due diligence) of
//! which no facts are at hand: they are `unknown_context`, as Fractal's own of 2023 to 2025 is. Commit addresses that
//! serve the same files are not taken for them either: nobody has named them.
//!
//! Many members share a predicate. A proof over the quads therefore does not say in which of them a value stood: see
//! the module of plausibility.

use super::opened::{Members, Node};

/// Of a credential, in this order.
const CREDENTIAL: [&str; 3] = [
    "https://www.w3.org/2018/credentials/v1",
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credentials-v1.json",
    "https://w3id.org/security/suites/ed25519-2020/v1",
];
const FIRST: &str = "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v1.json";
const SECOND: &str = "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v2.json";
const FACE: &str = "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-face-id-v1.json";

/// The contexts of a credential define types of data where one expects properties; so they are used as predicates.
pub(super) const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
pub(super) const DATE: &str = "http://www.w3.org/2001/XMLSchema#date";
/// The prefix does not expand.
const AUX_DATE: &str = "aux:date";
const AUX_COUNTRY: &str = "aux:ISO_3166-1_alpha-2";

/// Whether a credential has exactly the pinned contexts; None where it has nothing of the kind.
pub(super) fn is_credentials(contexts: Option<&Node>) -> Option<bool> {
    Some(contexts?.list()?.iter().map(Node::text).eq(CREDENTIAL.map(Some)))
}

/// Which context a subject has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A person, first version.
    First,
    /// A person.
    Second,
    /// A proof of personhood: it says nothing of the person.
    Face,
}

impl Subject {
    pub(super) fn of(members: &Members) -> Option<Self> {
        match members.text("@context")? {
            FIRST => Some(Self::First),
            SECOND => Some(Self::Second),
            FACE => Some(Self::Face),
            _ => None,
        }
    }

    /// What a member is in the quads; None where the context does not define it.
    pub(super) fn predicate(self, member: &str) -> Option<&'static str> {
        match self {
            Self::Face => (member == "faceSignUserId").then_some(STRING),
            Self::First => first(member).or_else(|| person(member)),
            Self::Second => person(member),
        }
    }
}

/// What the first version has beyond the second.
fn first(member: &str) -> Option<&'static str> {
    match member {
        "applicantId" | "inquiryId" | "governmentId" | "governmentIdType" => Some(STRING),
        _ => None,
    }
}

fn person(member: &str) -> Option<&'static str> {
    match member {
        "firstName"
        | "middleName"
        | "familyName"
        | "maidenName"
        | "gender"
        | "email"
        | "phoneNumber"
        | "ssn"
        | "placeOfBirth"
        | "idDocumentCountry"
        | "idDocumentNumber"
        | "idDocumentType"
        | "idDocumentFrontFile"
        | "idDocumentBackFile"
        | "selfieFile"
        | "residentialAddressStreet"
        | "residentialAddressHouseNumber"
        | "residentialAddressAdditionalAddressInfo"
        | "residentialAddressRegion"
        | "residentialAddressCity"
        | "residentialAddressPostalCode"
        | "residentialAddressProofCategory"
        | "residentialAddressProofFile" => Some(STRING),
        "nationality" | "residentialAddressCountry" => Some(AUX_COUNTRY),
        "dateOfBirth" | "idDocumentDateOfIssue" | "idDocumentDateOfExpiry" => Some(AUX_DATE),
        "residentialAddressProofDateOfIssue" => Some(DATE),
        _ => None,
    }
}

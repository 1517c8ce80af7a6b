//! What can be wrong with a credential: one closed list. The codes are said to tenants (as `provider_code`) and stand in
//! the ledger (as a part's `provider_status`), so they stay as they are.

use super::sharing::UserShared;
use crate::domain::{Standing, closed_list};

closed_list! {
    /// Why a credential is not enough. The first that is found counts, in this order.
    pub enum Flaw {
        Revoked = "revoked": "The issuer's public notes say that it is revoked.",
        NotesUnknown = "notes_unknown": "The public notes give it a status that nobody here knows.",
        NoContent = "content_missing": "The node has neither a content nor an address of one.",
        ContentAway = "content_unavailable": "It has an address, and nothing is found there now.",
        ContentRefused = "content_refused": "It is granted to us, and its content is refused all the same.",
        UnsupportedAddress = "unsupported_storage": "It is stored where the gateway cannot read.",
        TooLarge = "too_large": "It is larger than is read.",
        WrongLength = "content_length": "It is not as long as the node says.",
        WrongContent = "content_mismatch": "It is not what its address names.",
        NotBase64 = "box_not_base64": "The box is not written as base64.",
        BoxTruncated = "box_truncated": "The box is too short to be one.",
        BoxSenderUnusable = "box_sender_unusable": "The sender's key of the box is no key.",
        BoxUnopenable = "box_unopenable":
            "The box is for another key, or was changed or cut: which of them cannot be told.",
        HashMismatch = "hash_mismatch": "The content is not the one whose digest the grant names.",
        NotACredential = "not_a_credential": "The content is not a credential of the known form.",
        UnknownContext = "unknown_context": "It has a JSON-LD context that is not pinned here.",
        UnknownMember = "unknown_member": "It has a member that its contexts do not define.",
        ProofMissing = "proof_missing": "It has no proof.",
        IssuerUnknown = "issuer_unknown": "Issuer or key are not among those that the connection accepts.",
        ProofInvalid = "proof_invalid": "The proof does not fit: what was signed is something else.",
        NotYetValid = "not_yet_valid": "Its date of issue is still to come.",
        Expired = "expired": "Its expiration date has passed.",
        LevelUnknown = "level_unknown": "It has a level that nobody here knows.",
        LevelInsufficient = "level_insufficient": "Its level is less than what was asked for.",
        UserShared = "user_shared": "The person inserted the copy, so its proof does not vouch for the names of fields.",
        Implausible = "implausible": "The person inserted the copy, and its fields contradict each other or their own form.",
    }
}

impl Flaw {
    /// It says nothing of the credential, neither for it nor against it: its content may be there again.
    pub(in super::super) const fn is_passing(self) -> bool {
        matches!(self, Self::ContentAway | Self::ContentRefused)
    }

    /// Where a part with this flaw stands. What a person's own copy is worth, the tenant says.
    pub(in super::super) const fn standing(self, policy: UserShared) -> Standing {
        match self {
            Self::Revoked | Self::Expired => Standing::Ended,
            Self::NotYetValid | Self::ContentAway | Self::ContentRefused => Standing::Open,
            Self::UserShared => match policy {
                UserShared::Refuse => Standing::Rejected,
                UserShared::Review | UserShared::Accept => Standing::Waiting,
            },
            Self::NotesUnknown
            | Self::NoContent
            | Self::UnsupportedAddress
            | Self::TooLarge
            | Self::WrongLength
            | Self::WrongContent
            | Self::NotBase64
            | Self::BoxTruncated
            | Self::BoxSenderUnusable
            | Self::BoxUnopenable
            | Self::HashMismatch
            | Self::UnknownContext
            | Self::UnknownMember
            | Self::Implausible => Standing::Waiting,
            Self::NotACredential
            | Self::ProofMissing
            | Self::IssuerUnknown
            | Self::ProofInvalid
            | Self::LevelUnknown
            | Self::LevelInsufficient => Standing::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flaw_ever_approves_and_every_code_is_a_short_word() {
        for flaw in Flaw::ALL {
            for policy in UserShared::ALL {
                assert_ne!(flaw.standing(*policy), Standing::Approved, "{flaw}");
                assert_ne!(flaw.standing(*policy), Standing::Unrecognised, "{flaw}");
            }
            assert!(
                flaw.as_str().len() < 32
                    && flaw.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
            );
        }
    }
}

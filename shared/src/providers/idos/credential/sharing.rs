//! Who inserted a copy, and what a tenant makes of one that the person inserted.
//!
//! Sharing by the issuer is two facts of the node: the grant came about under a write grant, and the copy was signed by a
//! key of that issuer. The node checks that key when a copy is written (idOS schema). Everything else, whatever word
//! the node has for it, counts as the person's own.

use crate::domain::closed_list;

closed_list! {
    /// What a copy is worth that the person inserted (`settings.user_shared`).
    pub enum UserShared {
        Review = "review": "Somebody of the tenant decides; the onboarding is `in_review`.",
        Accept = "accept": "It approves where its fields are plausible and the node has an original of it by the issuer.",
        Refuse = "refuse": "It is rejected.",
    }
}

closed_list! {
    /// Who inserted the copy that was shared with us.
    pub enum SharedBy {
        Issuer = "issuer": "The issuer, for the person, under a write grant.",
        User = "user": "The person, or nobody can tell.",
    }
}

/// Who wrote a copy and its grant, as the node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Inserter {
    /// The user; the signer is then a throw-away key.
    User,
    /// The issuer, by a write grant of the user.
    WriteGrant,
    /// Neither of them, or the node does not say.
    Unknown,
}

impl SharedBy {
    /// `signers` are the accepted keys of the issuer that the credential's proof names.
    pub(super) fn of(inserter: Inserter, signer: &str, signers: &[String]) -> Self {
        match inserter {
            Inserter::WriteGrant if signers.iter().any(|own| own.eq_ignore_ascii_case(signer)) => Self::Issuer,
            Inserter::WriteGrant | Inserter::User | Inserter::Unknown => Self::User,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_grant_with_a_key_of_the_issuer_is_its_sharing() {
        let signers = ["ab".repeat(32)];
        let upper = "AB".repeat(32);
        assert_eq!(SharedBy::of(Inserter::WriteGrant, &upper, &signers), SharedBy::Issuer);
        for inserter in [Inserter::User, Inserter::Unknown] {
            assert_eq!(SharedBy::of(inserter, &upper, &signers), SharedBy::User, "{inserter:?}");
        }
        for (key, signers) in [("cd".repeat(32), &signers[..]), (upper.clone(), &[]), (String::new(), &signers[..])] {
            assert_eq!(SharedBy::of(Inserter::WriteGrant, &key, signers), SharedBy::User, "{key}");
        }
    }
}

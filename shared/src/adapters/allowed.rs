//! Which queues and event buses changes may go to: the deployment's list, not the tenants' (design §7).
//!
//! A tenant's configuration names an ARN; whether it may is said where the deliverer's permissions are said, in the
//! template, so that one list makes both. What is not on it is never called.

use std::collections::BTreeSet;

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedTargets {
    /// Whatever a configuration names: the local stack, where nobody wrote a list.
    Any,
    /// These ARNs, letter by letter.
    Only(BTreeSet<String>),
}

impl AllowedTargets {
    /// Reads ARNs with commas between them; nothing between two commas is nothing.
    ///
    /// # Errors
    /// One of them is no ARN.
    pub(super) fn read(list: &str) -> Result<Self, &'static str> {
        let arns: BTreeSet<&str> = list.split(',').map(str::trim).filter(|arn| !arn.is_empty()).collect();
        // A pattern would be taken for what it says, and allow nothing.
        let sound = |arn: &&str| arn.starts_with("arn:") && arn.split(':').count() >= 6 && !arn.contains(['*', '?']);
        if !arns.iter().all(sound) {
            return Err("must be ARNs with commas between them, none of them a pattern");
        }
        Ok(Self::Only(arns.into_iter().map(str::to_owned).collect()))
    }

    /// Where nothing is said: nothing, but anything where local targets are.
    pub(super) const fn unsaid(local_targets: bool) -> Self {
        if local_targets { Self::Any } else { Self::Only(BTreeSet::new()) }
    }

    /// Whether changes may go there.
    #[must_use]
    pub fn allows(&self, arn: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(arns) => arns.contains(arn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:eu-north-1:111111111111:acme";
    const BUS: &str = "arn:aws:events:eu-north-1:111111111111:event-bus/acme";

    #[test]
    fn what_is_listed_is_allowed_and_nothing_beside_it() -> Result<(), &'static str> {
        // as the template joins two lists of which one is empty
        let allowed = AllowedTargets::read(&format!("{QUEUE}, {BUS},,"))?;
        assert!(allowed.allows(QUEUE) && allowed.allows(BUS));
        for other in ["", "arn:aws:sqs:eu-north-1:111111111111:acme2", "arn:aws:sqs:eu-north-1:222222222222:acme"] {
            assert!(!allowed.allows(other), "{other}");
        }
        Ok(())
    }

    #[test]
    fn a_pattern_is_no_arn() {
        for list in ["acme", "arn:aws:sqs", "arn:aws:sqs:eu-north-1:111111111111:*", &format!("{QUEUE};{BUS}?")] {
            assert!(AllowedTargets::read(list).is_err(), "{list}");
        }
    }

    #[test]
    fn nothing_said_is_nothing_allowed_but_in_the_local_stack() {
        assert!(!AllowedTargets::unsaid(false).allows(QUEUE));
        assert!(AllowedTargets::unsaid(true).allows(QUEUE));
    }
}

//! What an app may be answered instead of an onboarding: a closed list.

use super::closed_list::closed_list;

closed_list! {
    /// Error codes of the invoke interface.
    pub enum ErrorCode {
        InvalidRequest = "invalid_request": "A field is missing or wrong; `field` names it. Nothing was created.",
        Forbidden = "forbidden": "This caller may not act for this tenant, or the tenant has not allowed this action.",
        NotFound = "not_found": "No such tenant, connection or onboarding.",
        Conflict = "conflict": "This idempotency key was used with other content.",
        InProgress = "in_progress": "The same request is being worked on; ask again.",
        Unsupported = "unsupported": "The provider cannot do this; the message says where to turn.",
        NotResumable = "not_resumable": "Erased onboardings are not resumed, nor cancelled ones unless the person had refused, nor approved ones of which nothing is asked, nor for ever.",
        Unavailable = "unavailable": "The gateway itself cannot do it now; ask again.",
        ProviderRejected = "provider_rejected": "The provider refused the request; repeating it does not help.",
        ProviderUnavailable = "provider_unavailable": "The provider does not answer; ask again.",
        RateLimited = "rate_limited": "The provider asks for patience; ask again later.",
        Internal = "internal": "Our own fault; it is logged.",
    }
}

impl ErrorCode {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::InProgress | Self::Unavailable | Self::ProviderUnavailable | Self::RateLimited | Self::Internal => {
                true
            }
            Self::InvalidRequest
            | Self::Forbidden
            | Self::NotFound
            | Self::Conflict
            | Self::Unsupported
            | Self::NotResumable
            | Self::ProviderRejected => false,
        }
    }
}

//! Why a request is not proven: for logs, metrics and corpora. The sender never learns it.

use thiserror::Error;

#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("{}", self.code())]
pub enum Refusal {
    /// No usable credential of the kinds that the provider's specification asks for.
    NothingConfigured,
    /// The specification or the sources cannot be followed: our own mistake.
    Misconfigured,
    CredentialMissing,
    /// Two headers, or one that a gateway joined of two with a comma.
    CredentialDuplicated,
    CredentialMalformed,
    /// An `Authorization` of a scheme that is not configured: usually the wrong mode at the provider.
    CredentialOtherScheme,
    CredentialUnknown,
    TokenExpired,
    TokenAhead,
    SignatureMissing,
    SignatureDuplicated,
    SignatureMalformed,
    SignatureMismatch,
    TimestampMissing,
    TimestampDuplicated,
    TimestampMalformed,
    TimestampStale,
    TimestampAhead,
    SourceNotAllowed,
    /// Proven, but by an entry that is limited to other event types.
    TypeNotVouched,
}

impl Refusal {
    pub const ALL: [Self; 20] = [
        Self::NothingConfigured,
        Self::Misconfigured,
        Self::CredentialMissing,
        Self::CredentialDuplicated,
        Self::CredentialMalformed,
        Self::CredentialOtherScheme,
        Self::CredentialUnknown,
        Self::TokenExpired,
        Self::TokenAhead,
        Self::SignatureMissing,
        Self::SignatureDuplicated,
        Self::SignatureMalformed,
        Self::SignatureMismatch,
        Self::TimestampMissing,
        Self::TimestampDuplicated,
        Self::TimestampMalformed,
        Self::TimestampStale,
        Self::TimestampAhead,
        Self::SourceNotAllowed,
        Self::TypeNotVouched,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::NothingConfigured => "nothing_configured",
            Self::Misconfigured => "misconfigured",
            Self::CredentialMissing => "credential_missing",
            Self::CredentialDuplicated => "credential_duplicated",
            Self::CredentialMalformed => "credential_malformed",
            Self::CredentialOtherScheme => "credential_other_scheme",
            Self::CredentialUnknown => "credential_unknown",
            Self::TokenExpired => "token_expired",
            Self::TokenAhead => "token_ahead",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureDuplicated => "signature_duplicated",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::TimestampMissing => "timestamp_missing",
            Self::TimestampDuplicated => "timestamp_duplicated",
            Self::TimestampMalformed => "timestamp_malformed",
            Self::TimestampStale => "timestamp_stale",
            Self::TimestampAhead => "timestamp_ahead",
            Self::SourceNotAllowed => "source_not_allowed",
            Self::TypeNotVouched => "type_not_vouched",
        }
    }

    /// Our fault: answered 503 so that the provider sends again, never 401.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::NothingConfigured | Self::Misconfigured)
    }

    /// How far a kind came before it refused. Of the kinds of one clause the one that came furthest is
    /// reported: a wrong signature says more than the Basic header that was never to be sent.
    pub(super) fn depth(self) -> u8 {
        match self {
            Self::CredentialMissing | Self::SignatureMissing => 0,
            Self::CredentialOtherScheme => 1,
            Self::CredentialDuplicated
            | Self::CredentialMalformed
            | Self::SignatureDuplicated
            | Self::SignatureMalformed
            | Self::TimestampMissing
            | Self::TimestampDuplicated
            | Self::TimestampMalformed => 2,
            Self::CredentialUnknown | Self::SignatureMismatch | Self::SourceNotAllowed => 3,
            Self::TokenExpired
            | Self::TokenAhead
            | Self::TimestampStale
            | Self::TimestampAhead
            | Self::TypeNotVouched => 4,
            Self::NothingConfigured | Self::Misconfigured => 5,
        }
    }
}

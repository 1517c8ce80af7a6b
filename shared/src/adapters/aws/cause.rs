//! Why AWS did not do it, in few words.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// See [`Cause::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Not done within the limits. It may have been done all the same.
    TimedOut,
    /// No connection, or it broke. It may have been done all the same.
    Unreachable,
    /// The service has a fault. It may have been done all the same.
    Faulty,
    /// The service asks for patience.
    Throttled,
    /// Our credentials are not accepted, or may not do this.
    Denied,
    /// What was named does not exist.
    Missing,
    /// The request cannot be done, now or later.
    Refused,
}

impl Cause {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Faulty => "faulty",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Refused => "refused",
        }
    }

    /// Whether the same request may work later without anybody's doing.
    #[must_use]
    pub const fn passes(self) -> bool {
        match self {
            Self::TimedOut | Self::Unreachable | Self::Faulty | Self::Throttled => true,
            Self::Denied | Self::Missing | Self::Refused => false,
        }
    }

    /// The cause of an error of any operation of any service.
    pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        match error {
            SdkError::ConstructionFailure(_) => Self::Refused,
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::DispatchFailure(_) => Self::Unreachable,
            SdkError::ResponseError(_) => Self::Faulty,
            SdkError::ServiceError(context) => {
                Self::of_answer(context.raw().status().as_u16(), context.err().code().unwrap_or_default())
            }
            _ => Self::Faulty,
        }
    }

    /// The cause by status and error code, which some services prefix with a name space.
    fn of_answer(status: u16, code: &str) -> Self {
        match code.rsplit(['#', '.']).next().unwrap_or_default() {
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "ProvisionedThroughputExceededException"
            | "LimitExceededException"
            | "KmsThrottled"
            | "OverLimit" => Self::Throttled,
            "AccessDenied"
            | "AccessDeniedException"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "MissingAuthenticationToken"
            | "NotAuthorized"
            | "KmsAccessDenied"
            | "DecryptionFailure"
            | "OptInRequired" => Self::Denied,
            "ResourceNotFoundException" | "QueueDoesNotExist" | "NonExistentQueue" | "NotFoundException" => {
                Self::Missing
            }
            _ if status >= 500 => Self::Faulty,
            _ if status == 429 => Self::Throttled,
            _ if status == 401 || status == 403 => Self::Denied,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn codes_and_statuses_have_a_cause() {
        let table = [
            (400, "ThrottlingException", Cause::Throttled),
            (400, "com.amazonaws.sqs#QueueDoesNotExist", Cause::Missing),
            (400, "AWS.SimpleQueueService.NonExistentQueue", Cause::Missing),
            (400, "ResourceNotFoundException", Cause::Missing),
            (400, "AccessDeniedException", Cause::Denied),
            (403, "Something", Cause::Denied),
            (429, "", Cause::Throttled),
            (500, "InternalServiceError", Cause::Faulty),
            (400, "ValidationException", Cause::Refused),
        ];
        for (status, code, cause) in table {
            assert_eq!(Cause::of_answer(status, code), cause, "{status} {code}");
        }
    }
}

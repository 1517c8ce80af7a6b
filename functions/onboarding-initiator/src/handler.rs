//! Between an invocation and the initiator: who was invoked says who may act.

use idv_gateway::invoke::Initiator;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

/// Answers one request; a refusal is an answer, not an error.
pub(crate) async fn answer(initiator: &Initiator, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let qualifier = qualifier(&event.context.invoked_function_arn);
    Ok(initiator.answer(qualifier, event.payload).await)
}

/// `arn:aws:lambda:region:account:function:name[:qualifier]`
fn qualifier(arn: &str) -> Option<&str> {
    arn.split(':').nth(7)
}

#[cfg(test)]
mod tests {
    use super::qualifier;

    #[test]
    fn the_qualifier_is_the_eighth_part() {
        assert_eq!(
            qualifier("arn:aws:lambda:eu-west-1:000000000000:function:idv-onboarding-initiator:t-acme"),
            Some("t-acme")
        );
        assert_eq!(qualifier("arn:aws:lambda:eu-west-1:000000000000:function:idv-onboarding-initiator"), None);
    }
}

//! The routes of the drop-in, as the deployment has them, with the authoriser's part played: this stack has neither IAM
//! nor an issuer of tokens, so it takes the caller's word for who it is, from a header of its own. A name that begins with
//! `arn:` is handed on as IAM's, any other as the `sub` of a token. Without one nobody gets in, as with a real authoriser.

use axum::http::HeaderMap;
use serde_json::{Value, json};

/// Where the operations are; the prefix is the template's default.
const ROUTES: [&str; 3] = ["/dcs/kyc2/applicants", "/dcs/kyc2/sdk-token", "/dcs/kyc2/checks"];
/// The initiator's alias that they lead to.
pub(crate) const QUALIFIER: &str = "drop-in";
/// Who calls.
pub(crate) const CALLER: &str = "x-local-caller";

/// The key of the route, if it is one of them.
pub(crate) fn route(method: &str, path: &str) -> Option<String> {
    (method == "POST" && ROUTES.contains(&path)).then(|| format!("{method} {path}"))
}

/// What the authoriser says of the caller; none: it lets nobody in.
pub(crate) fn authorizer(headers: &HeaderMap) -> Option<Value> {
    let mut named = headers.get_all(CALLER).iter();
    let caller = named.next()?.to_str().ok().filter(|name| !name.is_empty())?;
    if named.next().is_some() {
        return None;
    }
    Some(if caller.starts_with("arn:") {
        let account = caller.split(':').nth(4).unwrap_or_default();
        json!({"iam": {
            "accessKey": "LOCAL", "accountId": account, "callerId": "LOCAL", "cognitoIdentity": null,
            "principalOrgId": "aws:PrincipalOrgID", "userArn": caller, "userId": "LOCAL",
        }})
    } else {
        json!({"jwt": {"claims": {"sub": caller}, "scopes": null}})
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn three_exact_paths_are_the_drop_ins() {
        assert_eq!(route("POST", "/dcs/kyc2/checks").as_deref(), Some("POST /dcs/kyc2/checks"));
        for (method, path) in [("GET", "/dcs/kyc2/checks"), ("POST", "/dcs/kyc2/checks/"), ("POST", "/dcs/kyc2/Checks")]
        {
            assert_eq!(route(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn one_name_is_a_caller_and_none_or_two_are_nobody() {
        let told = |names: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for name in names {
                headers.append(CALLER, HeaderValue::from_static(name));
            }
            authorizer(&headers)
        };
        assert_eq!(
            told(&["arn:aws:iam::1:user/f"]).map(|it| it["iam"]["userArn"].clone()),
            Some(json!("arn:aws:iam::1:user/f"))
        );
        assert_eq!(told(&["portal"]).map(|it| it["jwt"]["claims"].clone()), Some(json!({"sub": "portal"})));
        for nobody in [&[][..], &[""], &["a", "a"]] {
            assert_eq!(told(nobody), None, "{nobody:?}");
        }
    }
}

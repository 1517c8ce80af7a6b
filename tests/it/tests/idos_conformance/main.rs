//! idOS's folder against its fixtures: sign-in, calls and their faults, contents by either way, looks, the list of grants,
//! and gateways that misbehave. Only the public ports are used.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

mod blobs;
mod credential_flaws;
mod credential_sharing;
mod credentials;
mod faults;
mod feeds;
mod harness;
mod long_looks;
mod looks;
mod originals;
mod sessions;
mod starts;

use std::collections::BTreeSet;
use std::fs;

/// Of calls that the gateway does not make, of the verification product beside idOS, of other tests: vectors stand beside
/// the code, and a webhook comes through a connection of Fractal ID.
const NOT_HERE: &[&str] = &[
    "relay.api-token.claims",
    "relay.iframe-message.completed",
    "relay.iframe-message.error",
    "relay.iframe-message.open",
    "relay.link-token.claims",
    "relay.post-developer-client.request",
    "relay.post-shared-token.request",
    "relay.post-shared-token.response",
    "rpc.call.get-access-grants-granted-count.response",
    "rpc.call.get-credentials-shared-by-user.request",
    "rpc.user-broadcast.rescind-shared-credential.request",
    "rpc.user-chain-info.request",
    "rpc.user-chain-info.response",
    "rpc.user-health.request",
    "rpc.user-health.response",
    "vector.ascii85-file",
    "vector.blob-cid",
    "vector.box.credential",
    "vector.box.small",
    "vector.box.tampered.must-fail",
    "vector.kgw-login",
    "vector.kwil-call-encoding",
    "vector.kwil-execute",
    "vector.private-mode-call-signature",
    "vector.vc-proof",
    "webhook.credential-shared",
    "credential.plaintext.fields-swapped.still-verifies",
    "credential.plaintext.signed",
    "credential.plaintext.tampered.must-fail",
    "credential.plaintext.unsigned.fractal-legacy-schema",
    "public-notes.approved",
    "public-notes.revoked",
];

/// Every fixture is somebody's: one that is added to the folder fails here until a table names it.
#[test]
fn every_fixture_is_used() {
    let files = fs::read_dir(harness::folder()).unwrap();
    let names = files
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned));
    let there: BTreeSet<String> = names.collect();
    let used = [
        faults::FIXTURES,
        feeds::FIXTURES,
        looks::FIXTURES,
        originals::FIXTURES,
        sessions::FIXTURES,
        blobs::FIXTURES,
        NOT_HERE,
    ]
    .concat();
    let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
    assert!(there.len() > 45, "{}", there.len());
    assert_eq!(there, used);
}

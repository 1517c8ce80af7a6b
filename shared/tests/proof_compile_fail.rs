//! What must not compile. One run for all: it checks the crate's dependencies anew, once in a target folder.

/// A secret, or what holds one, that is shown or compared (`proof_secret_*`, `show_*`); a proof that nobody made
/// (`proof_verified_*`); a key without its tenant (`key_*`); a status made of anything but the table's own words, such as
/// a word of the provider, a part's standing or a notice (`status_*`).
#[test]
fn what_would_leak_or_forge_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

//! What must not compile: a secret that is shown or compared, and a proof that nobody made.

#[test]
fn what_would_leak_or_forge_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/proof_*.rs");
}

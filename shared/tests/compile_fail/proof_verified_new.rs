#![expect(unreachable_code)]

use idv_gateway::proof::Verified;

fn main() {
    let _forged = Verified::new(b"body", todo!());
}

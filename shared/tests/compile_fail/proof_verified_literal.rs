#![expect(unreachable_code)]

use idv_gateway::proof::Verified;

fn main() {
    let _forged = Verified { value: "body", proof: todo!() };
}

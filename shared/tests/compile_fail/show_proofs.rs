use idv_gateway::proof::Proofs;

fn show(shown: &Proofs) {
    println!("{shown:?}");
}

fn main() {}

use idv_gateway::seal::SealingKeys;

fn show(shown: &SealingKeys) {
    println!("{shown:?}");
}

fn main() {}

use idv_gateway::ports::DestinationKind;

fn show(shown: &DestinationKind) {
    println!("{shown:?}");
}

fn main() {}

use idv_gateway::domain::{Opinion, Standing};

fn approved(standing: Standing) -> Opinion {
    Opinion::plain(standing)
}

fn main() {}

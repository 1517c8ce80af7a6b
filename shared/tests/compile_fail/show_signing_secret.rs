use idv_gateway::delivery::standard_webhooks::SigningSecret;

fn show(shown: &SigningSecret) {
    println!("{shown:?}");
}

fn main() {}

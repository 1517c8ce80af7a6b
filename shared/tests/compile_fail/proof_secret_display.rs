use idv_gateway::secret::Secret;

fn main() {
    let secret = Secret::from("example".to_owned());
    println!("{secret}");
}

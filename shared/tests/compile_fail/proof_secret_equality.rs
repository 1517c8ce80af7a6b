use idv_gateway::secret::Secret;

fn main() {
    let left = Secret::from("example".to_owned());
    let right = Secret::from("example".to_owned());
    let _same = left == right;
}

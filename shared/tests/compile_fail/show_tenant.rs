use idv_gateway::ports::TenantConfig;

fn show(shown: &TenantConfig) {
    println!("{shown:?}");
}

fn main() {}

use idv_gateway::adapters::dynamodb::keys::ItemKey;

fn key() -> ItemKey {
    ItemKey { pk: "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(), sk: "onboarding".to_owned() }
}

fn main() {}

//! Pages of events and individuals.

use idv_simulators::intergiro::Settings;
use serde_json::Value;

use super::client::{Api, intergiro, intergiro_with, same_shape};

async fn ids(api: &Api, query: &str) -> (Vec<String>, bool) {
    let (status, page) = api.get(&format!("/v3/events?{query}")).await;
    assert_eq!(status, 200, "{page}");
    let rows = page["data"].as_array().unwrap();
    (rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect(), page["has_more"] == true)
}

#[tokio::test]
async fn pages_go_forward_and_back_in_either_order() {
    let (intergiro, api) = intergiro().await;
    let made = intergiro.other_events(None, "PaymentSettled", 25);
    let newest: Vec<String> = made.iter().rev().cloned().collect();
    assert_eq!(ids(&api, "").await, (newest[..10].to_vec(), true), "ten by default, newest first");
    assert_eq!(ids(&api, &format!("starting_after={}", newest[19])).await, (newest[20..].to_vec(), false));
    assert_eq!(ids(&api, "limit=25&sort_by=created_at&sort_type=asc").await, (made.clone(), false));
    let after = format!("sort_type=asc&limit=5&starting_after={}", made[9]);
    assert_eq!(ids(&api, &after).await, (made[10..15].to_vec(), true));
    let before = format!("limit=5&ending_before={}", newest[9]);
    assert_eq!(ids(&api, &before).await, (newest[4..9].to_vec(), true));
    assert_eq!(ids(&api, &format!("ending_before={}", newest[3])).await, (newest[..3].to_vec(), false));
    assert_eq!(ids(&api, &format!("ending_before={}", newest[0])).await, (Vec::new(), false));
    assert_eq!(ids(&api, &format!("starting_after={}", newest[24])).await, (Vec::new(), false));
    let (oldest_first, api) = intergiro_with(Settings { newest_first: false, ..Settings::default() }).await;
    let made = oldest_first.other_events(None, "PaymentSettled", 3);
    assert_eq!(ids(&api, "").await.0, made);
}

#[tokio::test]
async fn bad_pages_are_refused() {
    let (intergiro, api) = intergiro().await;
    let id = &intergiro.other_events(None, "PaymentSettled", 1)[0];
    let both = format!("starting_after={id}&ending_before={id}");
    let bad = ["limit=0", "limit=101", "limit=x", "sort_by=name", "sort_type=up", "starting_after=nobody", &both];
    for query in bad {
        let (status, body) = api.get(&format!("/v3/events?{query}")).await;
        assert_eq!(status, 400, "{query}");
        same_shape(&body, "error.400.validation.errors-list.json");
    }
    assert_eq!(api.get("/v3/pending_actions?completed=perhaps").await.0, 400);
}

#[tokio::test]
async fn created_stamps_follow_the_order_of_the_list() {
    let (intergiro, api) = intergiro().await;
    intergiro.other_events(None, "PaymentSettled", 50);
    let (_, page) = api.get("/v3/events?limit=100&sort_type=asc").await;
    let stamps: Vec<&str> =
        page["data"].as_array().unwrap().iter().filter_map(|it| it["created_at"].as_str()).collect();
    assert_eq!(stamps.len(), 50);
    assert!(stamps.is_sorted() && stamps.iter().all(|it| it.len() == "2021-02-08T14:09:15.000Z".len()), "{stamps:?}");
    assert!(stamps.windows(2).any(|two| two[0] == two[1]), "two events may share a millisecond");
}

#[tokio::test]
async fn individuals_are_listed_too() {
    let (_intergiro, api) = intergiro().await;
    let made = [api.created().await, api.created().await];
    let (_, page) = api.get("/v3/individuals?sort_type=asc").await;
    let ids: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, made.iter().collect::<Vec<_>>());
    assert_eq!(page["has_more"], false);
}

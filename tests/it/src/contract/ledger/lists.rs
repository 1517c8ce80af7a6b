//! Onboardings of a reference, and of a tenant.

use idv_gateway::domain::OnboardingId;
use idv_gateway::ports::{Due, MAX_REFERENCES, Page};

use super::bench::{Bench, eventually};

pub async fn a_reference_names_its_onboardings_newest_first(bench: &Bench<'_>) {
    let (tenant, reference) = (bench.tenant(), bench.reference());
    assert!(bench.ledger.by_reference(&tenant, &reference).await.unwrap().is_empty());
    for number in [2, 3, 1, 3] {
        bench.ledger.add_reference(&tenant, &reference, &bench.key(number).id).await.unwrap();
    }
    let expected: Vec<OnboardingId> = [3, 2, 1].map(|number| bench.key(number).id).into();
    assert_eq!(bench.ledger.by_reference(&tenant, &reference).await.unwrap(), expected);
}

pub async fn a_reference_forgets_the_oldest_beyond_its_cap(bench: &Bench<'_>) {
    let (tenant, reference) = (bench.tenant(), bench.reference());
    let cap = u32::from(MAX_REFERENCES);
    for number in (1..=cap + 2).chain([cap]) {
        bench.ledger.add_reference(&tenant, &reference, &bench.key(number).id).await.unwrap();
    }
    let expected: Vec<OnboardingId> = (3..=cap + 2).rev().map(|number| bench.key(number).id).collect();
    assert_eq!(bench.ledger.by_reference(&tenant, &reference).await.unwrap(), expected);
}

async fn pages(bench: &Bench<'_>, limit: usize) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    while pages.last().is_none_or(|page| page.next.is_some()) {
        let before = pages.last().and_then(|page| page.next.clone());
        pages.push(bench.ledger.list(&bench.tenant(), before.as_ref(), limit).await.unwrap());
        assert!(pages.len() < 100, "it ends");
    }
    pages
}

pub async fn pages_have_no_holes_and_no_repeats(bench: &Bench<'_>) {
    for number in 1..=30 {
        bench.created(number).await;
    }
    bench.other().created(31).await;
    let expected: Vec<OnboardingId> = (1..=30).rev().map(|number| bench.key(number).id).collect();
    for (limit, count) in [(1, 30), (7, 5), (10, 3), (30, 1), (100, 1)] {
        let flat = |pages: &Vec<Page>| pages.iter().flat_map(|page| page.ids.clone()).collect::<Vec<_>>();
        eventually(|| pages(bench, limit), |pages| flat(pages) == expected, &expected).await;
        let pages = pages(bench, limit).await;
        assert_eq!(pages.len(), count, "no empty page at the end");
        assert!(pages.iter().all(|page| page.ids.len() <= limit));
    }
}

/// The index is sharded by id: where all stand in one shard, the other shards must not end the list.
pub async fn pages_of_a_single_shard_have_no_holes(bench: &Bench<'_>) {
    let same = (1..300).filter(|&number| Due::shard_of(bench.key(number).id.as_str()) == 0);
    let numbers: Vec<u32> = same.take(9).collect();
    for &number in &numbers {
        bench.created(number).await;
    }
    let expected: Vec<OnboardingId> = numbers.iter().rev().map(|&number| bench.key(number).id).collect();
    for limit in [1, 3, 8, 9] {
        let flat = |pages: &Vec<Page>| pages.iter().flat_map(|page| page.ids.clone()).collect::<Vec<_>>();
        eventually(|| pages(bench, limit), |pages| flat(pages) == expected, &expected).await;
    }
}

//! The kinds of items of the one table.

use idv_gateway::adapters::dynamodb::items::{ITEM_KINDS, ItemKind};

use crate::pages::Page;
use crate::table::{code, table};

pub(crate) fn page() -> Page {
    let overview = ITEM_KINDS
        .iter()
        .map(|kind| [kind.name, kind.pk, kind.sk, kind.written_by, kind.read_by, kind.ends].map(str::to_owned));
    let indexes = [
        [
            "`list`",
            "`list_pk` = `{tenant}#{shard}`, `list_sk` = onboarding id",
            "the onboardings of a tenant, newest first; never rewritten",
        ],
        [
            "`look_due`",
            "`look_shard`, `look_due` (ms, rounded up to 5 min)",
            "looks that are due; only what is due stands there",
        ],
        [
            "`delivery_due`",
            "`delivery_shard`, `delivery_due` (ms, rounded up to 30 s)",
            "deliveries that are due; only what is due stands there",
        ],
    ];
    let mut body = format!(
        "Keys begin with the tenant: there is none without it. Ids of providers and apps stand in keys as digests. Times \
         are milliseconds since 1970, `expires` alone is seconds, for TTL. What is past its time is absent to readers, \
         because TTL deletes late.\n\n{}\n## Indexes\n\nAll hold keys only.\n\n{}\n",
        table(&["item", "`pk`", "`sk`", "written by", "read by", "goes"], overview),
        table(&["index", "key", "what"], indexes.map(|row| row.map(str::to_owned))),
    );
    for kind in ITEM_KINDS {
        body.push_str(&section(kind));
    }
    Page::of("ledger.md", "Ledger", "Every kind of item in the table: key, owner, attributes, time to live.", &body)
}

fn section(kind: &ItemKind) -> String {
    let rows = kind.attributes.iter().map(|(names, what)| {
        let names = names.split(", ").map(|name| name.split(" … ").map(code).collect::<Vec<_>>().join(" … "));
        vec![names.collect::<Vec<_>>().join(", "), (*what).to_owned()]
    });
    format!("## {}\n\n{}\n\n{}\n", kind.name, kind.what, table(&["attributes", "what"], rows))
}

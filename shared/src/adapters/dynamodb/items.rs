//! The kinds of items as data, for the generated reference. `keys.rs` makes the keys, each kind's own file its
//! attributes; a test holds that every attribute those files name stands here.

/// One kind of item.
#[derive(Debug, Clone, Copy)]
pub struct ItemKind {
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// Its partition key.
    pub pk: &'static str,
    /// Its sort key.
    pub sk: &'static str,
    /// Who writes it.
    pub written_by: &'static str,
    /// Who reads it.
    pub read_by: &'static str,
    /// Its attributes beside the keys, and what each holds.
    pub attributes: &'static [(&'static str, &'static str)],
    /// When it goes.
    pub ends: &'static str,
}

/// All of them.
pub const ITEM_KINDS: &[ItemKind] = &[
    ItemKind {
        name: "onboarding",
        what: "One onboarding: state, parts, attempts, its last changes (16 at most, fewer where they weigh more), leases, what is due. At most 32 KB.",
        pk: "`{tenant}#{onboarding}`",
        sk: "`onboarding`",
        written_by: "onboarding-initiator and event-fetcher (truth, look), result-deliverer (delivery), reconciler (moves due entries it has rung)",
        read_by: "all functions but webhook-ingress",
        attributes: &[
            (
                "identity",
                "connection, provider, the app's reference, kind of subject, channel, time of creation; written once",
            ),
            ("truth", "status, reasons, action, attempts (links sealed), parts, changes, `version`, `look_seq`"),
            ("created_nonce", "the mark of the write that created it"),
            (
                "nonce_0 … nonce_3",
                "the marks of the last four commits: a repeat of our own write is told from another's",
            ),
            ("look_started", "when the last committed look started"),
            ("look_due, look_shard", "its entry in the index of due looks"),
            ("look_rung", "the entry was rung and moved; the look is due since this time"),
            ("look_asked", "a look was asked for since the look lease was taken"),
            ("look_lease_until, look_lease_fence", "who looks now"),
            ("delivery_through", "all changes up to this one were delivered, parked or not wanted"),
            (
                "delivery_tries, delivery_first, delivery_error, delivery_retry",
                "tries of the next change: how many, since when, the last failure's code, not before when",
            ),
            ("delivery_parked", "changes that were given up"),
            ("delivery_due, delivery_shard", "its entry in the index of due deliveries"),
            ("delivery_lease_until, delivery_lease_fence", "who delivers now"),
            ("delivery_released", "the fence that was given back last"),
            ("list_pk, list_sk", "its entry in the list of a tenant's onboardings; never rewritten"),
            ("erased", "since when it is fenced for erasing: no commit passes"),
            ("buried", "when it became a tombstone"),
            ("expires", "only of a tombstone"),
        ],
        ends: "never by itself; a tombstone 400 days after erasing",
    },
    ItemKind {
        name: "change",
        what: "A change that no longer fits the onboarding's own item; timeline and outbox at once.",
        pk: "`{tenant}#{onboarding}`",
        sk: "`change#{version, 20 digits}`",
        written_by: "whoever commits: event-fetcher, onboarding-initiator",
        read_by: "result-deliverer, onboarding-initiator (`timeline`)",
        attributes: &[("change", "the change")],
        ends: "with the onboarding, by erasing",
    },
    ItemKind {
        name: "key",
        what: "The onboarding's own sealing key, itself sealed with the tenant's; erasing is destroying it.",
        pk: "`{tenant}#{onboarding}`",
        sk: "`key`",
        written_by: "onboarding-initiator, event-fetcher (links made ready ahead)",
        read_by: "onboarding-initiator, event-fetcher",
        attributes: &[
            ("wrapped", "the sealed key"),
            (
                "login, login_generation",
                "what the person has granted (tokens), sealed with the key; bumped by every replacement",
            ),
            ("login_fence, login_until", "who replaces it, and until when nobody else does"),
        ],
        ends: "by erasing",
    },
    ItemKind {
        name: "subject",
        what: "What a provider's id is known to be: bound to an onboarding, parked with its notice, a stranger, or erased.",
        pk: "`{tenant}#{connection}#subject#{SHA-256 of tenant, connection, kind, id}`",
        sk: "`subject`",
        written_by: "event-fetcher, onboarding-initiator (binds, erases), reconciler (moves entries it has rung)",
        read_by: "event-fetcher, reconciler",
        attributes: &[
            ("state", "`bound`, `parked`, `stranger` or `erased`"),
            ("onboarding, attempt", "of a bound one: to which"),
            ("notice", "of a parked one: what is to be looked at; stays beside it when it is bound"),
            (
                "tenant, connection, resource_kind, resource_id",
                "whose it is, since its key is a digest; gone once erased",
            ),
            ("look_due, look_shard, look_rung", "of a parked one: its entry in the index of due looks"),
            ("until", "until when the state holds (ms)"),
            ("expires", "the same for TTL (s)"),
        ],
        ends: "bound: never by itself, erasing marks it (whose an event was: 7 days); parked: 30 days; stranger: 7 days; erased: 400 days",
    },
    ItemKind {
        name: "claim",
        what: "One use of an idempotency key.",
        pk: "`{tenant}#claim#{action}#{SHA-256 of tenant, action, key}`",
        sk: "`claim`",
        written_by: "onboarding-initiator, event-fetcher (links made ready ahead)",
        read_by: "onboarding-initiator, event-fetcher",
        attributes: &[
            ("content", "keyed hash of the request"),
            ("onboarding", "the id that the first try chose or addressed"),
            ("fence, deadline", "who works on it, and until when nobody takes it over"),
            ("done", "whether it was done"),
            ("erased", "its onboarding was erased: `content` and `fence` say so and nothing else"),
            ("until", "until when it is remembered (ms)"),
            ("expires", "the same for TTL (s)"),
        ],
        ends: "30 days; erasing leaves of it that it was used for an onboarding that is gone, until then",
    },
    ItemKind {
        name: "mark of a claim",
        what: "Where a claim of the onboarding is, so that erasing finds it.",
        pk: "`{tenant}#{onboarding}`",
        sk: "`claim#{action}#{SHA-256 of tenant, action, key}`",
        written_by: "onboarding-initiator, event-fetcher (links made ready ahead), before the claim",
        read_by: "onboarding-initiator (`erase`)",
        attributes: &[("expires", "as the claim's")],
        ends: "30 days",
    },
    ItemKind {
        name: "reference (a claim that is never done)",
        what: "The onboardings of one reference of the app.",
        pk: "`{tenant}#claim#reference#{SHA-256 of tenant, reference}`",
        sk: "`claim`",
        written_by: "onboarding-initiator, event-fetcher (adopted subjects)",
        read_by: "onboarding-initiator (`get` by reference)",
        attributes: &[("onboardings", "a set of ids, the newest 1000")],
        ends: "with its last onboarding, by erasing",
    },
    ItemKind {
        name: "connection",
        what: "What all looks of a connection share: pause, quota, cursor, login.",
        pk: "`{tenant}#{connection}`",
        sk: "`connection`",
        written_by: "whoever looks: event-fetcher, onboarding-initiator; the reconciler moves what it has rung",
        read_by: "event-fetcher, onboarding-initiator, reconciler",
        attributes: &[
            ("paused_until, failures", "no look before then, and after how many failures in a row"),
            ("look_minute, looks", "how many looks this minute has had"),
            ("cursor", "where reading the provider's feed of events goes on"),
            ("look_due, look_shard, look_rung", "where there is a feed: its entry in the index of due looks"),
            ("login, login_generation", "a login that all share, sealed; bumped by every replacement"),
            ("login_fence, login_until", "who replaces the login, and until when nobody else does"),
        ],
        ends: "never by itself",
    },
    ItemKind {
        name: "endpoint",
        what: "Whether a destination can be handed anything.",
        pk: "`{tenant}#endpoint#tenant`, or `{tenant}#endpoint#connection#{connection}` where that has a destination of its own",
        sk: "`endpoint`",
        written_by: "result-deliverer",
        read_by: "result-deliverer",
        attributes: &[
            ("state", "`open`, `probing` or `stopped`"),
            ("failures", "in a row"),
            ("probe_at", "nobody else probes before then"),
            ("configuration", "digest of the configuration it had: a new one opens it again"),
            ("nonce", "mark of the last write of its state"),
        ],
        ends: "never by itself",
    },
];

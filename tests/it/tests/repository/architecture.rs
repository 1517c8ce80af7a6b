//! Arrows point one way, files can be read in one sitting, and the ways around the lints stay shut.

use std::collections::BTreeSet;

use super::{Source, sources};

/// The modules of the shared crate, each with what it may name. Whatever a module names stands above it.
const ARROWS: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("domain", &[]),
    ("address", &[]),
    ("section", &["secret"]),
    ("document", &[]),
    ("seal", &["secret"]),
    ("proof", &["secret"]),
    // Signing alone stands below the ports: a tenant's configuration holds signing secrets, which must be made by what
    // checks them, and the ports hold the configuration. Nothing else of delivery is named by them.
    ("delivery::standard_webhooks", &["secret"]),
    ("ports", &["secret", "domain", "seal", "proof", "delivery::standard_webhooks"]),
    ("state", &["secret", "domain", "seal", "ports"]),
    ("delivery", &["secret", "domain", "ports", "delivery::standard_webhooks"]),
    ("providers", &["secret", "domain", "section", "proof", "ports", "state"]),
    (
        "config",
        &[
            "secret",
            "domain",
            "section",
            "document",
            "seal",
            "proof",
            "ports",
            "providers",
            "delivery::standard_webhooks",
        ],
    ),
    ("login", &["secret", "domain", "seal", "ports"]),
    ("gateway", &["domain", "seal", "ports", "state", "login"]),
    ("look", &["domain", "ports", "gateway"]),
    ("ingress", &["domain", "proof", "ports", "state", "gateway"]),
    ("invoke", &["secret", "domain", "section", "seal", "ports", "state", "delivery", "gateway", "look"]),
    ("fetch", &["domain", "ports", "state", "gateway", "look", "invoke"]),
    ("deliver", &["domain", "seal", "ports", "delivery", "gateway"]),
    ("reconcile", &["domain", "ports", "gateway"]),
    ("register", &["secret", "ports"]),
    // `queue_event` reads what Lambda's poller hands over into the records that fetcher and deliverer take
    (
        "adapters",
        &[
            "secret", "domain", "address", "document", "section", "ports", "delivery", "config", "gateway", "fetch",
            "deliver",
        ],
    ),
    ("memory", &["secret", "domain", "ports", "adapters"]),
];

/// Words of the world outside, and the modules that alone may say them.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("aws_", &["adapters"]),
    ("reqwest", &["adapters"]),
    ("tokio::net", &["adapters"]),
    ("tracing_subscriber", &["adapters"]),
    ("std::env", &["adapters"]),
    ("SystemTime", &["adapters"]),
    ("SystemRandom", &["adapters", "seal"]),
];

#[test]
fn arrows_point_one_way() {
    let mut above = BTreeSet::new();
    for (module, named) in ARROWS {
        let unknown: Vec<_> = named.iter().filter(|name| !above.contains(*name)).collect();
        assert!(unknown.is_empty(), "{module} names what does not stand above it: {unknown:?}");
        above.insert(module);
    }
    for source in shared() {
        let module = module_of(&source.path);
        let allowed = ARROWS.iter().find(|(name, _)| *name == module).map(|(_, named)| *named);
        let allowed = allowed.unwrap_or_else(|| panic!("{module} is not in the table of arrows"));
        for named in named_by(&source.path, &source.code()) {
            let within =
                named == module || named.split("::").next() == module.split("::").next() && named == "delivery";
            assert!(within || allowed.contains(&named.as_str()), "{} names {named}", source.path);
        }
    }
}

#[test]
fn the_world_is_named_by_the_adapters_alone() {
    for source in shared() {
        let (module, code) = (module_of(&source.path), source.code());
        for (word, allowed) in OUTSIDE {
            assert!(!code.contains(word) || allowed.contains(&module.as_str()), "{} names {word}", source.path);
        }
        let pure = module == "domain";
        let impure =
            ["tokio", "ring::", "async ", "std::net", "std::fs", "http"].into_iter().find(|word| code.contains(word));
        assert!(!pure || impure.is_none(), "{} names {}", source.path, impure.unwrap_or_default());
    }
}

#[test]
fn functions_only_wire() {
    let sources = sources();
    let mains: Vec<_> = sources
        .iter()
        .filter(|source| source.path.starts_with("functions/") && source.path.ends_with("main.rs"))
        .collect();
    assert_eq!(mains.len(), 5);
    for main in mains {
        assert!(main.text.lines().count() <= 40, "{} does not fit on one screen", main.path);
    }
}

#[test]
fn files_are_read_in_one_sitting() {
    let too_long = sources().into_iter().filter(|source| {
        let most = if source.is_test() { 30 * 1024 } else { 20 * 1024 };
        source.text.len() > most
    });
    let too_long: Vec<String> = too_long.map(|source| format!("{}: {}", source.path, source.text.len())).collect();
    assert!(too_long.is_empty(), "{too_long:?}");
}

#[test]
fn the_lints_are_not_walked_around() {
    // written apart, so that this file does not name them
    let banned =
        [concat!("#[", "allow("), concat!("#![", "allow("), concat!("todo", "!("), concat!("unimplemented", "!(")];
    // what must not compile may say anything
    for source in sources().into_iter().filter(|source| !source.path.contains("/compile_fail/")) {
        let code = source.code();
        let found: Vec<_> = banned.iter().filter(|word| code.contains(*word)).collect();
        assert!(found.is_empty(), "{}: {found:?}", source.path);
    }
}

/// A test waits for a condition; between two looks at it at most 50 ms pass.
#[test]
fn tests_do_not_sleep() {
    let sleep = concat!("sleep", "(");
    for source in sources().into_iter().filter(Source::is_test) {
        for (at, _) in source.text.match_indices(sleep) {
            if source.text[..at].ends_with('_') {
                continue;
            }
            let rest = source.text.get(at + sleep.len()..).unwrap_or_default();
            let millis = rest.strip_prefix("Duration::from_millis(").and_then(|rest| rest.split(')').next());
            let short = millis.and_then(|millis| millis.parse::<u32>().ok()).is_some_and(|millis| millis <= 50);
            assert!(short, "{} sleeps: {}", source.path, rest.lines().next().unwrap_or_default());
        }
    }
}

fn shared() -> Vec<Source> {
    let sources = sources().into_iter();
    sources
        .filter(|source| {
            source.path.starts_with("shared/src/") && source.path != "shared/src/lib.rs" && !source.is_test()
        })
        .collect()
}

/// `shared/src/ports/http.rs` is of `ports`.
fn module_of(path: &str) -> String {
    let path = path.trim_start_matches("shared/src/");
    if path.starts_with("delivery/standard_webhooks") {
        return "delivery::standard_webhooks".to_owned();
    }
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Every module of this crate that the code names: by `crate::`, or by as many `super::` as lead there.
fn named_by(path: &str, code: &str) -> BTreeSet<String> {
    let inner = path.trim_start_matches("shared/src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let up = "super::".repeat(inner.split('/').count());
    let paths = ["crate::", up.as_str()].into_iter().flat_map(|prefix| {
        let whole = move |at: &usize| code.get(..*at).is_none_or(|before| !before.ends_with("super::"));
        code.match_indices(prefix)
            .map(|(at, _)| at)
            .filter(whole)
            .filter_map(move |at| code.get(at + prefix.len()..))
            .filter(|rest| !rest.starts_with("super::"))
    });
    paths.flat_map(first_names).collect()
}

/// The first names of a path, or of each path in its braces. Of `delivery` the module below it counts, too.
fn first_names(path: &str) -> Vec<String> {
    let path = path.trim_start();
    if let Some(inside) = braces(path) {
        return inside.into_iter().flat_map(first_names).collect();
    }
    if let Some(inside) = path.strip_prefix("delivery::") {
        let below = braces(inside).unwrap_or_else(|| vec![inside]);
        let name =
            |path: &str| if path.starts_with("standard_webhooks") { "delivery::standard_webhooks" } else { "delivery" };
        return below.into_iter().map(|path| name(path.trim_start()).to_owned()).collect();
    }
    let name: String = path.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
    // a type or a macro of the crate's root is no module
    let rest = path.get(name.len()..).unwrap_or_default();
    let is_module = !name.is_empty() && !rest.starts_with('!') && !rest.starts_with(char::is_alphanumeric);
    is_module.then_some(name).into_iter().collect()
}

/// What stands between the commas of `{…}`, if that is how the text begins.
fn braces(text: &str) -> Option<Vec<&str>> {
    let text = text.strip_prefix('{')?;
    let (mut depth, mut begun, mut items) = (0_usize, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&text[begun..at]);
                return Some(items);
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&text[begun..at]);
                begun = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let seen = |path, code: &str| named_by(path, code).into_iter().collect::<Vec<_>>();
    let own = "shared/src/fetch/visit.rs";
    assert_eq!(seen(own, "use crate::domain::Notice;"), ["domain"]);
    assert_eq!(seen(own, "use crate::{deliver, fetch};"), ["deliver", "fetch"]);
    assert_eq!(
        seen(own, "use crate::{\n    domain::{Claim, Notice},\n    ports::http::Http,\n};"),
        ["domain", "ports"]
    );
    assert_eq!(
        seen(own, "crate::delivery::{payload, standard_webhooks::SigningSecret}"),
        ["delivery", "delivery::standard_webhooks"]
    );
    assert_eq!(seen(own, "use super::super::look::Looker;"), ["look"]);
    assert_eq!(seen("shared/src/gateway.rs", "use super::{ports, seal::Binding};"), ["ports", "seal"]);
    assert_eq!(seen(own, "use super::Fetcher; fn f() { super::receives_of(x) }"), [""; 0]);
    assert_eq!(seen("shared/src/look/mod.rs", "pub(super) struct A; use super::ports::Vault;"), ["ports"]);
}

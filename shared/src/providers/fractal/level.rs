//! Levels and add-ons: `level[+addon]*`, such as `basic+liveness+idos` (pages "KYC levels", "OAuth 2.0 scopes").

use std::collections::BTreeSet;

/// What is checked of a person; exactly one of them stands in what is asked for.
pub(super) const LEVELS: [&str; 3] = ["uniqueness", "basic", "plus"];
/// What may be asked for beside a level.
pub(super) const ADD_ONS: [&str; 16] = [
    "liveness",
    "selfie",
    "sow",
    "ssn",
    "telegram",
    "twitter",
    "uniq",
    "idos",
    "wallet",
    "wallet-ada",
    "wallet-algo",
    "wallet-btc",
    "wallet-eth",
    "wallet-kar",
    "wallet-sol",
    "wallet-substrate",
];
/// More are nobody's wish; a run is named by them.
const MOST: usize = 12;

/// What is asked for: one name at least, none twice, each of them a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked(Vec<String>);

impl Asked {
    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let distinct = names.iter().collect::<BTreeSet<_>>().len();
        let fits =
            (1..=MOST).contains(&names.len()) && distinct == names.len() && names.iter().all(|name| is_word(name));
        fits.then_some(Self(names))
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    pub(super) fn has(&self, level: &str) -> bool {
        self.0.iter().any(|own| own == level)
    }

    /// As Fractal writes it, the level before its add-ons: `basic+liveness`.
    pub(super) fn joined(&self) -> String {
        let mut names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        names.sort_by_key(|name| ADD_ONS.contains(name));
        names.join("+")
    }
}

/// The names that may be asked for: the documented ones, and those that a tenant names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Of `settings.more_levels`.
    pub(super) more: Vec<String>,
}

impl Names {
    /// Whether it is a name of today: retired ones (`v1`, `light`, `video`) still occur in data.
    pub(super) fn knows(&self, level: &str) -> bool {
        LEVELS.contains(&level) || ADD_ONS.contains(&level) || self.more.iter().any(|own| own == level)
    }

    /// What a request asks for, or the rule that it breaks. Add-ons without a level are unsupported (page "OAuth 2.0
    /// scopes"); `selfie` does not go with `uniqueness` (page "KYC levels").
    pub(super) fn asked(&self, text: &str) -> Result<Asked, &'static str> {
        let asked =
            Asked::of(text.split('+')).ok_or("must be a level and add-ons, each once, such as basic+liveness")?;
        if !asked.names().iter().all(|name| self.knows(name)) {
            return Err("has a level or add-on that is not known; settings.more_levels can name it");
        }
        let levels = asked.names().iter().filter(|name| !ADD_ONS.contains(&name.as_str())).count();
        if levels != 1 && !asked.names().iter().any(|name| self.more.contains(name)) {
            return Err("must have exactly one of uniqueness, basic and plus");
        }
        if asked.has("uniqueness") && asked.has("selfie") {
            return Err("must not have selfie beside uniqueness");
        }
        // It is within uniqueness (page "KYC levels"): no case of its own would ever decide it.
        let within = |name: &&String| asked.has("uniqueness") && name.as_str() == "liveness";
        Ok(Asked(asked.names().iter().filter(|name| !within(name)).cloned().collect()))
    }
}

/// A name that can stand in a scope, a claim and an id.
pub(super) fn is_word(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_and_any_add_ons() {
        let names = Names::default();
        for good in ["basic", "plus+liveness+idos", "uniqueness", "basic+wallet-substrate"] {
            assert_eq!(names.asked(good).map(|asked| asked.joined()).as_deref(), Ok(good));
        }
        let within = names.asked("uniqueness+liveness+idos").map(|asked| asked.joined());
        assert_eq!(within.as_deref(), Ok("uniqueness+idos"));
        let turned = names.asked("liveness+idos+basic").map(|asked| asked.joined());
        assert_eq!(turned.as_deref(), Ok("basic+liveness+idos"), "whoever asks, in whichever order");
        for bad in [
            "",
            "+",
            "basic+",
            "+basic",
            "basic++liveness",
            "basic+basic",
            "Basic",
            "basic liveness",
            "basic.liveness",
            "liveness",
            "basic+plus",
            "uniqueness+selfie",
            "v1",
            "light",
            "video",
            "basic+quantum",
            "verification.basic:read",
        ] {
            assert!(names.asked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tenant_may_know_more_names() {
        let names = Names { more: vec!["v2".to_owned()] };
        assert!(names.asked("v2").is_ok() && names.asked("basic+v2").is_ok() && names.knows("v2"));
        assert!(names.asked("v1").is_err() && !names.knows("v1") && !Names::default().knows("v2"));
    }
}

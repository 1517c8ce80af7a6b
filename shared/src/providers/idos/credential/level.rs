//! Levels (idOS docs): `basic` or `plus`, or `human` of a proof of personhood, then add-ons joined by `+`.
//!
//! `plus` satisfies `basic`; `human` satisfies itself alone. Every add-on that was asked for must be there; one that a
//! credential has beyond that takes nothing away, also if nobody here knows it. `idos` says in a request where the result
//! goes; no credential has it, so it is left out.

use super::flaw::Flaw;

const ADD_ONS: [&str; 3] = ["liveness", "email", "phoneNumber"];
const REQUEST_ALONE: &str = "idos";
const RULE: &str = "must be basic, plus or human, with add-ons liveness, email, phoneNumber joined by +";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Basic,
    Plus,
    Human,
}

impl Base {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "basic" => Some(Self::Basic),
            "plus" => Some(Self::Plus),
            "human" => Some(Self::Human),
            _ => None,
        }
    }

    const fn satisfies(self, asked: Self) -> bool {
        match asked {
            Self::Basic => matches!(self, Self::Basic | Self::Plus),
            Self::Plus => matches!(self, Self::Plus),
            Self::Human => matches!(self, Self::Human),
        }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Level(String);

impl Level {
    /// Names joined by `+`, each at most once, the add-ons in any order.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(in super::super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (base, given) = split(text);
        let given: Vec<&str> = given.collect();
        Base::parse(base).ok_or(RULE)?;
        let known = given.iter().all(|name| ADD_ONS.contains(name) || *name == REQUEST_ALONE);
        let once = given.iter().enumerate().all(|(at, name)| given.iter().skip(at + 1).all(|later| later != name));
        let add_ons = ADD_ONS.into_iter().filter(|name| given.contains(name));
        let names: Vec<&str> = std::iter::once(base).chain(add_ons).collect();
        if known && once { Ok(Self(names.join("+"))) } else { Err(RULE) }
    }

    /// The same, in one writing.
    pub(in super::super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a credential of that level has all that was asked for.
    pub(super) fn met_by(&self, level: &str) -> Result<(), Flaw> {
        let (base, add_ons) = split(known(level).ok_or(Flaw::LevelUnknown)?);
        let add_ons: Vec<&str> = add_ons.collect();
        let base = Base::parse(base).ok_or(Flaw::LevelUnknown)?;
        let (asked, mut asked_for) = split(&self.0);
        let enough = Base::parse(asked).is_some_and(|asked| base.satisfies(asked));
        if enough && asked_for.all(|name| add_ons.contains(&name)) { Ok(()) } else { Err(Flaw::LevelInsufficient) }
    }
}

/// A credential's level, if it is one: a word that may be kept.
pub(super) fn known(level: &str) -> Option<&str> {
    let (base, mut add_ons) = split(level);
    (Base::parse(base).is_some() && add_ons.all(is_name)).then_some(level)
}

fn split(text: &str) -> (&str, impl Iterator<Item = &str>) {
    let mut names = text.split('+');
    (names.next().unwrap_or_default(), names)
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops loudly")]

    use super::*;

    #[test]
    fn levels_are_met_by_what_has_all_of_them() {
        let all = "plus+liveness+email+phoneNumber";
        for (asked, met_by, not_by) in [
            (
                "basic",
                vec!["basic", "plus", "basic+liveness", all, "plus+somethingNew"],
                vec!["human", "human+liveness"],
            ),
            ("plus", vec!["plus", all], vec!["basic", "basic+liveness+email+phoneNumber", "human"]),
            ("basic+liveness", vec!["basic+liveness", "plus+liveness", all], vec!["basic", "plus", "plus+email"]),
            ("plus+liveness+email", vec!["plus+email+liveness", all], vec!["plus+liveness", "basic+liveness+email"]),
            ("basic+idos", vec!["basic", "plus"], vec!["human"]),
            ("human", vec!["human", "human+liveness"], vec!["basic", all]),
        ] {
            let asked = Level::parse(asked).unwrap();
            for level in met_by {
                assert_eq!(asked.met_by(level), Ok(()), "{asked:?} {level}");
            }
            for level in not_by {
                assert_eq!(asked.met_by(level), Err(Flaw::LevelInsufficient), "{asked:?} {level}");
            }
            for level in
                ["", "Basic", "gold", "+plus", "plus+", "plus++email", "plus +email", "plus+née", "plus,liveness"]
            {
                assert_eq!(asked.met_by(level), Err(Flaw::LevelUnknown), "{asked:?} {level}");
            }
        }
    }

    #[test]
    fn what_is_asked_has_one_writing() {
        for (text, written) in [
            ("basic", "basic"),
            ("plus+phoneNumber+liveness", "plus+liveness+phoneNumber"),
            ("basic+idos+email", "basic+email"),
            ("human", "human"),
        ] {
            assert_eq!(Level::parse(text).unwrap().as_str(), written);
        }
        for text in ["", "liveness", "basic+", "basic+plus", "basic+gold", "basic+email+email", "basic+Email", "PLUS"] {
            assert_eq!(Level::parse(text), Err(RULE), "{text}");
        }
    }
}

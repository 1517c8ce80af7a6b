//! One way to write a closed list: an enum whose members have one spelling and one sentence.
//! The spelling crosses borders (JSON, ledger, logs), the sentence goes into the generated reference.

macro_rules! closed_list {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($member:ident = $text:literal : $what:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $(#[doc = $what] $member),+ }

        impl $name {
            /// Every member, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The one spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$member => $text),+ } }

            /// The sentence of the reference.
            #[must_use]
            pub const fn describe(self) -> &'static str { match self { $(Self::$member => $what),+ } }

            /// The member of that spelling.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> { match text { $($text => Some(Self::$member),)+ _ => None } }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_text(&text).ok_or_else(|| serde::de::Error::unknown_variant(&text, &[$($text),+]))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($text),+] })
            }
        }
    };
}

pub(crate) use closed_list;

//! YAML with CloudFormation's tags, as the JSON that it stands for: `!Ref x` is `{"Ref": "x"}`, `!GetAtt a.b` is
//! `{"Fn::GetAtt": ["a", "b"]}`, any other `!Name x` is `{"Fn::Name": x}`.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

pub(crate) fn read(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("no YAML: {error}"));
    let [document] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    json_of(document)
}

fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(members) => {
            let name =
                |key: &Yaml<'_>| key.as_str().unwrap_or_else(|| panic!("a name that is no text: {key:?}")).to_owned();
            Value::Object(members.iter().map(|(key, value)| (name(key), json_of(value))).collect())
        }
        Yaml::Tagged(tag, node) => called(&tag.suffix, json_of(node)),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => panic!("not in a template: {yaml:?}"),
    }
}

fn called(function: &str, argument: Value) -> Value {
    let (name, argument) = match (function, argument) {
        ("Ref" | "Condition", argument) => (function.to_owned(), argument),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or_else(|| panic!("GetAtt {path}"));
            ("Fn::GetAtt".to_owned(), json!([resource, attribute]))
        }
        (_, argument) => (format!("Fn::{function}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

#[test]
fn tags_are_calls() {
    let read = read("a: !Ref B\nc: !GetAtt D.E.F\ng: !If [H, !Sub '${I}', 1]\n");
    assert_eq!(
        read,
        json!({"a": {"Ref": "B"}, "c": {"Fn::GetAtt": ["D", "E.F"]}, "g": {"Fn::If": ["H", {"Fn::Sub": "${I}"}, 1]}})
    );
}

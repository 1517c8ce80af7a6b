use super::*;

fn verdict(operation: &str, request: Value) -> Option<&'static str> {
    let mut request = request;
    inbound(operation, &mut request).err().map(|refusal| refusal.code)
}

#[test]
fn what_sqs_refuses_is_refused_with_its_code() {
    let entry = |id: &str| json!({"Id": id, "MessageBody": "x"});
    let eleven: Vec<Value> = (0..11).map(|n| entry(&n.to_string())).collect();
    let large = "x".repeat(600 * 1024);
    let corpus = [
        ("SendMessage", json!({"MessageBody": "plain ✓"}), None),
        ("SendMessage", json!({"MessageBody": "\u{FFFF}"}), Some("com.amazonaws.sqs#InvalidMessageContents")),
        ("SendMessage", json!({"MessageBody": "\u{0}"}), Some("com.amazonaws.sqs#InvalidMessageContents")),
        ("SendMessage", json!({"MessageBody": "x", "DelaySeconds": 900}), None),
        ("SendMessage", json!({"MessageBody": "x", "DelaySeconds": 901}), Some("InvalidParameterValue")),
        ("SendMessage", json!({"MessageBody": "x", "MessageGroupId": "acme"}), None),
        ("SendMessage", json!({"MessageBody": "x", "MessageGroupId": "a b"}), Some("InvalidParameterValue")),
        ("SendMessage", json!({"MessageBody": "x".repeat(MAX_BYTES + 1)}), Some("InvalidParameterValue")),
        (
            "SendMessage",
            json!({"MessageBody": "x", "MessageAttributes": {"b": {"DataType": "Binary", "BinaryValue": "AA=="}}}),
            Some("InvalidParameterValue"),
        ),
        ("SendMessageBatch", json!({"Entries": []}), Some("com.amazonaws.sqs#EmptyBatchRequest")),
        ("SendMessageBatch", json!({"Entries": [entry("a"), entry("b")]}), None),
        (
            "SendMessageBatch",
            json!({"Entries": [entry("a"), entry("a")]}),
            Some("com.amazonaws.sqs#BatchEntryIdsNotDistinct"),
        ),
        ("SendMessageBatch", json!({"Entries": eleven}), Some("com.amazonaws.sqs#TooManyEntriesInBatchRequest")),
        (
            "SendMessageBatch",
            json!({"Entries": [{"Id": "a", "MessageBody": large}, {"Id": "b", "MessageBody": large}]}),
            Some("com.amazonaws.sqs#BatchRequestTooLong"),
        ),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), Some("InvalidParameterValue")),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 10}), None),
    ];
    for (operation, request, expected) in corpus {
        let shown = request.to_string().chars().take(80).collect::<String>();
        assert_eq!(verdict(operation, request), expected, "{operation} {shown}");
    }
}

#[test]
fn the_group_survives_and_only_what_was_asked_for_comes_back() {
    let mut sent = json!({"MessageBody": "x", "MessageGroupId": "acme", "MessageAttributes": {"cause": {"DataType": "String", "StringValue": "y"}}});
    assert_eq!(inbound("SendMessage", &mut sent), Ok(()));
    let received = json!({"Messages": [{"Body": "x", "Attributes": {"SentTimestamp": "1"}, "MessageAttributes": sent["MessageAttributes"]}]});

    let mut all = received.clone();
    outbound("ReceiveMessage", &json!({"AttributeNames": ["All"], "MessageAttributeNames": [".*"]}), &mut all, "");
    assert_eq!(all["Messages"][0]["Attributes"], json!({"SentTimestamp": "1", "MessageGroupId": "acme"}));
    assert_eq!(all["Messages"][0]["MessageAttributes"], json!({"cause": {"DataType": "String", "StringValue": "y"}}));

    let mut one = received.clone();
    outbound("ReceiveMessage", &json!({"MessageSystemAttributeNames": ["MessageGroupId"]}), &mut one, "");
    assert_eq!(one, json!({"Messages": [{"Body": "x", "Attributes": {"MessageGroupId": "acme"}}]}));

    let mut none = received;
    outbound("ReceiveMessage", &json!({}), &mut none, "");
    assert_eq!(none, json!({"Messages": [{"Body": "x"}]}));
}

#[test]
fn queue_urls_name_this_stack() {
    let mut answer = json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/idv-local-notices"});
    outbound("GetQueueUrl", &json!({}), &mut answer, "http://127.0.0.1:8701");
    assert_eq!(answer["QueueUrl"], "http://127.0.0.1:8701/000000000000/idv-local-notices");
}

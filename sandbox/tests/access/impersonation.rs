//! In whose name a request is made, and what that needs.

use serde_json::{Value, json};

use crate::{As, Ground};

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

fn rule(group: &str, resource: &str, names: &[&str]) -> Value {
    let mut rule = json!({ "apiGroups": [group], "resources": [resource], "verbs": ["impersonate"] });
    if !names.is_empty() {
        rule["resourceNames"] = json!(names);
    }
    rule
}

/// Who the server takes somebody for; the refusal where it refuses.
async fn who(ground: &Ground, token: &str, headers: &[(&str, &str)]) -> Result<Value, Value> {
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let (code, answer) = ground.call(As::With(token, headers), "POST", WHO, review).await;
    if code == 201 { Ok(answer["status"]["userInfo"].clone()) } else { Err(answer) }
}

#[tokio::test]
async fn each_part_of_whom_is_impersonated_needs_its_right() {
    let ground = Ground::new().await;
    let rules = json!([
        rule("", "users", &["alice"]),
        rule("", "groups", &["team"]),
        rule("", "serviceaccounts", &["robot"]),
        rule("authentication.k8s.io", "uids", &["1"]),
        rule("authentication.k8s.io", "userextras/scopes", &["read"]),
    ]);
    let token = ground.account("proxy", &rules).await;
    for (headers, allowed) in [
        (&[("impersonate-user", "alice")][..], true),
        (&[("impersonate-user", "bob")], false),
        (&[("impersonate-user", "alice"), ("impersonate-group", "team")], true),
        (&[("impersonate-user", "alice"), ("impersonate-group", "team"), ("impersonate-group", "boss")], false),
        (&[("impersonate-user", "alice"), ("impersonate-group", "system:masters")], false),
        (&[("impersonate-user", "alice"), ("impersonate-uid", "1")], true),
        (&[("impersonate-user", "alice"), ("impersonate-uid", "2")], false),
        (&[("impersonate-user", "alice"), ("impersonate-extra-scopes", "read")], true),
        (&[("impersonate-user", "alice"), ("impersonate-extra-scopes", "write")], false),
        (&[("impersonate-user", "alice"), ("impersonate-extra-other", "read")], false),
        (&[("impersonate-user", "system:serviceaccount:default:robot")], true),
        (&[("impersonate-user", "system:serviceaccount:default:other")], false),
    ] {
        let answer = who(&ground, &token, headers).await;
        assert_eq!(answer.is_ok(), allowed, "{headers:?}: {answer:?}");
        if let Err(refusal) = answer {
            let message = refusal["message"].as_str().unwrap();
            assert!(refusal["code"] == 403 && message.contains("cannot impersonate-on:"), "{refusal}");
            assert!(message.contains("system:serviceaccount:default:proxy"), "the one who asks is named: {refusal}");
        }
    }
    let nobody = who(&ground, &token, &[("impersonate-group", "team")]).await.unwrap_err();
    assert!(nobody["message"].as_str().unwrap().contains("without impersonating a user"), "{nobody}");
}

#[tokio::test]
async fn who_is_impersonated_has_groups_and_extras() {
    let ground = Ground::new().await;
    let token = ground.sandbox.token().to_owned();
    let groups = async |headers: &[(&str, &str)]| who(&ground, &token, headers).await.unwrap()["groups"].clone();
    assert_eq!(groups(&[("impersonate-user", "alice")]).await, json!(["system:authenticated"]));
    let with_team = groups(&[("impersonate-user", "alice"), ("impersonate-group", "team")]).await;
    assert_eq!(with_team, json!(["team", "system:authenticated"]));
    // Who is anonymous is not among the authenticated: even that question is refused.
    let anonymous = who(&ground, &token, &[("impersonate-user", "system:anonymous")]).await.unwrap_err();
    assert_eq!(anonymous["code"], 403, "{anonymous}");
    let account = ("impersonate-user", "system:serviceaccount:default:robot");
    let all = json!(["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]);
    assert_eq!(groups(&[account]).await, all);
    assert_eq!(groups(&[account, ("impersonate-group", "team")]).await, json!(["team", "system:authenticated"]));
    let headers = [
        ("impersonate-user", "alice"),
        ("impersonate-uid", "1"),
        ("impersonate-extra-acme.com%2fproject", "some-project"),
    ];
    let alice = who(&ground, &token, &headers).await.unwrap();
    assert_eq!((&alice["uid"], &alice["extra"]), (&json!("1"), &json!({ "acme.com/project": ["some-project"] })));
}

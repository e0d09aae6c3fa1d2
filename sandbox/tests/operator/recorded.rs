//! The stand-in against what the real operator 1.30.0 was recorded to make. Needs `REAL_API_DIR`;
//! reports itself as not run without it.
//!
//! The recorded server started no pods, so its cluster stood still at "Setting up primary": the
//! stand-in is told to stop there too.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fixture::ground;

/// What is at `recorded` and not in `ours`, by path. What the recording writes in angle brackets
/// matches anything, as do uids; finalizers that Kubernetes' own controllers put there are left out.
fn missing(recorded: &Value, ours: &Value, path: &str, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for (key, value) in recorded.iter().filter(|(key, _)| *key != "finalizers") {
                let path = format!("{path}.{key}");
                match ours.get(key) {
                    Some(ours) => missing(value, ours, &path, found),
                    None => found.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if recorded.len() != ours.len() {
                found.push(format!("{path} has {} entries, not {}", ours.len(), recorded.len()));
            }
            for (index, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                missing(recorded, ours, &format!("{path}[{index}]"), found);
            }
        }
        (Value::String(text), Value::String(ours)) => {
            let fixed = text.split('<').next().unwrap_or_default();
            let free = text.contains('<') || text.starts_with("uid");
            if !(free && (ours.starts_with(fixed) || text.starts_with("uid"))) && text != ours {
                found.push(format!("{path} is {ours:?}, not {text:?}"));
            }
        }
        (recorded, ours) if recorded == ours => {}
        (recorded, ours) => found.push(format!("{path} is {ours}, not {recorded}")),
    }
}

#[tokio::test]
async fn objects_and_status_are_as_recorded() {
    let Some(folder) = std::env::var_os("REAL_API_DIR").map(PathBuf::from) else {
        eprintln!("not run: REAL_API_DIR is not set");
        return;
    };
    let text = std::fs::read_to_string(folder.join("14-operator.a.webhooks.json")).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let exchange = |id: &str| {
        let all = recording["exchanges"].as_array().unwrap();
        all.iter().find(|exchange| exchange["id"] == id).unwrap().clone()
    };

    let ground = ground().await;
    let stop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "prod", "annotations": {"sandbox.cnpg-mcp/stuck-phase": "Setting up primary"},
    }});
    ground.create("/api/v1/namespaces", stop).await;
    let create = exchange("003");
    ground.create(create["request"]["path"].as_str().unwrap(), create["request"]["body"].clone()).await;
    let path = "/apis/postgresql.cnpg.io/v1/namespaces/prod/clusters/pg1";
    let cluster = ground.until(path, |cluster| cluster["status"]["initializingPVC"] == json!(["pg1-1"])).await;

    let mut found = Vec::new();
    missing(&exchange("022")["response"]["body"]["status"], &cluster["status"], "status", &mut found);
    let mut objects = 0;
    for id in ["004", "005", "006", "007", "008", "009", "010", "011", "012", "013", "015"] {
        let exchange = exchange(id);
        let path = exchange["request"]["path"].as_str().unwrap();
        let ours = ground.get(path).await;
        for recorded in exchange["response"]["body"]["items"].as_array().unwrap() {
            let name = recorded["metadata"]["name"].as_str().unwrap();
            let same = |ours: &&Value| {
                let ours = ours["metadata"]["name"].as_str().unwrap();
                let stem = name.split('<').next().unwrap();
                if name.contains('<') { ours.starts_with(stem) } else { ours == name }
            };
            let ours = ours["items"].as_array().unwrap().iter().find(same);
            // Nothing bound or ran there, so what the status says of that is the recorded server's alone.
            let mut recorded = recorded.clone();
            recorded.as_object_mut().unwrap().remove("status");
            recorded.as_object_mut().unwrap().remove("data");
            missing(&recorded, ours.unwrap_or(&Value::Null), &format!("{path}/{name}"), &mut found);
            objects += 1;
        }
    }
    assert!(objects >= 16, "only {objects} objects compared");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn the_status_grows_as_recorded() {
    let Some(folder) = std::env::var_os("REAL_API_DIR").map(PathBuf::from) else {
        eprintln!("not run: REAL_API_DIR is not set");
        return;
    };
    let text = std::fs::read_to_string(folder.join("14-operator.a.webhooks.json")).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let all = recording["exchanges"].as_array().unwrap();
    let watch = all.iter().find(|exchange| exchange["id"] == "016").unwrap();
    let recorded: Vec<Value> =
        watch["response"]["events"].as_array().unwrap().iter().map(|event| event["object"]["status"].clone()).collect();

    let ground = ground().await;
    let path = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters";
    let body = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "pg1"},
        "spec": {"instances": 3, "storage": {"size": "1Gi"}},
    });
    let created = ground.create(path, body).await;
    let since = created["metadata"]["resourceVersion"].as_str().unwrap();
    ground.until(&format!("{path}/pg1"), |cluster| cluster["status"]["initializingPVC"].is_array()).await;
    let watch = format!("{path}?watch=1&timeoutSeconds=1&resourceVersion={since}");
    let events = ground.client.get(ground.url(&watch)).send().await.unwrap().text().await.unwrap();
    let mut ours = vec![Value::Null];
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        ours.push(event["object"]["status"].clone());
    }
    let keys = |status: &Value| -> Vec<String> {
        let mut keys: Vec<String> = status.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys
    };
    for (step, status) in recorded.iter().enumerate() {
        assert_eq!(keys(&ours[step]), keys(status), "step {step}");
        assert_eq!(ours[step]["phase"], status["phase"], "step {step}");
    }
}

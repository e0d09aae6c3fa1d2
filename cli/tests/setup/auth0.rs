//! `setup auth0`.

use cnpg_mcp_auth0::{ALL_SCOPES, Auth0};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::tenant::{API, MAKE_ENV, files, first, folder, says_no_secret, state, writes};

fn config(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("auth0-config.json")).unwrap()
}

fn values(folder: &Folder) -> Value {
    serde_yaml::from_str(&folder.read("auth0-values.yaml")).unwrap()
}

/// A tenant among many clients and connections of others, and a folder whose steps have an administrator's token.
async fn begin() -> (Auth0, Folder) {
    let auth0 = Auth0::start().await.unwrap();
    auth0.crowd(230, 110);
    let folder = folder().with("AUTH0_MGMT_TOKEN", auth0.token());
    (auth0, folder)
}

fn client(auth0: &Auth0, id: &Value) -> Value {
    let state = auth0.state();
    state["clients"].as_array().unwrap().iter().find(|client| client["client_id"] == *id).unwrap().clone()
}

#[tokio::test]
async fn one_run_makes_everything_and_the_next_changes_nothing() {
    let (auth0, folder) = begin().await;
    let said = folder.run_beside(&first(&auth0)).await.done();
    says_no_secret(&said);

    let config = config(&folder);
    assert_eq!(folder.mode("auth0-config.json"), 0o600);
    assert_eq!(config["domain"], auth0.url());
    assert_eq!(config["issuer"], format!("{}/", auth0.url()));
    assert_eq!(config["audience"], API);
    assert_eq!((&config["connection_id"], &config["connection_promoted"]), (&json!("con_default"), &json!(true)));

    let state_after = auth0.state();
    let api = &state_after["resource_servers"][1];
    let scopes: Vec<&Value> = api["scopes"].as_array().unwrap().iter().map(|scope| &scope["value"]).collect();
    assert_eq!(scopes, ["cnpg:read", "cnpg:write", "cnpg:destroy"]);
    assert_eq!(
        (&api["identifier"], &api["signing_alg"], &api["allow_offline_access"]),
        (&json!(API), &json!("RS256"), &json!(true))
    );

    let server = client(&auth0, &config["server_client"]["client_id"]);
    assert_eq!(server["callbacks"], json!(["https://mcp.example.com/auth/callback"]));
    assert_eq!(server["client_secret"], config["server_client"]["client_secret"]);
    let test = client(&auth0, &config["test_client"]["client_id"]);
    assert_eq!((&test["app_type"], &test["token_endpoint_auth_method"]), (&json!("native"), &json!("none")));
    assert!(test["grant_types"].as_array().unwrap().contains(&json!("urn:ietf:params:oauth:grant-type:device_code")));
    let loopback = |callback: &Value| callback.as_str().unwrap().starts_with("http://127.0.0.1:");
    assert!(test["callbacks"].as_array().unwrap().iter().any(loopback), "{test}");
    assert_eq!(config["test_client"], json!({ "client_id": test["client_id"] }));
    let connections = state_after["connections"].as_array().unwrap();
    let connection = connections.iter().find(|connection| connection["id"] == "con_default").unwrap();
    assert_eq!(connection["is_domain_connection"], true);
    assert_eq!(connection["display_name"], "Company login");
    assert_eq!(connection["clients"], json!([server["client_id"], test["client_id"]]));
    let grant = &state_after["client_grants"][0];
    assert_eq!(grant["client_id"], config["management_api"]["client_id"]);
    let granted = grant["scope"].as_array().unwrap();
    assert!(!granted.iter().any(|scope| scope.as_str().unwrap().starts_with("create:")), "{grant}");

    let values = values(&folder);
    assert_eq!(
        values,
        json!({
            "image": { "repository": "registry.example.com/databases/cnpg-mcp", "pullPolicy": "Always", "tag": "main-294a09f" },
            "replicaCount": 1,
            "oidc": { "issuer": format!("{}/", auth0.url()), "audience": API, "clientId": server["client_id"] },
            "service": { "type": "ClusterIP", "port": 4204 },
            "ingress": { "enabled": true, "className": "nginx", "host": "mcp.example.com", "tls": { "enabled": true } },
            "testSidecar": { "enabled": true },
        })
    );

    let (state_before, files_before) = (state(&auth0), files(&auth0, &folder));
    for step in [&first(&auth0)[..], &["auth0"], &["auth0", "--dry-run"]] {
        auth0.forget_requests();
        let said = folder.run_beside(step).await.done();
        says_no_secret(&said);
        assert!(!said.lines().any(|line| line.starts_with("changed") || line.starts_with("made")), "{said}");
        assert_eq!(writes(&auth0), [""; 0], "{said}");
        assert_eq!(state(&auth0), state_before);
        assert_eq!(files(&auth0, &folder), files_before);
    }
}

#[tokio::test]
async fn a_dry_run_says_all_and_does_nothing() {
    let (auth0, folder) = begin().await;
    let before = state(&auth0);
    let step = [&first(&auth0)[..], &["--dry-run"]].concat();
    let said = folder.run_beside(&step).await.done();
    for part in [
        "API `https://mcp",
        "server client",
        "test client",
        "management client",
        "grant of",
        "`auth0-config.json`",
        "`auth0-values.yaml`",
    ] {
        assert!(said.lines().any(|line| line.starts_with("would make") && line.contains(part)), "{part}: {said}");
    }
    assert!(said.contains("would change connection"), "{said}");
    assert_eq!(state(&auth0), before);
    assert_eq!(folder.files(), [("make.env".to_owned(), MAKE_ENV.to_owned())]);
}

#[tokio::test]
async fn later_runs_go_by_the_management_client_and_mend_what_was_changed() {
    let (auth0, folder) = begin().await;
    folder.run_beside(&first(&auth0)).await.done();
    let before = auth0.state();
    let folder = folder.with("AUTH0_MGMT_TOKEN", "");
    auth0.change("clients", |clients| {
        let server = clients.iter_mut().find(|client| client["app_type"] == "regular_web").unwrap();
        server["callbacks"] = json!(["https://by-hand.example/callback"]);
    });
    auth0.change("connections", |connections| connections.last_mut().unwrap()["is_domain_connection"] = json!(false));
    let said = folder.run_beside(&["auth0"]).await.done();
    assert!(said.contains("(callbacks)"), "{said}");
    let id = config(&folder)["server_client"]["client_id"].clone();
    assert_eq!(
        client(&auth0, &id)["callbacks"],
        json!(["https://by-hand.example/callback", "https://mcp.example.com/auth/callback"])
    );
    assert_eq!(auth0.state()["connections"], before["connections"]);

    // Another address: the callback of the earlier one goes, what was added by hand stays.
    folder.run_beside(&["auth0", "--public-url", "https://db.example.com:8443"]).await.done();
    assert_eq!(
        client(&auth0, &id)["callbacks"],
        json!(["https://by-hand.example/callback", "https://db.example.com:8443/auth/callback"])
    );
    let values = values(&folder);
    assert_eq!(
        (&values["ingress"]["host"], &values["publicUrl"]),
        (&json!("db.example.com"), &json!("https://db.example.com:8443"))
    );

    // A client that is gone needs more than the management client may.
    auth0.change("clients", |clients| clients.retain(|client| client["app_type"] != "native"));
    let said = folder.run_beside(&["auth0"]).await.refused();
    assert!(said.contains("create:clients"), "{said}");
    let folder = folder.with("AUTH0_MGMT_TOKEN", auth0.token());
    let said = folder.run_beside(&["auth0"]).await.done();
    assert!(said.contains("made         test client"), "{said}");
}

#[tokio::test]
async fn new_secrets_are_made_when_asked_for_and_kept_otherwise() {
    let (auth0, folder) = begin().await;
    folder.run_beside(&first(&auth0)).await.done();
    let before = config(&folder);
    let folder = folder.with("AUTH0_MGMT_TOKEN", "");
    let said = folder.run_beside(&["auth0", "--recreate-client"]).await.done();
    says_no_secret(&said);
    let after = config(&folder);
    for key in ["server_client", "management_api"] {
        assert_eq!(before[key]["client_id"], after[key]["client_id"]);
        assert_ne!(before[key]["client_secret"], after[key]["client_secret"]);
        assert_eq!(client(&auth0, &after[key]["client_id"])["client_secret"], after[key]["client_secret"]);
    }
    folder.run_beside(&["auth0"]).await.done();
    assert_eq!(config(&folder), after);
    // A secret that was made elsewhere is noticed by who may see it.
    auth0.change("clients", |clients| {
        clients.iter_mut().find(|client| client["app_type"] == "regular_web").unwrap()["client_secret"] =
            json!("auth0-0-elsewhere");
    });
    let folder = folder.with("AUTH0_MGMT_TOKEN", auth0.token());
    folder.run_beside(&["auth0"]).await.done();
    assert_eq!(config(&folder)["server_client"]["client_secret"], "auth0-0-elsewhere");
}

#[tokio::test]
async fn a_file_of_the_original_is_taken_over() {
    let (auth0, folder) = begin().await;
    auth0.change("clients", |clients| {
        for (id, secret) in [("their-management", "auth0-0-m"), ("their-server", "auth0-0-s"), ("their-test", "")] {
            clients.push(json!({ "client_id": id, "client_secret": secret, "name": id, "callbacks": [] }));
        }
    });
    folder.write(
        "auth0-config.json",
        &json!({
            "domain": auth0.url(), "issuer": auth0.url(), "audience": API, "connection_id": "con_default",
            "connection_promoted": true, "note": "by hand",
            "management_api": { "client_id": "their-management", "client_secret": "auth0-0-m" },
            "server_client": { "client_id": "their-server", "client_secret": "auth0-0-s" },
            "test_client": { "client_id": "their-test" },
        })
        .to_string(),
    );
    folder.write(
        "auth0-values.yaml",
        "testSidecar: { enabled: false, repository: wateim/cnpg-mcp-test-server, tag: old }\nreplicaCount: 2\n",
    );
    let said = folder.run_beside(&["auth0"]).await.done();
    assert!(!said.lines().any(|line| line.starts_with("made") && line.contains("client `")), "{said}");
    let config = config(&folder);
    assert_eq!(config["server_client"], json!({ "client_id": "their-server", "client_secret": "auth0-0-s" }));
    assert_eq!((&config["issuer"], &config["note"]), (&json!(format!("{}/", auth0.url())), &json!("by hand")));
    assert_eq!(client(&auth0, &json!("their-server"))["callbacks"], json!(["https://mcp.example.com/auth/callback"]));
    assert_eq!(folder.mode("auth0-config.json"), 0o600);
    let values = values(&folder);
    assert_eq!((&values["testSidecar"], &values["replicaCount"]), (&json!({ "enabled": false }), &json!(2)));
}

#[tokio::test]
async fn without_auth0_the_values_are_made_from_the_files() {
    let (auth0, folder) = begin().await;
    folder.run_beside(&first(&auth0)).await.done();
    drop(auth0);
    let folder = folder.with("AUTH0_MGMT_TOKEN", "");
    folder.write("make.env", &MAKE_ENV.replace("main-294a09f", "v1.2.0"));
    let text = folder.read("auth0-values.yaml").replace("enabled: true\n", "enabled: false\n") + "toolsets: [all]\n";
    folder.write("auth0-values.yaml", &text);
    let said = folder.run_beside(&["auth0"]).await.done();
    assert!(said.contains("nothing was asked of Auth0") && said.contains("cannot be reached"), "{said}");
    let values = values(&folder);
    assert_eq!((&values["image"]["tag"], &values["image"]["pullPolicy"]), (&json!("v1.2.0"), &json!("IfNotPresent")));
    assert_eq!((&values["testSidecar"]["enabled"], &values["toolsets"]), (&json!(false), &json!(["all"])));
    let said = folder.run_beside(&["auth0", "--recreate-client"]).await.refused();
    assert!(said.contains("AUTH0_MGMT_TOKEN"), "{said}");
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_before_anything_is_made() {
    let (auth0, folder) = begin().await;
    let bare = Folder::new();
    let said = bare.run_beside(&first(&auth0)).await.refused();
    assert!(said.contains("run `cnpg-mcp setup init` first"), "{said}");
    let said = folder.run_beside(&["auth0"]).await.refused();
    assert!(said.contains("pass --domain"), "{said}");
    let said = folder.run_beside(&["auth0", "--domain", auth0.url()]).await.refused();
    assert!(said.contains("pass --api-identifier"), "{said}");
    let said = folder.run_beside(&["auth0", "--domain", auth0.url(), "--api-identifier", "urn:x"]).await.refused();
    assert!(said.contains("--public-url"), "{said}");
    let said = crate::tenant::folder().run_beside(&first(&auth0)).await.refused();
    assert!(said.contains("pass a token"), "{said}");
    let wrong = crate::tenant::folder().with("AUTH0_MGMT_TOKEN", "mgmt-token-nobody's");
    let said = wrong.run_beside(&first(&auth0)).await.refused();
    assert!(said.contains("does not take the token"), "{said}");
    says_no_secret(&said);
    assert_eq!(writes(&auth0), [""; 0]);
    folder.run_beside(&first(&auth0)).await.done();
    let said = folder.run_beside(&["auth0", "--api-identifier", "https://other.example/mcp"]).await.refused();
    assert!(said.contains("is of another audience"), "{said}");
    folder.write("auth0-config.json", "{ \"server_client\": { \"client_secret\": \"auth0-0-broken");
    let said = folder.run_beside(&["auth0"]).await.refused();
    assert!(said.contains("it is no JSON"), "{said}");
    says_no_secret(&said);
}

#[tokio::test]
async fn a_token_that_may_not_do_all_gets_as_far_as_it_can() {
    let (whole, straight) = begin().await;
    straight.run_beside(&first(&whole)).await.done();
    for scope in ["create:resource_servers", "create:clients", "update:connections", "create:client_grants"] {
        let (auth0, folder) = begin().await;
        let scopes: Vec<&str> = ALL_SCOPES.iter().copied().filter(|one| *one != scope).collect();
        let folder = folder.with("AUTH0_MGMT_TOKEN", auth0.token_with(&scopes));
        let said = folder.run_beside(&first(&auth0)).await.refused();
        assert!(said.contains(&format!("lacks a scope ({scope})")), "{said}");
        assert!(said.contains("goes on from there"), "{said}");
        let folder = folder.with("AUTH0_MGMT_TOKEN", auth0.token());
        folder.run_beside(&["auth0"]).await.done();
        assert_eq!(state(&auth0), state(&whole));
        assert_eq!(files(&auth0, &folder), files(&whole, &straight));
    }
}

#[tokio::test]
async fn faults_and_rate_limits_of_auth0_are_waited_out() {
    let (auth0, folder) = begin().await;
    auth0.fail_next(2, 503);
    auth0.limit(Some(9));
    let said = folder.run_beside(&first(&auth0)).await.done();
    assert!(auth0.refused() > 0 && said.contains("rate limit is reached"), "{said}");
    let state = auth0.state();
    let ours = |list: &str, field: &str| {
        state[list].as_array().unwrap().iter().filter(|one| one[field].is_object() || one[field] == API).count()
    };
    assert_eq!((ours("clients", "client_metadata"), ours("resource_servers", "identifier")), (3, 1));
}

#[tokio::test]
async fn of_two_clients_with_the_marks_none_is_taken() {
    let (auth0, folder) = begin().await;
    folder.run_beside(&first(&auth0)).await.done();
    auth0.change("clients", |clients| {
        let mut twin = clients.iter().find(|client| client["app_type"] == "native").unwrap().clone();
        twin["client_id"] = json!("twin");
        clients.push(twin);
    });
    // With the file it is clear which one is meant.
    folder.run_beside(&["auth0"]).await.done();
    let other = crate::tenant::folder().with("AUTH0_MGMT_TOKEN", auth0.token());
    let said = other.run_beside(&first(&auth0)).await.refused();
    assert!(said.contains("several clients") && said.contains("twin"), "{said}");
}

#[tokio::test]
async fn in_a_tenant_of_thousands_what_was_made_is_found_again() {
    let auth0 = Auth0::start().await.unwrap();
    auth0.crowd(2345, 1100);
    let folder = folder().with("AUTH0_MGMT_TOKEN", auth0.token());
    folder.run_beside(&first(&auth0)).await.done();
    let (before, files_before) = (state(&auth0), files(&auth0, &folder));
    // Without the file nothing is known of the clients but their marks, and they were made last.
    for lost in [true, false] {
        if lost {
            std::fs::remove_file(folder.path("auth0-config.json")).unwrap();
        }
        auth0.forget_requests();
        folder.run_beside(&first(&auth0)).await.done();
        assert_eq!(writes(&auth0), [""; 0]);
        assert_eq!((state(&auth0), files(&auth0, &folder)), (before.clone(), files_before.clone()));
    }
}

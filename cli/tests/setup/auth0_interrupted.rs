//! `setup auth0`, killed while it waits for an answer: after each of its requests once.

use std::process::Stdio;
use std::time::Duration;

use cnpg_mcp_auth0::Auth0;

use crate::folder::Folder;
use crate::tenant::{files, first, folder, state};

/// Starts a step, and kills it once a request is held. Whether it was killed.
async fn killed(auth0: &Auth0, folder: &Folder, step: &[&str]) -> bool {
    let mut child = folder.command(step).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
        if tokio::time::timeout(Duration::from_millis(20), auth0.held()).await.is_ok() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
    }
}

#[tokio::test]
async fn what_was_broken_off_anywhere_is_completed_by_the_next_run() {
    completed(120, 12).await;
}

/// Numbered pages end before the clients do that were made last.
#[tokio::test]
async fn among_more_than_a_thousand_clients_too() {
    completed(1205, 25).await;
}

/// Breaks a run off after each of its requests, among so many clients of others; there are at least so many requests.
async fn completed(clients: usize, least: usize) {
    let straight = Auth0::start().await.unwrap();
    straight.crowd(clients, 3);
    let whole = folder().with("AUTH0_MGMT_TOKEN", straight.token());
    whole.run_beside(&first(&straight)).await.done();
    let (expected, expected_files) = (state(&straight), files(&straight, &whole));

    let mut times = 0;
    for requests in 1.. {
        let auth0 = Auth0::start().await.unwrap();
        auth0.crowd(clients, 3);
        let folder = folder().with("AUTH0_MGMT_TOKEN", auth0.token());
        auth0.hold_after(requests);
        if !killed(&auth0, &folder, &first(&auth0)).await {
            break;
        }
        auth0.release();
        times += 1;
        folder.run_beside(&first(&auth0)).await.done();
        assert_eq!(state(&auth0), expected, "after {requests} requests");
        assert_eq!(files(&auth0, &folder), expected_files, "after {requests} requests");
    }
    assert!(times >= least, "{times}");
}

#[tokio::test]
async fn new_secrets_that_were_broken_off_come_with_the_next_run() {
    for requests in 1.. {
        let auth0 = Auth0::start().await.unwrap();
        let folder = folder().with("AUTH0_MGMT_TOKEN", auth0.token());
        folder.run_beside(&first(&auth0)).await.done();
        auth0.hold_after(requests);
        let step = ["auth0", "--recreate-client"];
        if !killed(&auth0, &folder, &step).await {
            break;
        }
        auth0.release();
        folder.run_beside(&step).await.done();
        let config: serde_json::Value = serde_json::from_str(&folder.read("auth0-config.json")).unwrap();
        let state = auth0.state();
        for key in ["server_client", "management_api"] {
            let same = |client: &&serde_json::Value| client["client_id"] == config[key]["client_id"];
            let client = state["clients"].as_array().unwrap().iter().find(same).unwrap();
            assert_eq!(client["client_secret"], config[key]["client_secret"], "{key} after {requests} requests");
        }
    }
}

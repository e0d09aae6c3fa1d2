//! `setup doctor`: name, port, certificate and clock of what is reached over the internet.

use crate::doctor::{finds, set_up};
use crate::front::{Certificate, Front};
use crate::world::World;

/// What the doctor says of a public address, where an authority is trusted.
async fn seen(world: &World, public_url: &str, authority: &str) -> String {
    let values = world.folder.read("auth0-values.yaml").replace(&world.public_url, public_url);
    world.folder.write("other-values.yaml", &values);
    world.folder.write("authority.pem", authority);
    let mut command = world.folder.command(&["doctor", "--values", "other-values.yaml"]);
    command.env("SSL_CERT_FILE", "authority.pem");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.success(), text.contains(" 0 failures"), "{text}");
    text
}

#[tokio::test]
async fn a_certificate_is_good_or_what_is_wrong_with_it_is_said() {
    let world = set_up().await;
    let other = Front::tls(Certificate::Good).await;
    for (certificate, word, what, next) in [
        (Certificate::Good, "ok", "is this server, over TLS", ""),
        (Certificate::OfOtherNames, "failure", "its certificate is of other names: `other.example`", "of this name"),
        (Certificate::Expired, "failure", "its certificate has expired (2024-02-29T00:00:00Z)", "renew it"),
        (Certificate::NotGoodYet, "failure", "its certificate is not good yet (2999-01-01T00:00:00Z)", "set the clock"),
    ] {
        let front = Front::tls(certificate).await;
        let said = seen(&world, &front.url, &front.authority).await;
        finds(&said, word, &["public URL", what]);
        assert!(said.contains(next), "{said}");
        assert_eq!(said.contains("public URL: `localhost` is "), certificate == Certificate::Good, "{said}");
    }
    let front = Front::tls(Certificate::Good).await;
    let said = seen(&world, &front.url, &other.authority).await;
    finds(&said, "failure", &["public URL", "signed by an authority that is not known here"]);
    assert!(said.contains("→ clients will refuse it too"), "{said}");
}

#[tokio::test]
async fn names_ports_and_what_speaks_no_tls_are_told_apart() {
    let world = set_up().await;
    let front = Front::tls(Certificate::Good).await;
    let said = seen(&world, "https://no-such-name.invalid", &front.authority).await;
    finds(&said, "failure", &["public URL", "the name `no-such-name.invalid` is not known"]);
    assert!(said.contains("→ make a DNS record"), "{said}");

    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = seen(&world, &format!("https://localhost:{free}"), &front.authority).await;
    finds(&said, "failure", &["public URL", "the connection is refused"]);
    assert!(said.contains("→ check the port of publicUrl"), "{said}");

    let plain = world.public_url.replace("http://127.0.0.1", "https://localhost");
    let said = seen(&world, &plain, &front.authority).await;
    finds(&said, "failure", &["public URL", "speaks no TLS, probably plain HTTP"]);
    assert!(said.contains("→ turn TLS on where it ends"), "{said}");

    let said = seen(&world, "http://mcp.example.com", &front.authority).await;
    finds(&said, "failure", &["configuration", "`http://mcp.example.com` is not encrypted"]);
}

#[tokio::test]
async fn what_stands_before_the_provider_is_said_too() {
    let world = set_up().await;
    let front = Front::tls(Certificate::Good).await;
    let values = world.folder.read("auth0-values.yaml");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (issuer, authority, what, next) in [
        ("https://no-such-name.invalid".to_owned(), &front.authority, "is not known", "check the issuer, and DNS"),
        (format!("https://localhost:{free}"), &front.authority, "is refused", "check the issuer, and the network"),
        (
            front.url.clone(),
            &Front::tls(Certificate::Good).await.authority,
            "an authority that is not known here",
            "SSL_CERT_FILE",
        ),
        // It answers, and is no provider.
        (front.url.clone(), &front.authority, "has no .well-known/openid-configuration", "check the issuer"),
    ] {
        world.folder.write("auth0-values.yaml", &values.replace(world.auth0.url(), &issuer));
        let said = seen(&world, &world.public_url, authority).await;
        finds(&said, "failure", &["provider:", what]);
        assert!(said.contains(next), "{said}");
    }
}

#[tokio::test]
async fn clocks_are_judged_by_what_the_server_allows() {
    let world = set_up().await;
    // Seconds of the provider and of the server, and what is found. One second is the least that an answer tells.
    for (provider, server, word, what) in [
        (0, 0, "ok", "that of the identity provider agrees with that of the server"),
        (4, 0, "ok", "that of the identity provider agrees with that of the server"),
        (8, 0, "warning", "that of the identity provider is 8 s ahead of that of the server"),
        (-8, 0, "warning", "that of the identity provider is 8 s behind that of the server"),
        (33, 0, "failure", "ahead of that of the server; above 30 s the server refuses the provider's tokens"),
        // This machine's clock is off: between the two that matter there is nothing.
        (100, 100, "ok", "that of the identity provider agrees with that of the server"),
        (100, 100, "warning", "that of this machine is 100 s behind that of the server"),
        (100, 100, "warning", "that of Kubernetes is 100 s behind that of the server"),
        (0, -40, "failure", "that of the identity provider is 40 s ahead of that of the server"),
    ] {
        world.auth0.set_clock(provider);
        world.front.set_clock(server);
        let said = seen(&world, &world.public_url, &Front::tls(Certificate::Good).await.authority).await;
        // An answer that comes in another second than it was made in makes it one less.
        let less = what.split(' ').map(|word| word.parse().map_or(word.to_owned(), |n: i64| (n - 1).to_string()));
        let less: Vec<String> = less.collect();
        let found = |what: &str| said.lines().any(|line| line.starts_with(word) && line.contains(what));
        assert!(found(what) || found(&less.join(" ")), "no `{word}` with {what}:\n{said}");
    }
}

#[tokio::test]
async fn without_an_answer_of_the_server_this_machines_clock_stands_in() {
    let world = set_up().await;
    world.auth0.set_clock(-45);
    let said = seen(&world, "https://no-such-name.invalid", &Front::tls(Certificate::Good).await.authority).await;
    finds(&said, "failure", &["clock: that of the identity provider", "behind that of this machine"]);
}

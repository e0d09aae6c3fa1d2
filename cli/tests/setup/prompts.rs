//! What people are asked at a terminal: what cannot be found, and nothing else.

use cnpg_mcp_auth0::Auth0;

use crate::folder::Folder;
use crate::tenant::{API, MAKE_ENV, first, folder, says_no_secret};
use crate::terminal::Terminal;

/// What a terminal sends for Ctrl-D at the beginning of a line.
const END: &str = "\u{4}";
/// Ctrl-C.
const INTERRUPT: &str = "\u{3}";

/// Sits at a terminal while servers run on this thread's runtime.
async fn at_a_terminal<T: Send + 'static>(
    folder: &Folder,
    step: &[&str],
    person: impl FnOnce(Terminal) -> T + Send + 'static,
) -> T {
    let command = folder.command(step);
    tokio::task::spawn_blocking(move || person(Terminal::start(&command))).await.unwrap()
}

#[tokio::test]
async fn init_asks_for_what_it_cannot_find_until_the_answer_fits() {
    let folder = Folder::new();
    let (done, shown) = at_a_terminal(&folder, &["init"], |mut terminal| {
        terminal.sees("REGISTRY (a registry with its path, such as registry.example.com/databases): ");
        terminal.types("https://registry.example.com\n");
        terminal.sees("`https://registry.example.com` is no REGISTRY value");
        terminal.sees("REGISTRY (");
        terminal.types("\n");
        terminal.sees("REGISTRY (");
        terminal.types("registry.example.com/databases\n");
        // This is no working copy of git.
        terminal.sees("TAG (");
        terminal.types("  v1.2.0  \n");
        terminal.end()
    })
    .await;
    assert!(done, "{shown}");
    assert!(!shown.contains("IMAGE_NAME (") && !shown.contains("PLATFORM ("), "{shown}");
    let text = "REGISTRY=registry.example.com/databases\nIMAGE_NAME=cnpg-mcp\nTAG=v1.2.0\nPLATFORM=linux/amd64\n";
    assert_eq!(folder.read("make.env"), text);

    // The registry is known now, and the tag is said.
    let (done, shown) = at_a_terminal(&folder, &["init", "--tag", "v1.3.0"], Terminal::end).await;
    assert!(done && !shown.contains("): "), "{shown}");
    assert_eq!(folder.read("make.env"), text.replace("v1.2.0", "v1.3.0"));
}

#[tokio::test]
async fn auth0_asks_for_tenant_api_and_a_token_that_is_not_shown() {
    let auth0 = Auth0::start().await.unwrap();
    let folder = folder();
    let (url, token) = (auth0.url().to_owned(), auth0.token());
    let typed = token.clone();
    let (done, shown) = at_a_terminal(&folder, &["auth0"], move |mut terminal| {
        terminal.sees("Domain of the tenant, such as example.eu.auth0.com: ");
        terminal.types("http://example.eu.auth0.com\n");
        terminal.sees("the domain `http://example.eu.auth0.com` is not encrypted");
        terminal.sees("Domain of the tenant");
        terminal.types(&format!("{url}\n"));
        terminal.sees("Identifier of the API, such as https://mcp.example.com/mcp: ");
        terminal.types(&format!("{API}\n"));
        terminal.sees("Token of the Management API");
        terminal.sees(": ");
        terminal.hides();
        terminal.types(&format!("{typed}\n"));
        terminal.sees("made         API");
        terminal.end()
    })
    .await;
    assert!(done, "{shown}");
    // What else is typed is shown, so this terminal would show it.
    assert!(shown.contains(API) && !shown.contains(&token), "{shown}");
    says_no_secret(&shown);

    // The file knows all, the management client included.
    auth0.forget_requests();
    let (done, shown) = at_a_terminal(&folder, &["auth0"], Terminal::end).await;
    assert!(done && !shown.contains("such as") && !shown.contains("Token of"), "{shown}");
    assert!(auth0.requests().contains(&"POST /oauth/token".to_owned()));
}

#[tokio::test]
async fn a_token_that_is_said_is_not_asked_for() {
    let auth0 = Auth0::start().await.unwrap();
    let folder = folder().with("AUTH0_MGMT_TOKEN", auth0.token());
    let (done, shown) = at_a_terminal(&folder, &first(&auth0), Terminal::end).await;
    assert!(done && !shown.contains("Token of"), "{shown}");
}

#[tokio::test]
async fn the_end_of_the_input_is_an_error_that_names_the_flag() {
    let auth0 = Auth0::start().await.unwrap();
    let bare = Folder::new();
    let tagged = ["init", "--registry", "registry.example.com"];
    let known = first(&auth0);
    let steps: [(&[&str], bool, &str, &str); 5] = [
        (&["init"], false, "REGISTRY (", "pass --registry"),
        (&tagged, false, "TAG (", "pass --tag"),
        (&["auth0"], true, "Domain of the tenant", "pass --domain TENANT.auth0.com"),
        (&["auth0", "--domain", auth0.url()], true, "Identifier of the API", "pass --api-identifier https://HOST/mcp"),
        (&known, true, "Token of the Management API", "pass --token or AUTH0_MGMT_TOKEN"),
    ];
    for (step, with_image, question, flag) in steps {
        let folder = if with_image { folder() } else { Folder::new() };
        let asked = question.to_owned();
        let (done, shown) = at_a_terminal(&folder, step, move |mut terminal| {
            terminal.sees(&asked);
            terminal.sees(": ");
            if asked.starts_with("Token") {
                terminal.hides();
            }
            terminal.types(END);
            terminal.end()
        })
        .await;
        assert!(!done, "{shown}");
        assert!(shown.contains("the input has ended without an answer") && shown.contains(flag), "{shown}");
        let files = folder.files();
        assert!(files.is_empty() || files == [("make.env".to_owned(), MAKE_ENV.to_owned())], "{files:?}");
    }
    assert!(bare.files().is_empty());
    assert_eq!(auth0.requests(), [""; 0]);
}

#[tokio::test]
async fn an_empty_token_and_an_interrupt_do_nothing() {
    let auth0 = Auth0::start().await.unwrap();
    for (keys, what) in [("\n", "nothing was typed; pass --token or AUTH0_MGMT_TOKEN"), (INTERRUPT, "")] {
        let folder = folder();
        let (done, shown) = at_a_terminal(&folder, &first(&auth0), move |mut terminal| {
            terminal.sees("Token of the Management API");
            terminal.sees(": ");
            terminal.hides();
            terminal.types(keys);
            terminal.end()
        })
        .await;
        assert!(!done && shown.contains(what), "{shown}");
    }
    assert_eq!(auth0.requests(), [""; 0]);
}

#[test]
fn a_token_on_standard_input_is_one_line_and_must_be_there() {
    let folder = folder();
    let step = ["auth0", "--domain", "example.eu.auth0.com", "--api-identifier", API, "--token", "-"];
    let said = folder.run(&step).refused();
    assert!(said.contains("nothing was on standard input, where the token should be"), "{said}");
}
